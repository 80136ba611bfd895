"""SQLite's one writer is somebody else: a wait, then 503, and nothing lost."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

from tests.faults.lab import FULL, Lab, Scale, exam
from tests.faults.scenarios import scenario
from tests.faults.scenarios.loss import row_of
from tests.faults.table import Row, control
from tests.faults.twins.careless import deferred_writers

BUSY_TIMEOUT = 5.0


@scenario("F19", "SQLite's write lock is held by another process", short=True)
def held_write_lock(lab: Lab, scale: Scale) -> Iterator[Row]:
    for seconds in (3.0, 8.0) if scale is FULL else (1.0,):
        site = lab.site("sqlite")
        with exam(site, scale) as load, closing(sqlite3.connect(site.file, isolation_level=None, timeout=10)) as other:
            load.hurt()
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
            held = time.monotonic() - load.faults[-1]  # on a busy machine longer than it slept
            load.wait_for_saves(2 * scale.clients)
        failed = load.journal.statuses(503)
        more = [f"{failed} × 503 though the wait was short"] if failed and held < BUSY_TIMEOUT else []
        more += ["nothing failed, though the lock was held too long"] if not failed and seconds > BUSY_TIMEOUT else []
        yield row_of(load, "F19", f"SQLite's write lock held {seconds:.0f} s", more=more)


@scenario("F19c", "control: SQLite transactions that begin deferred, read, and then write", short=True)
def deferred(lab: Lab, scale: Scale) -> Iterator[Row]:
    refused, soonest, rounds = 0, 0.0, 0
    while not refused and rounds < 10:  # on a busy machine the two may miss each other
        file, rounds = lab.folder / f"deferred-{time.monotonic_ns()}.db", rounds + 1
        refused, soonest = deferred_writers(file, seconds=2 if scale is FULL else 0.5)
    what = "BEGIN, read, write: refused at once, whatever busy_timeout says"
    yield control("F19c", what, "sqlite", is_red=refused > 0 and soonest < 1, refused=refused, soonest_s=round(soonest, 4))
