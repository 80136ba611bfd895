"""Taking a former name out of where it still stands once a new one is on a person's certificates."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import list_addresses_of
from laurel.credentials.models import BulkRow, Credential, CredentialVersion, NameChange, RenamedCredential
from laurel.credentials.rules.bulk import UNDONE
from laurel.credentials.rules.former_names import without_name
from laurel.credentials.rules.name_changes import NameChangeState
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.old_links import withdraw_links
from laurel.credentials.services.visibility import change_visibility

SETTLED = (NameChangeState.APPLIED, NameChangeState.REVERSED)


def close_ended(session: Session, person: User, *, name: str, now: datetime) -> set[str]:
    """Certificates that nobody can sign anew are private from now on, and no link shows them. The names that stay on them."""
    others = select(Credential).where(Credential.holder_id == person.id, Credential.holder_name != name).order_by(Credential.id)
    left = list(session.scalars(others))
    close_certificates(session, person, left, now=now)
    return {credential.holder_name for credential in left}


def bring_back_named(session: Session, person: User, *, name: str) -> None:
    """What had ended under the name that is the person's again bears no former one. It stays private until its holder says otherwise."""
    ended = update(Credential).where(Credential.holder_id == person.id, Credential.holder_name == name)
    session.execute(ended.values(former_name_since=None))


def close_certificates(session: Session, person: User, left: Collection[Credential], *, now: datetime) -> None:
    """What nobody can sign anew bears a name that is none of the person's any more: nobody sees it but them."""
    for credential in left:
        change_visibility(session, person.id, credential.id, wanted=Visibility.PRIVATE, now=now)
        credential.former_name_since = credential.former_name_since or now
    withdraw_links(session, [credential.id for credential in left], now=now)


def as_it_was(change: NameChange, credential: Credential, *, former_name: str) -> RenamedCredential:
    """What taking the change back needs of a certificate that it corrects."""
    return RenamedCredential(
        change_id=change.id,
        credential_id=credential.id,
        former_name=former_name,
        former_code=credential.address_code,
        former_closed_at=credential.old_links_closed_at,
    )


def bring_back_ended(session: Session, person: User, *, since: datetime | None) -> None:
    """The name on certificates that ended before a change is no former one any more: the change was taken back."""
    ended = update(Credential).where(Credential.holder_id == person.id, Credential.former_name_since == since)
    session.execute(ended.values(former_name_since=None))


def hide_in_notes(session: Session, person: User, *, formerly: set[str], name: str) -> None:
    """What staff wrote about a person's certificates and wishes names no former name any more."""

    def hidden(text: str) -> str:
        for former in formerly:
            text = without_name(text, former, present=name)
        return text

    has_note = or_(Credential.revocation_note != "", Credential.hold_note != "")
    for credential in session.scalars(select(Credential).where(Credential.holder_id == person.id, has_note)):
        credential.revocation_note, credential.hold_note = hidden(credential.revocation_note), hidden(credential.hold_note)
    mine = select(Credential.id).where(Credential.holder_id == person.id)
    notes = select(CredentialVersion.id, CredentialVersion.note).where(
        CredentialVersion.credential_id.in_(mine), CredentialVersion.note != ""
    )
    for version_id, note in session.execute(notes).all():
        if hidden(note) != note:
            session.execute(update(CredentialVersion).where(CredentialVersion.id == version_id).values(note=hidden(note)))
    for change in session.scalars(select(NameChange).where(NameChange.person_id == person.id, NameChange.refusal != "")):
        change.refusal = hidden(change.refusal)
    session.flush()


def rename_bulk_rows(session: Session, person: User, *, formerly: set[str], name: str) -> None:
    """What a bulk job still has to do, it does with the new name; what is over keeps no name."""
    mine = select(Credential.id).where(Credential.holder_id == person.id)
    theirs = or_(BulkRow.credential_id.in_(mine), BulkRow.email.in_(list_addresses_of(session, person)))
    about = update(BulkRow).where(theirs, BulkRow.name.in_(formerly - {name}))
    waiting = BulkRow.state.in_(UNDONE)
    session.execute(about.where(waiting).values(name=name).execution_options(synchronize_session=False))
    session.execute(about.where(~waiting).values(name="").execution_options(synchronize_session=False))


def forget_earlier_changes(session: Session, person_id: UUID, change_id: UUID) -> None:
    """What an earlier change led to is a former name now."""
    earlier = update(NameChange).where(NameChange.person_id == person_id, NameChange.id != change_id, NameChange.state.in_(SETTLED))
    session.execute(earlier.values(new_name="", words="").execution_options(synchronize_session=False))
