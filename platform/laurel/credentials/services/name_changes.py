"""A person's new name comes onto all their valid certificates at once; those that have ended become private.

Asking and deciding only write down what is wanted; the worker signs. So a missing key delays a change and loses nothing.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import lock_user
from laurel.accounts.services import rename, rename_on_certificates
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.credentials.events import (
    NameChangeApplied,
    NameChangeApproved,
    NameChangeAsked,
    NameChangeRefused,
    NameChangeReversed,
    NameChangeWithdrawn,
    NameReversalAsked,
)
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import Credential, NameChange
from laurel.credentials.queries import lock_all_of, names
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.name_changes import REVERSIBLE, NameChangeState, check_wanted_name, is_small
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.forgetting import forget_documents
from laurel.credentials.services.former_names import (
    as_it_was,
    bring_back_ended,
    bring_back_named,
    close_certificates,
    close_ended,
    forget_earlier_changes,
    hide_in_notes,
    rename_bulk_rows,
)
from laurel.credentials.services.old_links import close_old_links

NOTE = "The holder’s name changed."
RESTORED = "The holder took a change of their name back."


class OpenChangeError(ConflictError):
    """One at a time."""

    message = "A change of your name is already under way. Wait for it, or withdraw it first."


def check_wish(session: Session, person: User, new_name: str, *, now: datetime) -> str:
    """The name as it would be signed, if the person may ask for it now; what is known before they look at their certificates.

    Raises InvalidInputError, for the name that they have, too; OpenChangeError while another change is under way.
    """
    name = check_wanted_name(new_name)
    if names.has_open_change(session, person.id):
        raise OpenChangeError
    if names.holds_certificate(session, person.id) and person.name_on_certificates == name:
        carried = {credential.holder_name for credential, _ in names.list_correctable(session, person.id, now=now)}
        if carried <= {name}:
            raise InvalidInputError("That is the name on your certificates already.", field="new_name")
    return name


def ask_for_name(
    session: Session,
    person_id: UUID,
    *,
    new_name: str,
    words: str,
    confirmed: Collection[UUID],
    now: datetime,
    lead_on: bool = False,
) -> NameChange | None:
    """Write down that the person wants this name on their certificates, each of which they have `confirmed`.

    `lead_on`: they choose that links and QR codes from before lead to the certificates with the new name.

    A slip of the pen is approved at once, the first time; anything else waits for staff. None: they hold no certificate yet, and it is
    simply the name that the first one will carry.
    Raises InvalidInputError for a name, or for a certificate that was not confirmed; OpenChangeError while another is under way.
    """
    person = lock_user(session, person_id)
    name = check_wish(session, person, new_name, now=now)
    if not names.holds_certificate(session, person_id):
        rename_on_certificates(session, person_id, name=name)
        return None
    credentials = [credential for credential, _ in names.list_correctable(session, person_id, now=now)]
    if {credential.id for credential in credentials} - set(confirmed):
        raise InvalidInputError("Look at each certificate and confirm it.", field="confirmed")
    change = NameChange(
        person_id=person_id,
        new_name=name,
        words=sanitize_text(words),
        state=NameChangeState.WAITING,
        is_automatic=_needs_no_staff(session, person, credentials, name),
        asked_at=now,
        old_links_lead_on=lead_on,
    )
    _add(session, change)
    publish(session, NameChangeAsked(occurred_at=now, change_id=change.id, person_id=person_id), actor_id=person_id)
    if change.is_automatic:
        _approve(session, change, actor_id=None, now=now)
    return change


def approve_name(session: Session, change_id: UUID, *, actor_id: UUID, now: datetime) -> NameChange:
    """Staff agree. Saying it twice changes nothing. Nobody decides about their own name: ForbiddenError."""
    change = names.lock_change(session, change_id)
    _check_decider(change, actor_id)
    if change.state not in {NameChangeState.APPROVED, NameChangeState.APPLIED}:
        _approve(session, change, actor_id=actor_id, now=now)
    return change


def refuse_name(session: Session, change_id: UUID, *, reason: str, actor_id: UUID, now: datetime) -> NameChange:
    """Staff do not agree, and say why: the person reads it."""
    change, words = names.lock_change(session, change_id), sanitize_text(reason)
    _check_decider(change, actor_id)
    if not words:
        raise InvalidInputError("Say why: the person reads it.", field="reason")
    change.advance(NameChangeState.REFUSED)
    change.refusal, change.decided_at, change.decided_by_id = words, now, actor_id
    session.flush()
    publish(session, NameChangeRefused(occurred_at=now, change_id=change.id, person_id=change.person_id), actor_id=actor_id)
    return change


def withdraw_name(session: Session, person_id: UUID, change_id: UUID, *, now: datetime) -> NameChange:
    """The person does not want it any more; possible until it is on the certificates."""
    change = names.lock_change_of(session, person_id, change_id)
    if change.state is NameChangeState.WITHDRAWN:
        return change
    change.advance(NameChangeState.WITHDRAWN)
    session.flush()
    publish(session, NameChangeWithdrawn(occurred_at=now, change_id=change.id, person_id=person_id), actor_id=person_id)
    return change


def ask_to_reverse(session: Session, person_id: UUID, change_id: UUID, *, now: datetime) -> NameChange:
    """The person wants their former name back; possible for seven days."""
    change = names.lock_change_of(session, person_id, change_id)
    if change.state is NameChangeState.REVERSING:
        return change
    if change.applied_at is not None and now >= change.applied_at + REVERSIBLE:
        raise ConflictError("The seven days are over, and it cannot be taken back any more. Ask for a change of name instead.")
    change.advance(NameChangeState.REVERSING)
    session.flush()
    publish(session, NameReversalAsked(occurred_at=now, change_id=change.id, person_id=person_id), actor_id=person_id)
    return change


def apply_name(session: Session, change_id: UUID, *, issuer: Issuer, keys: KeyVault, now: datetime) -> None:
    """Correct every certificate of the person in one go, those too that came since they asked. Told twice, it changes nothing."""
    change = names.lock_change(session, change_id)
    if change.state is not NameChangeState.APPROVED:
        return
    person = lock_user(session, change.person_id)
    lock_all_of(session, person.id)
    change.former_account_name, change.former_certificate_name = person.name, person.certificate_name
    formerly = {person.name_on_certificates}
    renamed = [credential for credential, _achievement in names.list_correctable(session, person.id, now=now)]
    for credential in renamed:
        formerly.add(credential.holder_name)
        session.add(as_it_was(change, credential, former_name=credential.holder_name))
        _correct(session, credential, change.new_name, NOTE, person.id, issuer=issuer, keys=keys, now=now)
    if not change.old_links_lead_on:
        close_old_links(session, [credential for credential in renamed if credential.current_n > 0], now=now)
    formerly |= close_ended(session, person, name=change.new_name, now=now)
    bring_back_named(session, person, name=change.new_name)
    hide_in_notes(session, person, formerly=formerly, name=change.new_name)
    rename_bulk_rows(session, person, formerly=formerly, name=change.new_name)
    forget_earlier_changes(session, person.id, change.id)
    account_name = change.new_name if person.name in formerly else person.name
    rename(session, person.id, name=account_name)
    rename_on_certificates(session, person.id, name=change.new_name)
    change.advance(NameChangeState.APPLIED)
    change.applied_at = now
    session.flush()
    publish(session, NameChangeApplied(occurred_at=now, change_id=change.id, person_id=person.id))


def reverse_name(session: Session, change_id: UUID, *, issuer: Issuer, keys: KeyVault, now: datetime) -> None:
    """Give every certificate its former name back, but for those that were revoked or expired since. Told twice, it changes nothing."""
    change = names.lock_change(session, change_id)
    if change.state is not NameChangeState.REVERSING:
        return
    person = lock_user(session, change.person_id)
    lock_all_of(session, person.id)
    account_name = person.name if person.name != change.new_name else change.former_account_name or person.name
    rename(session, person.id, name=account_name)
    rename_on_certificates(session, person.id, name=change.former_certificate_name)
    left = _restore(session, change, person, issuer=issuer, keys=keys, now=now)
    bring_back_ended(session, person, since=change.applied_at)
    close_certificates(session, person, left, now=now)
    mine = select(Credential.id).where(Credential.holder_id == person.id)
    forget_documents(session, mine, before=now, since=change.applied_at)  # the name that was taken back is nobody's business
    rename_bulk_rows(session, person, formerly={change.new_name}, name=person.name_on_certificates)
    change.former_account_name = change.former_certificate_name = None
    change.new_name = change.words = ""
    change.advance(NameChangeState.REVERSED)
    session.flush()
    publish(session, NameChangeReversed(occurred_at=now, change_id=change.id, person_id=person.id))


def _restore(session: Session, change: NameChange, person: User, *, issuer: Issuer, keys: KeyVault, now: datetime) -> list[Credential]:
    """Sign all without the name that is taken back, what was made since the change too. Returns those where nobody can any more."""
    for renamed, credential, version in names.list_renamed(session, change.id):
        has_ended = version is not None and version.valid_until is not None and now >= version.valid_until
        is_as_changed = credential.holder_name == change.new_name  # staff may have corrected it since
        if is_as_changed and renamed.former_name and credential.state is not CredentialState.REVOKED and not has_ended:
            _correct(session, credential, renamed.former_name, RESTORED, person.id, issuer=issuer, keys=keys, now=now)
            credential.address_code, credential.old_links_closed_at = renamed.former_code, renamed.former_closed_at
        renamed.former_name = None
    name = person.name_on_certificates
    if name == change.new_name:
        return []  # it is theirs all the same
    for credential, _achievement in names.list_correctable(session, person.id, now=now):
        if credential.holder_name == change.new_name:
            _correct(session, credential, name, RESTORED, person.id, issuer=issuer, keys=keys, now=now)
    return names.list_named(session, person.id, change.new_name)


def _check_decider(change: NameChange, actor_id: UUID) -> None:
    if change.person_id == actor_id:
        raise ForbiddenError("This is your own name. Somebody else has to decide about it.")


def _needs_no_staff(session: Session, person: User, credentials: list[Credential], name: str) -> bool:
    """Two letters at most on each, and never twice: small steps must not lead to another person."""
    is_slip = is_small(person.name_on_certificates, name) and all(is_small(credential.holder_name, name) for credential in credentials)
    return is_slip and not names.was_changed_unasked(session, person.id)


def _add(session: Session, change: NameChange) -> None:
    try:
        with session.begin_nested():
            session.add(change)
            session.flush()
    except IntegrityError:  # asked at this very moment in another tab
        raise OpenChangeError from None


def _approve(session: Session, change: NameChange, *, actor_id: UUID | None, now: datetime) -> None:
    change.advance(NameChangeState.APPROVED)
    change.decided_at, change.decided_by_id = now, actor_id
    session.flush()
    publish(session, NameChangeApproved(occurred_at=now, change_id=change.id, person_id=change.person_id), actor_id=actor_id)


def _correct(
    session: Session, credential: Credential, name: str, note: str, person_id: UUID, *, issuer: Issuer, keys: KeyVault, now: datetime
) -> None:
    """One mail tells of the change as a whole, so none tells of each certificate."""
    correct(
        session,
        credential.id,
        holder_name=name,
        reason=note,
        actor_id=person_id,
        issuer=issuer,
        keys=keys,
        now=now,
        tells_holder=False,
    )
