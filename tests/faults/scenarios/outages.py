"""Everything stops in the middle of an exam, and starts again."""

import signal
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import psutil
from sqlalchemy import select

from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.outages import BEAT, GAP
from tests.faults.lab import FULL, Lab, Load, Scale, Site, exam
from tests.faults.processes import wait_until
from tests.faults.scenarios import scenario
from tests.faults.scenarios.loss import row_of
from tests.faults.table import Row, control


@scenario("F10", "the whole site stops and starts again")
def whole_outage(lab: Lab, scale: Scale) -> Iterator[Row]:
    cluster = lab.new_cluster()
    for kind in scale.databases:
        site = lab.new_site(kind, cluster=cluster)
        site.start(worker=True)
        with exam(site, scale) as load:
            load.hurt()
            stop_everything(site)
            load.run_for(25 if scale is FULL else 1)
            start_everything(site)
            away = time.monotonic() - load.faults[0]
            load.wait_for_saves(3 * scale.clients)
        credited, problems = look_at_time(site, load.world.attempts, away=timedelta(seconds=away))
        site.stop()
        yield row_of(
            load, "F10", "web, worker and database stopped, started again", more=problems, away_s=round(away, 1), credited_s=credited
        )
    cluster.close()


def stop_everything(site: Site) -> None:
    """As a machine goes down: asked to stop, not killed."""
    site.stop()
    if site.kind == "postgresql" and site.cluster is not None and site.cluster.process is not None:
        site.cluster.process.signal(signal.SIGINT)  # "fast": no connection is waited for
        wait_until(lambda: not (site.cluster and site.cluster.process and site.cluster.process.is_running()), what="The stop of PostgreSQL")


def start_everything(site: Site) -> None:
    if site.kind == "postgresql" and site.cluster is not None:
        site.cluster.start()
    site.start(worker=True)


def look_at_time(site: Site, attempts: Sequence[UUID], *, away: timedelta) -> tuple[int, list[str]]:
    """The least time that was credited, and what is wrong: an attempt that ended, a deadline that credit did not move, or an outage
    that was longer than `GAP` and was given back less than it took, to one heartbeat, or without a word to its learner."""
    with site.database.session(writes=False) as session:
        found = session.scalars(select(Attempt).where(Attempt.id.in_(attempts))).all()
        problems = [f"an attempt is {attempt.state}" for attempt in found if attempt.state is not AttemptState.IN_PROGRESS]
        problems += ["a deadline that its credit did not move" for attempt in found if attempt.deadline_at != attempt.compute_deadline()]
        if away > GAP + BEAT:
            least = min(timedelta(seconds=attempt.credited_seconds) for attempt in found)
            problems += [] if least >= away - BEAT else [f"{least} given back for {away}"]
            problems += [] if all(attempt.announcements for attempt in found) else ["an outage that nobody was told of"]
        return min(attempt.credited_seconds for attempt in found), problems


@scenario("F11", "graceful reload, and the change to a new version", short=True)
def reload_gracefully(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases if scale is FULL else scale.databases[:1]:
        site = lab.site(kind)
        with exam(site, scale) as load:
            for _ in range(3 if scale is FULL else 1):
                load.hurt()
                reload(site)
                load.wait_for_saves(2 * scale.clients)
        yield row_of(load, "F11", "kill -HUP of gunicorn", more=failed_saves(load))
    if scale is FULL:
        yield change_version(lab, scale)


def reload(site: Site) -> None:
    """kill -HUP, and wait until the old workers are gone."""
    before = {child.pid for child in site.web.running.children()}
    site.web.running.signal(signal.SIGHUP)
    wait_until(lambda: not before & {child.pid for child in site.web.running.children()}, what="The reload")


def failed_saves(load: Load) -> list[str]:
    journal = load.journal
    failed = journal.statuses(503) + sum(entry.status is None for entry in journal.tries)
    return [f"{failed} saves failed"] if failed else []


def change_version(lab: Lab, scale: Scale) -> Row:
    """kill -USR2 starts the new version beside the old, which then goes."""
    site = lab.new_site("postgresql")
    site.start()
    with exam(site, scale) as load:
        load.hurt()
        old = site.web.running
        old.signal(signal.SIGUSR2)
        master = wait_for_new_master(old.pid)
        wait_until(lambda: len(master.children()) >= site.web.workers, what="The new version's workers")
        load.wait_for_saves(3 * scale.clients)
        old.signal(signal.SIGTERM)
        wait_until(lambda: not old.is_running(), what="The end of the old version")
        load.wait_for_saves(3 * scale.clients)
    row = row_of(load, "F11", "kill -USR2, then -TERM of the old version", more=failed_saves(load))
    master.terminate()
    psutil.wait_procs([master], timeout=40)
    return row


def wait_for_new_master(pid: int) -> psutil.Process:
    """The child of the old master that has replaced its own program."""
    found: list[psutil.Process] = []

    def look() -> bool:
        found[:] = [child for child in psutil.Process(pid).children() if child.children()]
        return bool(found)

    wait_until(look, what="The new version")
    return found[0]


@scenario("F11c", "control: stop, then start", short=True)
def stop_and_start(lab: Lab, scale: Scale) -> Iterator[Row]:
    site = lab.site("postgresql")
    with exam(site, scale) as load:
        load.hurt()
        site.web.stop()
        site.web.start()
        load.wait_for_saves(2 * scale.clients)
    refused = sum(entry.status is None for entry in load.journal.tries)
    problems = load.findings.problems()
    row = control("F11c", "kill -TERM, then start", site.kind, is_red=refused > 0, refused=refused, **load.counts)
    yield row if not problems else Row(code="F11c", what="kill -TERM, then start", on=site.kind, problems=problems)
