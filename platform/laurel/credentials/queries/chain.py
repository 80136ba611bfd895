"""The chain of events and its anchors, a page at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.credentials.models import CredentialEvent, IssuerKey
from laurel.credentials.models.anchors import ChainAnchor


def find_last_anchor(session: Session) -> ChainAnchor | None:
    return session.scalars(select(ChainAnchor).order_by(ChainAnchor.position.desc()).limit(1)).one_or_none()


def select_anchors() -> Select[ChainAnchor]:
    """All of them, the latest first."""
    return select(ChainAnchor).order_by(ChainAnchor.position.desc())


def list_anchors(session: Session, *, after: int, limit: int) -> Sequence[ChainAnchor]:
    """The next ones in order."""
    return session.scalars(select(ChainAnchor).where(ChainAnchor.position > after).order_by(ChainAnchor.position).limit(limit)).all()


def get_end(session: Session) -> int:
    """The position of the last entry; 0 if there is none."""
    return session.scalar(select(func.max(CredentialEvent.position))) or 0


def find_hash(session: Session, position: int) -> str | None:
    """The stored hash of the entry at this place."""
    return session.scalar(select(CredentialEvent.hash).filter_by(position=position))


def find_moment(session: Session, position: int) -> datetime | None:
    """When the entry at this place was written."""
    return session.scalar(select(CredentialEvent.at).filter_by(position=position))


def map_hashes(session: Session, positions: Collection[int]) -> dict[int, str]:
    """The stored hashes of the entries at these places, as far as they are there."""
    rows = session.execute(select(CredentialEvent.position, CredentialEvent.hash).where(CredentialEvent.position.in_(positions)))
    return {row[0]: row[1] for row in rows}


def list_entries(session: Session, *, after: int, until: int, limit: int) -> Sequence[CredentialEvent]:
    """The next entries in order, none beyond `until`."""
    position = CredentialEvent.position
    return session.scalars(select(CredentialEvent).where(position > after, position <= until).order_by(position).limit(limit)).all()


def find_key_by_method(session: Session, method: str) -> IssuerKey | None:
    """The key of this full address, whatever became of it."""
    did, _, fragment = method.rpartition("#")
    return session.scalar(select(IssuerKey).filter_by(did=did, fragment=fragment))
