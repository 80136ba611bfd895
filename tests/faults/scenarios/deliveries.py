"""The worker is killed in the middle of what happens afterwards: each effect comes about once."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select, update

from laurel.core.events import Delivery, DeliveryStatus, EventRecord
from laurel.core.mail import Mail, MailStatus
from laurel.quizzes.models import Attempt
from tests.faults.lab import FULL, Lab, Scale, Site
from tests.faults.processes import ROOT, Process, wait_until
from tests.faults.scenarios import scenario
from tests.faults.scenarios.races import post
from tests.faults.table import Row, control
from tests.faults.world import World, make_world

JOBS = 120


@scenario("F7", "the worker is killed in the middle of its work")
def kill_worker(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        site = lab.new_site(kind)
        site.start()
        world = make_world(site.database, learners=JOBS if scale is FULL else JOBS // 4)
        hand_in_all(site, world)
        kills = work_and_kill(site, len(world.attempts), kills=scale.kills)
        problems, sent = effects(site, world)
        site.stop()
        measured = {"jobs": len(world.attempts), "kills": kills, "receipts": sent}
        yield Row(code="F7", what="kill -9 of the worker", on=kind, measured=measured, problems=problems)


def hand_in_all(site: Site, world: World) -> None:
    """Everybody hands in: of each attempt the worker owes a receipt."""
    with ThreadPoolExecutor(4) as pool:
        replies = pool.map(lambda learner: post(site.web.port, learner, f"/attempts/{learner.attempts[0]}/submit"), world.learners)
        statuses = {None if reply is None else reply.status for reply in replies}
    if statuses != {303}:
        raise RuntimeError(f"Handing in was answered by {statuses}.")


def done_of(site: Site) -> int:
    with site.database.session(writes=False) as session:
        return session.scalar(select(func.count()).select_from(Delivery).where(Delivery.status == DeliveryStatus.DONE)) or 0


def work_and_kill(site: Site, jobs: int, *, kills: int) -> int:
    """Let the worker do a few deliveries, kill it, and again; then let it finish. Returns how often it was killed at work."""
    killed = 0
    for _ in range(kills):
        site.worker.start()
        wanted = min(jobs, done_of(site) + max(1, jobs // (2 * kills)))
        wait_until(lambda least=wanted: done_of(site) >= least, what="The worker's next deliveries", pause=0.001)  # type: ignore[misc]
        killed += done_of(site) < jobs
        site.worker.kill()
        let_leases_pass(site)
    site.worker.start()
    wait_until(lambda: done_of(site) == jobs, what="The rest of the deliveries")
    wait_until(lambda: not due_mails(site), what="The mails")
    site.worker.stop()
    return killed


def let_leases_pass(site: Site) -> None:
    """Two minutes go by: what the killed worker had claimed is free again. First its last words to PostgreSQL must be through."""
    if site.cluster is not None:
        cluster = site.cluster
        heard = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'laurel-worker%'"
        wait_until(lambda: not cluster.run(heard), what="The end of the killed worker's connections")
    with site.database.session(writes=True) as session:
        for table in (Delivery, Mail):
            session.execute(update(table).where(table.leased_until.is_not(None)).values(leased_until=None))
        session.commit()


def due_mails(site: Site) -> int:
    with site.database.session(writes=False) as session:
        return session.scalar(select(func.count()).select_from(Mail).where(Mail.status == MailStatus.DUE)) or 0


def effects(site: Site, world: World) -> tuple[list[str], int]:
    """One receipt of each attempt, one delivery of each report."""
    with site.database.session(writes=False) as session:
        keys = list(session.scalars(select(Mail.key)))
        deliveries = session.scalar(select(func.count()).select_from(Delivery)) or 0
        reports = session.scalar(select(func.count()).select_from(EventRecord).where(EventRecord.name == "AttemptSubmitted")) or 0
        receipts = session.scalars(select(Attempt.receipt).where(Attempt.id.in_(world.attempts)))
        wanted = sorted(f"exam_receipt:{receipt}" for receipt in receipts)
    problems = [] if sorted(keys) == wanted else [f"{len(keys)} receipts of {len(wanted)} attempts, or not of these"]
    problems += [] if deliveries == reports == len(wanted) else [f"{deliveries} deliveries of {reports} reports"]
    return problems, len(keys)


@scenario("F7c", "control: a worker that does its job in one transaction and notes it in another", short=True)
def two_transactions(lab: Lab, scale: Scale) -> Iterator[Row]:
    file = lab.folder / f"jobs-{os.urandom(4).hex()}.db"
    jobs, kills, least = 120, 0, 6 if scale is FULL else 1
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, is_done INTEGER DEFAULT 0)")
        connection.execute("CREATE TABLE effects (job INTEGER)")
        connection.executemany("INSERT INTO jobs (id) VALUES (?)", [(number,) for number in range(jobs)])
    while kills < least or (kills < 10 and count_of(file, "effects") == count_of(file, "jobs WHERE is_done")):  # between two jobs
        process, kills = start_twin(file), kills + 1
        wait_until(lambda made=kills * 5: count_of(file, "effects") >= made, what="The twin's work", pause=0.001)  # type: ignore[misc]
        process.kill()
    process = start_twin(file)
    wait_until(lambda: count_of(file, "jobs WHERE is_done") == jobs, what="The twin's end")
    process.kill()
    effects_made = count_of(file, "effects")
    what = "effect and done in two transactions, kill -9"
    yield control("F7c", what, "sqlite", is_red=effects_made > jobs, jobs=jobs, effects=effects_made, kills=kills)


def start_twin(file: Path) -> Process:
    environment = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.faults.twins.two_transactions", str(file)]
    return Process(command, log=file.with_suffix(".log"), environment=environment)


def count_of(file: Path, what: str) -> int:
    with closing(sqlite3.connect(file, timeout=5)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
