"""Writing down what happened to credentials and keys, each entry chained to the one before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.errors import UnavailableError
from laurel.credentials import queries
from laurel.credentials.models import CredentialEvent
from laurel.credentials.rules.history import GENESIS, HistoryKind, Link

TRIES = 20


def record(
    session: Session,
    kind: HistoryKind,
    *,
    at: datetime,
    credential_id: UUID | None = None,
    version_n: int | None = None,
    key_id: UUID | None = None,
    actor_id: UUID | None = None,
    reason: str = "",
    document_sha256: str | None = None,
) -> CredentialEvent:
    """Add one entry to the end of the chain. Who adds at the same moment waits, then follows: positions are unique."""
    for _try in range(TRIES):
        last = queries.find_last_link(session)
        link = Link(
            position=last.position + 1 if last else 1,
            kind=kind,
            at=at,
            credential_id=credential_id,
            version_n=version_n,
            key_id=key_id,
            actor_id=actor_id,
            reason=reason[:300],
            document_sha256=document_sha256,
            previous_hash=last.hash if last else GENESIS,
        )
        try:
            return _add(session, link)
        except IntegrityError:
            continue
    raise UnavailableError


def _add(session: Session, link: Link) -> CredentialEvent:
    with session.begin_nested():
        event = CredentialEvent(
            position=link.position,
            kind=link.kind,
            at=link.at,
            credential_id=link.credential_id,
            version_n=link.version_n,
            key_id=link.key_id,
            actor_id=link.actor_id,
            reason=link.reason,
            document_sha256=link.document_sha256,
            previous_hash=link.previous_hash,
            hash=link.hash,
        )
        session.add(event)
        session.flush()
    return event
