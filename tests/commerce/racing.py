"""Everything from the same moment: each piece of work in a thread and a transaction of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from laurel.core.db import Database
from laurel.core.errors import DomainError

TOGETHER = 8
"""As many connections as the pool has: on PostgreSQL they really are at it at the same time."""

AT_WORK = 6
"""How many of a crowd are at it at the same time, where the test itself holds a connection, too."""


def at_once(database: Database, works: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """What each of the works returned; errors of the business and of the database are results."""
    barrier = Barrier(len(works))

    def run(work: Callable[[Session], Any]) -> Any:
        barrier.wait(timeout=20)
        with database.session(writes=True) as session:
            try:
                done = work(session)
                session.commit()
            except (DomainError, IntegrityError, OperationalError) as error:
                session.rollback()
                return error
            return done

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def carelessly(database: Database, works: int, look: Callable[[Session], Any], write: Callable[[Session, Any], None]) -> None:
    """The known-bad way: all look in one transaction, wait for each other, and write what follows from it in another."""
    barrier = Barrier(works)

    def run(_number: int) -> None:
        with database.session(writes=False) as session:
            seen = look(session)
        barrier.wait(timeout=20)
        with database.session(writes=True) as session:
            write(session, seen)
            session.commit()

    with ThreadPoolExecutor(works) as pool:
        list(pool.map(run, range(works)))
