"""Making a certificate count again that was revoked by mistake: the same id and number, a new document with a place of its own on a
status list. What was revoked stays revoked: a bit that is set is never cleared (docs/decisions/0020)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.credentials import queries
from laurel.credentials.events import CredentialReinstated
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion, VersionCause
from laurel.credentials.queries import reinstating
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import whole_second
from laurel.credentials.rules.notes import check_note
from laurel.credentials.rules.reinstating import find_obstacle
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history
from laurel.credentials.services.correcting import withdraw_all
from laurel.credentials.services.forgetting import forget_documents
from laurel.credentials.services.former_names import as_it_was
from laurel.credentials.services.issuers import issuer_for, open_signatory
from laurel.credentials.services.issuing import end_of, gather, sign_version, what_it_certifies
from laurel.credentials.services.old_links import close_old_links
from laurel.credentials.services.status_lists import reserve_entry


class NotReinstatableError(ConflictError):
    """It cannot count again; the message says why."""


def why_not(session: Session, credential_id: UUID, *, now: datetime) -> str | None:
    """What stands against reinstating it, in a sentence; None if nothing does. Raises NotFoundError, or ErasedError."""
    found = queries.get_credential(session, credential_id)
    return find_obstacle(reinstating.describe(session, found.credential, found.version, now=now), now=now)


def reinstate(
    session: Session, credential_id: UUID, *, reason: str, actor_id: UUID | None, issuer: Issuer, keys: KeyVault, now: datetime
) -> Credential:
    """Sign it anew and let it count again, until it would have ended. One that was revoked before it was signed is signed now.

    The holder hears of it and reads the `reason`, as staff do. If their name was changed since, it carries the new one. Raises
    InvalidInputError without a reason, and NotReinstatableError with what stands against it. `issuer` is the house.
    """
    words = check_note(reason, field="reason")
    lock_user(session, queries.get_credential(session, credential_id).credential.holder_id)
    credential = queries.lock_credential(session, credential_id)
    last = queries.get_version(session, credential_id, credential.current_n) if credential.current_n else None
    obstacle = find_obstacle(reinstating.describe(session, credential, last, now=now), now=now)
    if obstacle is not None:
        raise NotReinstatableError(obstacle)
    version = _sign(session, credential, last, issuer=issuer, keys=keys, now=now)
    version.note, version.cause = words, VersionCause.REINSTATED
    session.add(version)
    former_reason = credential.revocation_reason or ""
    _forget_revocation(credential, version, now=now)
    session.flush()
    _write_down(session, credential, version, actor_id=actor_id, reason=former_reason, now=now)
    return credential


def _sign(
    session: Session, credential: Credential, last: CredentialVersion | None, *, issuer: Issuer, keys: KeyVault, now: datetime
) -> CredentialVersion:
    awarded = session.get_one(AchievementVersion, credential.achievement_version_id)
    achievement = awarded if last is not None else what_it_certifies(session, credential, now=now)
    must_forget = _carry_present_name(session, credential, now=now)
    ends_at = last.valid_until if last is not None else end_of(session, credential, achievement)
    history.hold_chain(session)
    withdraw_all(session, credential.id, now=now)
    if must_forget:
        session.flush()
        forget_documents(session, [credential.id], before=now)
    signatory = open_signatory(session, issuer_for(session, issuer, achievement.organization_id), keys, now=now)
    status_list, entry = reserve_entry(session, signatory, now=now)
    valid_from = whole_second(now) if last is not None else credential.awarded_at
    facts = gather(session, credential, achievement, status_list, entry, valid_from=valid_from, valid_until=ends_at)
    return sign_version(credential, facts, signatory, entry, now=now)


def _carry_present_name(session: Session, credential: Credential, *, now: datetime) -> bool:
    """If the one on it is a former one by now, put the person's present name on it. If that change can still be taken back, so can this;
    returns whether it cannot, and the words of what was signed must be forgotten at once."""
    since, masked_since = credential.revoked_at or now, credential.former_name_since
    change = reinstating.find_new_name(session, credential.holder_id, since=since)
    name = sanitize_text(lock_user(session, credential.holder_id).name_on_certificates)
    if (change is None and masked_since is None) or credential.holder_name == name:
        credential.former_name_since = None
        return False
    must_forget = True
    if change is not None and change.applied_at is not None and change.former_account_name is not None:
        must_forget = masked_since is not None and masked_since < change.applied_at  # it was a former one before
        former_name = change.former_certificate_name or change.former_account_name if must_forget else credential.holder_name
        session.add(as_it_was(change, credential, former_name=former_name))
    credential.holder_name, credential.former_name_since = name, None
    close_old_links(session, [credential], now=now)
    return must_forget


def _forget_revocation(credential: Credential, version: CredentialVersion, *, now: datetime) -> None:
    """Nothing of it stands on the certificate any more; that it was is in the chain of events."""
    credential.advance(CredentialState.ISSUED)
    credential.revoked_at = credential.revocation_reason = None
    credential.revocation_note = ""
    credential.on_hold_at, credential.hold_note = None, ""
    credential.current_n, credential.issued_at = version.n, credential.issued_at or now


def _write_down(
    session: Session, credential: Credential, version: CredentialVersion, *, actor_id: UUID | None, reason: str, now: datetime
) -> None:
    history.record(
        session,
        HistoryKind.REINSTATED,
        at=now,
        credential_id=credential.id,
        version_n=version.n,
        key_id=version.key_id,
        actor_id=actor_id,
        reason=f"was revoked: {reason}",
        document_sha256=version.sha256,
    )
    told = CredentialReinstated(occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id, version_n=version.n)
    publish(session, told, actor_id=actor_id)
