"""Writing down what happened to credentials and keys, each entry chained to the one before.

The order of locks. A transaction that needs several of these takes them in this order, and all of one line before the next line:

1. the bulk job, the change of name, the fee of a renewal, or the request for a second person;
2. the persons, by their ids;
3. the certificates, by their ids, all that will be touched (`queries.lock_credentials`); the issuer’s keys, if they change;
4. the end of the chain (`hold_chain`): before the first place on a status list is taken or set, and before a first key is made;
5. status lists and their places.

So nobody waits in a circle. Rows are locked FOR NO KEY UPDATE: what only refers to one, such as a new entry of the chain to the
person who acted, waits for nobody. tests/credentials/test_order_of_locks.py does it all at once.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.errors import UnavailableError
from laurel.credentials import queries
from laurel.credentials.models import CredentialEvent
from laurel.credentials.rules.history import GENESIS, HistoryKind, Link

TRIES = 20


def hold_chain(session: Session) -> None:
    """From now until the transaction ends nobody else adds to the chain, or changes a status list. Held already, it changes nothing."""
    queries.lock_chain(session)


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
    hold_chain(session)
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
