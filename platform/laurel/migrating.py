"""Alembic without an ini file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.event import listen

from laurel.core.db import make_engine
from laurel.settings import root

LOCK = 5_140_823
"""The advisory lock that one migration holds, so that two started at once run one after the other."""


def alembic_config() -> Config:
    """The configuration; give it the connection to use as `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(root() / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate_database(url: str) -> None:
    """Bring the database at `url` to the head of the migrations; safe to call twice at once."""
    with open_for_migration(url) as connection:
        migrate(connection, "upgrade", "head")


def migrate(connection: Connection, direction: str, revision: str) -> None:
    """`upgrade` or `downgrade` to a revision, in the transaction of a connection that is open for it."""
    config = alembic_config()
    config.attributes["connection"] = connection
    {"upgrade": command.upgrade, "downgrade": command.downgrade}[direction](config, revision)


@contextmanager
def open_for_migration(url: str) -> Iterator[Connection]:
    """A connection in one transaction, for nobody else to migrate meanwhile.

    SQLite alters tables by rebuilding them, which only goes without foreign keys; they are checked as the last thing, and what
    breaks one undoes everything (https://www.sqlite.org/lang_altertable.html#otheralter).
    """
    engine = make_engine(url, application="laurel-migrations", statement_timeout_ms=0)
    if engine.dialect.name == "sqlite":
        listen(engine, "connect", _without_foreign_keys)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
                connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a busy machine may take its time
            yield connection
            if connection.dialect.name == "sqlite":
                _check_foreign_keys(connection)
    finally:
        engine.dispose()


def _without_foreign_keys(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise RuntimeError(f"A row of {broken[0]} points at a row of {broken[2]} that is not there. Nothing was migrated.")
