"""Everything at once, over HTTP, against two processes: limits hold, and a save is graded or refused."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psutil
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from laurel.core.db import Database, database_now
from laurel.core.events import EventRecord
from laurel.quizzes import services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState
from tests.faults.checker import Findings, check
from tests.faults.clients import Line, Reply
from tests.faults.journal import Journal
from tests.faults.lab import FULL, Lab, Scale, Site, exam
from tests.faults.scenarios import scenario
from tests.faults.scenarios.loss import row_of
from tests.faults.table import Row, control
from tests.faults.twins.careless import THREADS, at_once, careless_save, learners_over_the_limit
from tests.faults.world import Learner, World, make_lobby, make_world, set_deadlines

FORM = "application/x-www-form-urlencoded"
PATIENCE = 60
TIMES = 6
"""So often one learner starts at once: as often as the limit of starts a minute allows."""


def post(port: int, learner: Learner, path: str, **fields: str) -> Reply | None:
    """Send a form; None if no answer came."""
    line = Line(port, learner, timeout=60)
    try:
        return line.ask("POST", path, urlencode({"csrf_token": learner.csrf, **fields}), content_type=FORM)
    except (OSError, HTTPException):
        return None
    finally:
        line.close()


def insist(port: int, learner: Learner, path: str, **fields: str) -> Reply | None:
    """Send a form as often as it is answered that the site is busy: whoever waited too long for another does it once more."""
    end = time.monotonic() + PATIENCE
    while (reply := post(port, learner, path, **fields)) is not None and reply.status == 503 and time.monotonic() < end:
        time.sleep(float(reply.headers["retry-after"]))
    return reply


def start_of(site: Site, world: World, learner: Learner, *, how: Callable[..., Reply | None] = post) -> Callable[[], Reply | None]:
    return lambda: how(site.web.port, learner, world.start_path, honor_code="y")


def numbers_of(database: Database, world: World) -> dict[UUID, int]:
    """How many attempts each learner has."""
    with database.session(writes=False) as session:
        rows = session.execute(
            select(Attempt.learner_id, func.count()).where(Attempt.quiz_id == world.quiz_id).group_by(Attempt.learner_id)
        ).all()
    return {learner_id: number for learner_id, number in rows}  # noqa: C416 (rows are no tuples for the type checker)


@scenario("R1", "parallel starts of an exam that allows one attempt", short=True)
def parallel_starts(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        site = lab.site(kind)
        world = make_lobby(site.database, learners=scale.crowd)
        replies: list[Reply | None] = []
        for learner in world.learners:
            replies += at_once([start_of(site, world, learner, how=insist)] * TIMES)
        numbers = numbers_of(site.database, world)
        wrong = {number for number in numbers.values() if number != 1}
        statuses = Counter(None if reply is None else reply.status for reply in replies)
        problems = [f"learners with {wrong} attempts"] if wrong or len(numbers) != scale.crowd else []
        problems += [f"{count} × {status}" for status, count in statuses.items() if status not in {302, 429}]
        goals = {reply.headers["location"] for reply in replies if reply is not None and reply.status == 302}
        problems += [] if len(goals) == scale.crowd else [f"{scale.crowd} learners were led to {len(goals)} attempts"]
        measured = {"learners": scale.crowd, "starts": len(replies), "attempts": sum(numbers.values())}
        yield Row(code="R1", what=f"{TIMES} starts at once, one attempt allowed", on=kind, measured=measured, problems=problems)


@scenario("R1c", "control: count the attempts, then insert one", short=True)
def careless_starts(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        site = lab.new_site(kind)
        over, rounds = 0, 0
        while over == 0 and rounds < 5:
            over, rounds = learners_over_the_limit(site.url, learners=scale.crowd), rounds + 1
        yield control("R1c", "count, then insert", kind, is_red=over > 0, over_the_limit=over, of=scale.crowd * rounds)


@scenario("R3", "handing in, saving, sweeping and extending at once", short=True)
def all_at_the_end(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        site = lab.site(kind)
        world = make_world(site.database, learners=scale.crowd)
        set_deadlines(site.database, world.attempts[::2], seconds_left=-27)  # three seconds of grace
        slow = Scale(clients=scale.crowd, pace=0.15, seconds=scale.seconds, kills=0, crowd=scale.crowd)
        with exam(site, slow, world=world, ends_open=False) as load:
            statuses = hand_in_sweep_and_extend(site, world)
        problems = [f"{count} × {status}" for status, count in statuses.items() if status != 303]
        problems += told_once(site.database, world)
        yield row_of(load, "R3", "submit ×6 ∥ save ∥ sweep ∥ extend", more=problems, handed_in=len(world.attempts))


def hand_in_sweep_and_extend(site: Site, world: World) -> Counter[int | None]:
    """Until every attempt is graded: the sweeper and staff in threads of their own, then six hand-ins at once of each attempt."""
    done = Event()
    beside = [Thread(target=work, args=(site.database, world.attempts, done)) for work in (sweep, extend)]
    for thread in beside:
        thread.start()
    statuses: Counter[int | None] = Counter()
    try:
        time.sleep(1.5)
        for learner in world.learners:
            path = f"/attempts/{learner.attempts[0]}/submit"
            replies = at_once([lambda who=learner, where=path: insist(site.web.port, who, where)] * 6)  # type: ignore[misc]
            statuses.update(None if reply is None else reply.status for reply in replies)
    finally:
        done.set()
        for thread in beside:
            thread.join(60)
    return statuses


def sweep(database: Database, _attempts: list[UUID], done: Event) -> None:
    """What the worker does each minute, without a pause."""
    while not done.wait(0.02):
        try:
            with database.session(writes=True) as session:
                services.expire_overdue(session, now=database_now(session))
                session.commit()
        except OperationalError:
            continue  # SQLite's one writer was another


def extend(database: Database, attempts: list[UUID], done: Event) -> None:
    """Staff give every third learner a minute more, again and again, while the attempt runs."""
    while not done.wait(0.1):
        for attempt_id in attempts[::3]:
            try:
                with database.session(writes=True) as session:
                    attempt = session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
                    if attempt.state is AttemptState.IN_PROGRESS:
                        attempt.added_seconds += 60
                        attempt.deadline_at = attempt.compute_deadline()
                    session.commit()
            except OperationalError:
                continue


def told_once(database: Database, world: World) -> list[str]:
    """Of every attempt exactly one report that it was handed in and one that it was graded, and the state that follows."""
    wanted = {str(attempt_id) for attempt_id in world.attempts}
    problems = []
    with database.session(writes=False) as session:
        for name in ("AttemptSubmitted", "AttemptGraded"):
            facts = session.scalars(select(EventRecord.facts).where(EventRecord.name == name)).all()
            told = Counter(fact["attempt_id"] for fact in facts if fact["attempt_id"] in wanted)
            if told != Counter(wanted):
                problems.append(f"{name}: {json.dumps(told)}")
        states = Counter(session.scalars(select(Attempt.state).where(Attempt.id.in_(world.attempts))).all())
    return problems + ([] if set(states) == {AttemptState.GRADED} else [f"states {dict(states)}"])


@scenario("R3c", "control: a save that does not lock its attempt", short=True)
def careless_saves(lab: Lab, scale: Scale) -> Iterator[Row]:
    site = lab.new_site("postgresql")
    rounds, findings = 0, Findings()
    journal = Journal()
    while not findings.ungraded and rounds < 10:
        rounds += 1
        world = make_world(site.database, learners=THREADS)
        works: list[Callable[[], Any]] = []
        for learner in world.learners:
            works += [careless_work(site, journal, learner), handing_in(site, learner)]
        at_once(works)
        findings = check(site.database, journal, world.attempts)
    what = "look whether it is open, then write"
    yield control("R3c", what, site.kind, is_red=findings.ungraded > 0, ungraded=findings.ungraded, of=THREADS * rounds)


def careless_work(site: Site, journal: Journal, learner: Learner) -> Callable[[], None]:
    return lambda: careless_save(site.database, journal, learner.attempts[0], 1)


def handing_in(site: Site, learner: Learner) -> Callable[[], None]:
    def hand_in() -> None:
        with site.database.session(writes=True) as session:
            services.submit_attempt(session, attempt_id=learner.attempts[0], learner_id=learner.id, now=database_now(session))
            session.commit()

    return hand_in


def cpu_seconds(site: Site) -> float:
    """The processor time so far of the site, its database and ourselves, the clients: what a busy machine cannot distort."""
    trees = [site.web.running, *([site.cluster.process] if site.cluster and site.cluster.process else [])]
    processes = [psutil.Process(), *(process for tree in trees for process in (psutil.Process(tree.pid), *tree.children()))]
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


@scenario("S1", "500 starts within ten seconds")
def many_starts(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        yield start_all(lab.site(kind), learners=500 if scale is FULL else 40)


def start_all(site: Site, *, learners: int, threads: int = 16) -> Row:
    """Everybody starts once, over sixteen connections."""
    world = make_lobby(site.database, learners=learners)
    took: list[float] = []

    def start(learner: Learner) -> int | None:
        began = time.monotonic()
        reply = start_of(site, world, learner)()
        took.append(time.monotonic() - began)
        return None if reply is None else reply.status

    began, cpu_before = time.monotonic(), cpu_seconds(site)
    with ThreadPoolExecutor(threads) as pool:
        statuses = Counter(pool.map(start, world.learners))
    seconds, cpu = time.monotonic() - began, cpu_seconds(site) - cpu_before
    alone = cpu / 2  # on two processors that nobody else uses
    numbers = numbers_of(site.database, world)
    problems = [f"{count} × {status}" for status, count in statuses.items() if status != 302]
    problems += [] if set(numbers.values()) == {1} and len(numbers) == learners else ["not one attempt each"]
    problems += [f"{seconds:.1f} s, and {alone:.1f} s of work for two processors"] if learners >= 500 and min(seconds, alone) > 10 else []
    measured = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "load_average": round(os.getloadavg()[0], 1),
        "starts_a_second": round(learners / seconds, 1),
        "p50_ms": round(sorted(took)[len(took) // 2] * 1000),
        "p99_ms": round(sorted(took)[int(len(took) * 0.99)] * 1000),
    }
    return Row(code="S1", what=f"{learners} starts", on=site.kind, measured=measured, problems=problems)
