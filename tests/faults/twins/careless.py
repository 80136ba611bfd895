"""Known-bad code for races: it reads, decides, and writes later."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from random import random
from threading import Barrier
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from laurel.core.db import Database, database_now
from laurel.core.ids import new_id
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer
from laurel.quizzes.rules import AttemptState
from tests.faults.journal import Journal, Kind, Op, Try

THREADS = 12


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """All from the same moment, each in a thread of its own."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        barrier.wait(20)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@contextmanager
def scratch_table(url: str) -> Iterator[Engine]:
    """A table of attempts that nothing guards."""
    engine = create_engine(url, pool_size=THREADS)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE scratch_attempts (learner INTEGER, number INTEGER)"))
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE scratch_attempts"))
    engine.dispose()


def count_then_insert(connection: Connection, learner: int, limit: int) -> None:
    """Start an attempt if there are fewer than `limit`."""
    found = connection.execute(text("SELECT count(*) FROM scratch_attempts WHERE learner = :learner"), {"learner": learner}).scalar_one()
    if found < limit:
        connection.execute(text("INSERT INTO scratch_attempts VALUES (:learner, :number)"), {"learner": learner, "number": found + 1})


def learners_over_the_limit(url: str, *, learners: int, limit: int = 1) -> int:
    """How many learners got more attempts than allowed, when each starts twelve times at once."""
    with scratch_table(url) as engine:

        def start(learner: int) -> Callable[[], None]:
            def run() -> None:
                try:
                    with engine.begin() as connection:
                        count_then_insert(connection, learner, limit)
                except OperationalError:
                    return  # SQLite: somebody else was writing

            return run

        for learner in range(learners):
            at_once([start(learner)] * THREADS)
        with engine.begin() as connection:
            over = connection.execute(
                text("SELECT count(*) FROM (SELECT learner FROM scratch_attempts GROUP BY learner HAVING count(*) > :limit) AS many"),
                {"limit": limit},
            )
            return int(over.scalar_one())


def deferred_writers(file: Path, *, seconds: float = 2.0) -> tuple[int, float]:
    """Two connections that begin deferred, read, and then write: how often one is refused, and how soon after it asked."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE numbers (value INTEGER)")
        connection.execute("INSERT INTO numbers VALUES (0)")
        connection.commit()
    refusals: list[float] = []

    def write() -> None:
        end = time.monotonic() + seconds
        with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as connection:
            while time.monotonic() < end:
                connection.execute("BEGIN")
                value = connection.execute("SELECT value FROM numbers").fetchone()[0]
                asked = time.monotonic()
                try:
                    connection.execute("UPDATE numbers SET value = ?", (value + 1,))
                    connection.execute("COMMIT")
                except sqlite3.OperationalError:
                    refusals.append(time.monotonic() - asked)
                    connection.execute("ROLLBACK")

    at_once([write, write])
    return len(refusals), min(refusals, default=0.0)


def careless_save(database: Database, journal: Journal, attempt_id: UUID, seq: int) -> None:
    """Save without the attempt's lock: look whether it is open, and write what one has."""
    op = Op(new_id(), attempt_id, 1, seq, {"text": "hallucination"})
    with database.session(writes=False) as session:
        attempt = session.get_one(Attempt, attempt_id)
        if attempt.state is not AttemptState.IN_PROGRESS:
            return
    time.sleep(random() / 50)  # the way from reading to writing, under load
    with database.session(writes=True) as session:
        moment = database_now(session)
        row = AnswerOp(
            op_id=op.op_id,
            attempt_id=attempt_id,
            position=seq,
            slot=1,
            seq=seq,
            answer=op.answer,
            client_ts="",
            received_at=moment,
            hash="",
        )
        session.add(row)
        session.flush()
        session.add(CurrentAnswer(attempt_id=attempt_id, slot=1, seq=seq, answer=op.answer, op_id=op.op_id, saved_at=moment))
        session.commit()
    journal.note(Try(op=op, client=0, sent_at=time.monotonic(), took=0, kind=Kind.OK, status=200))
