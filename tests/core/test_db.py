"""Connections and transactions, on the databases as they are delivered."""

from threading import Event, Thread

import pytest
from sqlalchemy import create_engine, text

from laurel.core.db import Database

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def backend_of(database: Database) -> int:
    """Which process of the server answers; the connection goes back into the pool."""
    with database.session(writes=False) as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


@only_postgresql
def test_a_connection_that_died_in_the_pool_is_replaced_before_anything_is_said_on_it(database: Database) -> None:
    database.engine.dispose()  # one connection, and not the next of several
    dead = backend_of(database)
    assert backend_of(database) == dead
    other = create_engine(database.engine.url)
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": dead})
    other.dispose()

    assert backend_of(database) != dead


@only_postgresql
def test_a_connection_leaves_the_pool_in_its_transaction_and_comes_back_without(database: Database) -> None:
    with database.session(writes=True) as session:
        session.execute(text("CREATE TABLE kept (n INTEGER)"))
        session.execute(text("INSERT INTO kept VALUES (1)"))
        session.commit()
        session.execute(text("INSERT INTO kept VALUES (2)"))
        session.rollback()
        session.execute(text("INSERT INTO kept VALUES (3)"))

    with database.session(writes=False) as session:
        assert session.execute(text("SELECT n FROM kept")).scalars().all() == [1]
    with database.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        pool_side = raw.info.transaction_status.name  # type: ignore[attr-defined]
    assert (pool_side, raw.info.transaction_status.name) == ("INTRANS", "IDLE")  # type: ignore[attr-defined]


@only_sqlite
def test_a_writer_waits_for_the_one_before_and_readers_for_nobody(database: Database) -> None:
    wrote, order = Event(), []

    def write_next() -> None:
        with database.session(writes=True) as session:
            wrote.set()
            order.append(session.execute(text("SELECT count(*) FROM waits")).scalar_one())

    with database.session(writes=True) as session:
        session.execute(text("CREATE TABLE waits (n INTEGER)"))
        thread = Thread(target=write_next)
        thread.start()
        wrote.wait(10)
        with database.session(writes=False) as reader:
            assert reader.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'waits'")).scalar_one() == 0
        session.execute(text("INSERT INTO waits VALUES (1)"))
        session.commit()
    thread.join(10)

    assert order == [1]
