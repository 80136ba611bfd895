"""A site of real processes that may be hurt, and the load that runs while it is."""

import atexit
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright, sync_playwright

from laurel.core.db import Database
from laurel.migrating import migrate_database
from laurel.models import import_all
from tests.faults.checker import Findings, Watch, check
from tests.faults.clients import Client
from tests.faults.cluster import Cluster
from tests.faults.journal import Journal, Kind, Times, times_of
from tests.faults.processes import Web, Worker, wait_until
from tests.faults.world import SECRET_KEY, World, make_world

import_all()
SAVES_A_SECOND = 1.5
"""Of one attempt: below the limit of 120 a minute, whichever of the two processes counts."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How hard a scenario is run: `make faults` takes its time, the tests do not."""

    clients: int
    pace: float
    seconds: float
    kills: int
    crowd: int
    """How many start an exam, or race, at once."""
    databases: tuple[str, ...] = ("postgresql", "sqlite")

    @property
    def attempts_each(self) -> int:
        return max(1, round(1 / self.pace / SAVES_A_SECOND))


FULL = Scale(clients=8, pace=0.04, seconds=8, kills=10, crowd=20)
SHORT = Scale(clients=4, pace=0.1, seconds=1.5, kills=3, crowd=6)


class Site:
    """Database, web server and worker. `database` is the judge's own way in."""

    def __init__(self, folder: Path, url: str, *, cluster: Cluster | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.folder, self.url, self.cluster = folder, url, cluster
        folder.mkdir(parents=True, exist_ok=True)
        migrate_database(url)
        self.database = Database(url, application="faults", statement_timeout_ms=60_000, pool_timeout=60)  # a busy machine is no finding
        self.environment = {
            "LAUREL_STAGE": "test",
            "LAUREL_INSTANCE": str(folder),
            "DATABASE_URL": url,
            "SECRET_KEY": SECRET_KEY,
            "KEY_ENCRYPTION_KEY": SECRET_KEY,
            **(environment or {}),
        }
        self.web = Web(self.environment, log=folder / "web.log")
        self.worker = Worker(self.environment, log=folder / "worker.log")

    @property
    def kind(self) -> str:
        return "sqlite" if self.database.is_sqlite else "postgresql"

    @property
    def file(self) -> Path:
        """SQLite's file."""
        return Path(self.url.removeprefix("sqlite:///"))

    def start(self, *, worker: bool = False) -> None:
        if self.web.process is None:
            self.web.start()
        elif not self.web.running.is_running():  # a finding, not something to start anew
            raise RuntimeError(f"The web server ended by itself:\n{self.web.running.tail()}")
        if worker and self.worker.process is None:
            self.worker.start()

    def kill(self) -> None:
        self.web.kill()
        self.worker.kill()

    def stop(self) -> None:
        self.web.stop()
        self.worker.stop()

    def close(self) -> None:
        self.kill()
        self.database.engine.dispose()


@dataclass
class Load:
    """Clients that save, and what became of it. Say `hurt()` at each fault."""

    site: Site
    world: World
    scale: Scale
    journal: Journal = field(default_factory=Journal)
    faults: list[float] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    times: Times = field(default_factory=lambda: Times(p50=0, p99=0, worst_client_gap=0, recover=0))

    def hurt(self) -> None:
        self.faults.append(time.monotonic())

    def run_for(self, seconds: float) -> None:
        time.sleep(seconds)

    def wait_for_saves(self, number: int, *, seconds: float = 60) -> None:
        """Return when so many more operations were acknowledged."""
        wanted = self.journal.count(Kind.OK) + number
        wait_until(lambda: self.journal.count(Kind.OK) >= wanted, seconds=seconds, what=f"{number} saves", pause=0.01)

    @property
    def counts(self) -> dict[str, Any]:
        """What a row of the table says about it."""
        journal = self.journal
        return {
            "acknowledged": journal.count(Kind.OK),
            "503": journal.statuses(503),
            "unanswered": sum(entry.status is None for entry in journal.tries),
            "p50_ms": round(self.times.p50 * 1000, 1),
            "p99_ms": round(self.times.p99 * 1000, 1),
            "worst_gap_s": round(self.times.worst_client_gap, 2),
            "recover_s": round(self.times.recover, 2),
        }


@contextmanager
def exam(site: Site, scale: Scale, *, world: World | None = None, ends_open: bool = True) -> Iterator[Load]:
    """Learners save as long as the block lasts; at its end they finish, and the judge compares.

    `ends_open`: the attempts still run at the end, so everybody must get another answer saved.
    """
    world = world or make_world(site.database, learners=scale.clients, each=scale.attempts_each)
    load = Load(site, world, scale)
    clients = [Client(number, learner, site.web.port, load.journal, scale.pace) for number, learner in enumerate(world.learners)]
    watch = Watch(site.database, world.attempts)
    began = time.monotonic()
    watch.start()
    for client in clients:
        client.start()
    try:
        load.wait_for_saves(len(clients))
        began = time.monotonic()
        yield load
        if ends_open:
            load.wait_for_saves(len(clients), seconds=90)
        ended = time.monotonic()
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.stop()
        watch.stop()
    load.times = times_of(load.journal, started_at=began, ended_at=ended, faults=load.faults)
    load.findings = check(site.database, load.journal, world.attempts, regress=watch.regress)


class Lab:
    """Makes sites, keeps the two that scenarios may share, and clears everything away at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-lab-"))
        self._stack = ExitStack()
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._shared: dict[str, Site] = {}
        self._cluster: Cluster | None = None
        self._playwright: Playwright | None = None
        atexit.register(self.close)

    @property
    def playwright(self) -> Playwright:
        """The way to Chromium. A test gives the one that runs already: a process may have only one."""
        if self._playwright is None:
            self._playwright = sync_playwright().start()
            self._stack.callback(self._playwright.stop)
        return self._playwright

    @playwright.setter
    def playwright(self, running: Playwright) -> None:
        self._playwright = running

    @property
    def cluster(self) -> Cluster:
        """The durable PostgreSQL."""
        if self._cluster is None:
            self._cluster = self.new_cluster()
        return self._cluster

    def new_cluster(self, settings: Mapping[str, str] | None = None) -> Cluster:
        cluster = Cluster(settings or {})
        self._stack.callback(cluster.close)
        cluster.start()
        return cluster

    def new_site(self, kind: str, *, cluster: Cluster | None = None, environment: Mapping[str, str] | None = None) -> Site:
        """A site with an empty database, not started."""
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=self.folder))
        if kind == "postgresql":
            cluster = cluster or self.cluster
            site = Site(folder, cluster.create_database(), cluster=cluster, environment=environment)
        else:
            site = Site(folder, f"sqlite:///{folder / 'laurel.db'}", environment=environment)
        self._stack.callback(site.close)
        return site

    def site(self, kind: str) -> Site:
        """The shared site on this database, running."""
        if kind not in self._shared:
            self._shared[kind] = self.new_site(kind)
        site = self._shared[kind]
        site.start()
        return site

    def close(self) -> None:
        """End every process and remove every file. Also at the end of the program, should nobody call it."""
        atexit.unregister(self.close)
        self._stack.close()
