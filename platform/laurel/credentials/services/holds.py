"""Putting a certificate on hold while staff look into something, and releasing it. Our page and API say so; status lists do not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.credentials import queries
from laurel.credentials.events import CredentialHeld, CredentialReleased
from laurel.credentials.models import Credential
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.notes import check_note
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history


def put_on_hold(session: Session, credential_id: UUID, *, note: str, actor_id: UUID | None, now: datetime) -> Credential:
    """It is not valid until it is released, and the holder hears why. Saying it twice changes nothing."""
    credential, words = queries.lock_credential(session, credential_id), check_note(note)
    if credential.state is not CredentialState.ISSUED:
        raise ConflictError("Only a certificate that was issued and not revoked can be put on hold.")
    if credential.on_hold_at is not None:
        return credential
    credential.on_hold_at, credential.hold_note = now, words
    session.flush()
    history.record(session, HistoryKind.HELD, at=now, credential_id=credential.id, actor_id=actor_id)
    publish(session, CredentialHeld(occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id), actor_id=actor_id)
    return credential


def release(session: Session, credential_id: UUID, *, note: str, actor_id: UUID | None, now: datetime) -> Credential:
    """It counts as before, and the holder hears what was found. Saying it twice changes nothing."""
    credential, words = queries.lock_credential(session, credential_id), check_note(note)
    if credential.on_hold_at is None:
        return credential
    credential.on_hold_at, credential.hold_note = None, words
    session.flush()
    history.record(session, HistoryKind.RELEASED, at=now, credential_id=credential.id, actor_id=actor_id)
    publish(session, CredentialReleased(occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id), actor_id=actor_id)
    return credential
