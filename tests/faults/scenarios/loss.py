"""Processes are killed while answers are saved: nothing that was acknowledged may be missing."""

import time
from collections.abc import Iterator
from random import Random

import psutil

from tests.faults.checker import integrity
from tests.faults.lab import FULL, Lab, Load, Scale, Site, exam
from tests.faults.processes import kill_all, wait_until
from tests.faults.scenarios import scenario
from tests.faults.table import Row


def row_of(load: Load, code: str, what: str, *, more: list[str] | None = None, **measured: object) -> Row:
    """What an exam under this fault came to."""
    problems = [*load.findings.problems(), *load.journal.troubles[:3], *(more or [])]
    return Row(code=code, what=what, on=load.site.kind, measured={**load.counts, **measured}, problems=problems)


@scenario("F0", "nothing is wrong", short=True)
def baseline(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        with exam(lab.site(kind), scale) as load:
            load.run_for(scale.seconds)
        errors = load.journal.statuses(503) + sum(entry.status is None for entry in load.journal.tries)
        more = [f"{errors} errors without a fault"] if errors else []
        if scale is FULL and load.times.p99 > 0.1:
            more.append("p99 above 100 ms")
        yield row_of(load, "F0", "nothing is wrong", more=more)


@scenario("F1", "web workers are killed, one by one and then all at once", short=True)
def kill_web_workers(lab: Lab, scale: Scale) -> Iterator[Row]:
    yield from _kill_workers("postgresql", lab, scale, "F1")


@scenario("F20", "web workers on SQLite are killed, one by one and then all at once", short=True)
def kill_web_workers_on_sqlite(lab: Lab, scale: Scale) -> Iterator[Row]:
    yield from _kill_workers("sqlite", lab, scale, "F20")


def _kill_workers(kind: str, lab: Lab, scale: Scale, code: str) -> Iterator[Row]:
    site, chance = lab.site(kind), Random(1)
    with exam(site, scale) as load:
        for _ in range(scale.kills):
            load.hurt()
            kill_all([chance.choice(workers_of(site))])
            load.run_for(0.6)
        load.hurt()
        kill_all(workers_of(site))
        load.wait_for_saves(3 * scale.clients)
    broken = integrity(site.database) if kind == "sqlite" else []
    yield row_of(load, code, f"kill -9 of a web worker ×{scale.kills}, then of all at once", more=broken)


def workers_of(site: Site) -> list[psutil.Process]:
    """The web server's workers; on a busy machine it takes a moment until there is one again."""
    wait_until(site.web.running.children, what="A worker of the web server")
    return site.web.running.children()


@scenario("F2", "PostgreSQL is killed and started again", short=True)
def kill_postgresql(lab: Lab, scale: Scale) -> Iterator[Row]:
    site = lab.site("postgresql")
    away: list[float] = []
    with exam(site, scale) as load:
        for _ in range(2 if scale is not FULL else 3):
            load.hurt()
            lab.cluster.kill()
            load.run_for(1.0)
            lab.cluster.start()
            away.append(time.monotonic() - load.faults[-1])
            load.wait_for_saves(3 * scale.clients)
    more = (
        [f"{load.times.recover - max(away):.1f} s after PostgreSQL was back"]
        if scale is FULL and load.times.recover > max(away) + 3
        else []
    )
    yield row_of(load, "F2", "kill -9 of PostgreSQL, started again after 1 s", more=more, away_s=round(max(away), 2))
    yield kill_both(lab, scale)


def kill_both(lab: Lab, scale: Scale) -> Row:
    """Web workers that begin while PostgreSQL is away must wait for it: one that gives up takes the whole server down with it."""
    site = lab.site("postgresql")
    site.start(worker=True)
    with exam(site, scale) as load:
        load.hurt()
        lab.cluster.kill()
        kill_all(workers_of(site))
        load.run_for(3.0)
        lab.cluster.start()
        away = time.monotonic() - load.faults[0]
        load.wait_for_saves(3 * scale.clients)
    alive = site.worker.process is not None and site.worker.process.is_running()
    site.worker.stop()
    more = [] if alive else ["the background worker is gone"]
    return row_of(load, "F2", "kill -9 of PostgreSQL and of all web workers", more=more, away_s=round(away, 2))
