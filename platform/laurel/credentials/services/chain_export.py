"""The chain of events as lines of text, each of them exactly what was hashed: whoever has them checks them with `sha256sum`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.credentials.queries import chain
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.services import history

PAGE = 1_000
WHY = "the chain of events"


def iterate_lines(read: Callable[[], Session], *, after: int = 0, size: int = PAGE) -> Iterator[str]:
    """Every entry behind `after`, as far as the chain goes now; each page in a session of its own, so that nothing waits for the reader."""
    with read() as session:
        until = chain.get_end(session)
    while after < until:
        with read() as session:
            page = [entry.link for entry in chain.list_entries(session, after=after, until=until, limit=size)]
        if not page:
            return
        yield from (f"{link.text}\n" for link in page)
        after = page[-1].position


def note_export(session: Session, *, actor_id: UUID, now: datetime) -> None:
    """That a member of staff took the chain stands in it."""
    history.record(session, HistoryKind.DOWNLOADED, at=now, actor_id=actor_id, reason=WHY)
