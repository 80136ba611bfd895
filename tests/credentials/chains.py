"""For tests: somebody who has the database, and changes what is only to be added to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.services.anchoring import find_due_end, keep_anchor
from tests.factories.credentials import ISSUER
from tests.fakes import PlainVault

GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


@contextmanager
def unguarded(session: Session) -> Iterator[None]:
    """The database refuses nothing, as to its owner. SQLite is not guarded again: every test has a copy of its own."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET session_replication_role = replica"))
        yield
        session.execute(text("SET session_replication_role = origin"))
        return
    for name in session.scalars(text(GUARDS)).all():
        session.execute(text(f"DROP TRIGGER {name}"))
    yield


def anchor(session: Session, *, after: timedelta = timedelta(0)) -> str:
    """The line of the anchor that is due by then."""
    end = find_due_end(session, now=clock.now() + after)
    assert end is not None
    line = keep_anchor(session, end, ISSUER, PlainVault(), now=clock.now() + after)
    assert line is not None
    return line
