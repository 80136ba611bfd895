"""Writers of SQLite take turns: in order, none twice, and whoever fails hands the turn on."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from laurel.core.db import Database
from laurel.core.writers import WriterQueue, queue_writers

THREADS = 12


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[Database]:
    """A database with one table of one row."""
    database = Database(f"sqlite:///{tmp_path / 'numbers.db'}")
    with database.session(writes=True) as session:
        session.execute(text("CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER)"))
        session.execute(text("INSERT INTO numbers VALUES ('one', 0)"))
        session.commit()
    yield database
    database.engine.dispose()


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    queue, order, asked = WriterQueue(), list[int](), Event()
    assert queue.acquire(timeout=0)

    def wait(number: int) -> None:
        asked.set()
        assert queue.acquire(timeout=20)
        order.append(number)
        queue.release()

    threads = []
    for number in range(THREADS):
        asked.clear()
        threads.append(Thread(target=wait, args=(number,)))
        threads[-1].start()
        asked.wait(20)
        while len(queue._waiting) <= number:
            pass
    queue.release()
    for thread in threads:
        thread.join(20)
    assert order == list(range(THREADS))


def test_who_gave_up_waiting_is_not_given_the_turn() -> None:
    queue = WriterQueue()
    assert queue.acquire(timeout=0)
    assert not queue.acquire(timeout=0.01)
    queue.release()
    assert queue.acquire(timeout=0)


def add_one(numbers: Database) -> None:
    with numbers.session(writes=True) as session:
        value = session.execute(text("SELECT value FROM numbers WHERE name = 'one'")).scalar_one()
        session.execute(text("UPDATE numbers SET value = :value WHERE name = 'one'"), {"value": value + 1})
        session.commit()


def value_of(numbers: Database) -> int:
    with numbers.session(writes=False) as session:
        return int(session.execute(text("SELECT value FROM numbers WHERE name = 'one'")).scalar_one())


def test_no_writer_is_lost_or_refused_however_many_there_are(numbers: Database) -> None:
    barrier = Barrier(THREADS)

    def work() -> None:
        barrier.wait(20)
        for _ in range(20):
            add_one(numbers)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work) for _ in range(THREADS)]:
            done.result(60)
    assert value_of(numbers) == THREADS * 20


def test_a_writer_that_fails_or_leaves_hands_the_turn_on(numbers: Database) -> None:
    with numbers.session(writes=True) as session, pytest.raises(IntegrityError):
        session.execute(text("INSERT INTO numbers VALUES ('one', 1)"))
    with numbers.session(writes=True) as session:
        session.execute(text("SELECT 1"))  # and it goes without a word
    with numbers.session(writes=True) as session:
        session.execute(text("SELECT 1"))
        session.connection().invalidate()
    add_one(numbers)
    assert value_of(numbers) == 1


def test_a_writer_that_another_process_refuses_hands_the_turn_on(numbers: Database) -> None:
    engine = create_engine(numbers.engine.url)
    queue_writers(engine, patience_ms=50)
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError, match="locked"), engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        assert value_of(numbers) == 0, "Who only reads does not wait."
        other.execute("ROLLBACK")
    with engine.begin() as connection:
        connection.execute(text("UPDATE numbers SET value = 1"))
    assert value_of(numbers) == 1
    engine.dispose()


def test_what_is_no_matter_of_turns_is_an_error_at_once(tmp_path: Path) -> None:
    file = tmp_path / "not a database.db"
    file.write_text("These are words, and no pages of a database. " * 100)
    engine = create_engine(f"sqlite:///{file}")
    queue_writers(engine, patience_ms=3_600_000)
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text("SELECT * FROM numbers"))
    engine.dispose()
