"""Correcting a certificate: the same id and number with a newer document, and the older one revoked, all at once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.credentials import queries
from laurel.credentials.events import CredentialCorrected
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion, VersionCause
from laurel.credentials.rules.correcting import LONGEST, check_correctable, check_new_name, check_not_revoked
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import whole_second
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history
from laurel.credentials.services.issuers import issuer_for, open_signatory
from laurel.credentials.services.issuing import gather, sign_version
from laurel.credentials.services.status_lists import reserve_entry

WHAT = "the holder’s name"
"""What the chain of events says of a correction. Names and free text stay out of it: nothing can be taken out again."""


class ChangedMeanwhileError(ConflictError):
    """Somebody else corrected it since it was looked at."""

    message = "Somebody was faster: this certificate was changed in the meantime. Look at it as it is now before you correct it."


def correct(
    session: Session,
    credential_id: UUID,
    *,
    holder_name: str,
    reason: str,
    actor_id: UUID | None,
    issuer: Issuer,
    keys: KeyVault,
    now: datetime,
    seen_n: int | None = None,
    tells_holder: bool = True,
) -> Credential:
    """Put another name on the certificate: new version, new place on a status list, old version superseded and its bit set.

    Saying the same name again changes nothing. What was not yet signed simply gets the name. `reason` is for holder and staff;
    `seen_n` is the version that was looked at, if it matters. A correction never prolongs: the certificate ends when it would
    have ended. A name that is put back may be longer than one that is typed (`check_change`). Raises InvalidInputError for a name,
    ConflictError for a certificate that was revoked or has expired.
    """
    name = check_new_name(holder_name, most=LONGEST)
    if not reason.strip():
        raise InvalidInputError("Say why it is corrected.", field="reason")
    credential = queries.lock_credential(session, credential_id)
    if seen_n is not None and credential.current_n != seen_n and credential.holder_name != name:
        raise ChangedMeanwhileError
    if credential.holder_name == name:
        return credential
    version = None
    if credential.state is CredentialState.PENDING:
        credential.holder_name = name
    else:
        version = supersede(session, credential, holder_name=name, reason=reason.strip(), issuer=issuer, keys=keys, now=now)
    session.flush()
    write_down(session, credential, version, what=WHAT, actor_id=actor_id, tells_holder=tells_holder, now=now)
    return credential


def check_change(session: Session, credential_id: UUID, *, holder_name: str, now: datetime) -> str:
    """The name as it would be signed; raises what `correct` would raise."""
    name = check_new_name(holder_name)
    found = queries.get_credential(session, credential_id)
    if found.version is not None and found.credential.holder_name != name:
        check_correctable(found.credential.state, valid_from=found.version.valid_from, valid_until=found.version.valid_until, now=now)
    return name


def supersede(
    session: Session,
    credential: Credential,
    *,
    holder_name: str | None = None,
    reason: str,
    issuer: Issuer,
    keys: KeyVault,
    now: datetime,
) -> CredentialVersion:
    """Sign it as it is now known, with `holder_name` if that is another one: what was signed so far does not count any more.

    `write_down` tells of it. Raises ConflictError for a certificate that was revoked or has expired.
    """
    check_not_revoked(credential.state)
    before = queries.get_version(session, credential.id, credential.current_n)
    check_correctable(credential.state, valid_from=before.valid_from, valid_until=before.valid_until, now=now)
    history.hold_chain(session)
    withdraw_all(session, credential.id, now=now)
    achievement = session.get_one(AchievementVersion, credential.achievement_version_id)
    signatory = open_signatory(session, issuer_for(session, issuer, achievement.organization_id), keys, now=now)
    status_list, entry = reserve_entry(session, signatory, now=now)
    credential.holder_name = holder_name or credential.holder_name
    facts = gather(session, credential, achievement, status_list, entry, valid_from=whole_second(now), valid_until=before.valid_until)
    version = sign_version(credential, facts, signatory, entry, now=now)
    version.note, version.cause = reason, VersionCause.CORRECTED
    session.add(version)
    credential.current_n = version.n
    return version


def withdraw_all(session: Session, credential_id: UUID, *, now: datetime) -> None:
    """Every document signed so far: superseded, and its bit set for good."""
    for older, _key, entry, status_list in queries.list_versions(session, credential_id):
        older.superseded_at = older.superseded_at or now
        if entry.set_at is None:
            entry.set_at = now
            status_list.note_change(now)


def write_down(
    session: Session,
    credential: Credential,
    version: CredentialVersion | None,
    *,
    what: str,
    actor_id: UUID | None,
    tells_holder: bool,
    now: datetime,
) -> None:
    """The correction's link in the chain of events, and its event. `version` is None for one that was not yet signed."""
    history.record(
        session,
        HistoryKind.CORRECTED,
        at=now,
        credential_id=credential.id,
        version_n=version.n if version else None,
        key_id=version.key_id if version else None,
        actor_id=actor_id,
        reason=what,
        document_sha256=version.sha256 if version else None,
    )
    told = CredentialCorrected(
        occurred_at=now,
        credential_id=credential.id,
        holder_id=credential.holder_id,
        version_n=credential.current_n,
        tells_holder=tells_holder and version is not None,
    )
    publish(session, told, actor_id=actor_id)
