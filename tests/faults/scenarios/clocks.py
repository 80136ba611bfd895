"""The clock of the application's machine jumps by two hours, forward and back. The database's clock decides."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState
from tests.faults.clients import Client, Line
from tests.faults.journal import Journal, Kind
from tests.faults.lab import FULL, Lab, Scale, Site, exam
from tests.faults.processes import ROOT
from tests.faults.scenarios import faketime_library, scenario
from tests.faults.scenarios.loss import row_of
from tests.faults.table import Row, control
from tests.faults.world import Learner, make_world, set_deadlines

JUMPS = ("+2h", "-2h", "+30m", "+0")


def faked(clock: Path) -> dict[str, str]:
    """An environment whose clock is what `clock` says. Not the MT library, and its monotonic clock stays faked: see docs/faults.md."""
    return {"LD_PRELOAD": str(faketime_library()), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}


@scenario("F9", "the application's clock jumps", needs=["libfaketime"])
def clock_jumps(lab: Lab, scale: Scale) -> Iterator[Row]:
    clock = lab.folder / "clock"
    clock.write_text("+0\n")
    site = lab.new_site("postgresql", environment=faked(clock))
    site.start(worker=True)
    world = make_world(site.database, learners=scale.clients, each=scale.attempts_each)
    done = make_world(site.database)
    set_deadlines(site.database, done.attempts, seconds_left=-31)
    problems: list[str] = []
    with exam(site, scale, world=world) as load:
        for jump in JUMPS:
            load.hurt()
            clock.write_text(f"{jump}\n")
            load.wait_for_saves((6 if scale is FULL else 3) * scale.clients)
            problems += signed_out(site, world.learners[0])
            problems += taken_though_late(site, done.learners[0], jump)
    problems += not_running(site, world.attempts)
    failed = load.journal.count(Kind.FAIL) + load.journal.count(Kind.LATE)
    problems += [f"{failed} saves were refused or late"] if failed else []
    site.stop()
    yield row_of(load, "F9", f"the application's clock jumps {' '.join(JUMPS)}", more=problems)


def signed_out(site: Site, learner: Learner) -> list[str]:
    """Whether the learner's browser session is gone."""
    line = Line(site.web.port, learner)
    status = line.ask("GET", f"/attempts/{learner.attempts[0]}/questions/1").status
    line.close()
    return [] if status == 200 else [f"the question's page answers {status}"]


def taken_though_late(site: Site, learner: Learner, jump: str) -> list[str]:
    """What is over by the database's clock stays over, whatever ours says."""
    client = Client(0, learner, site.web.port, Journal(), 0)
    kind = client.settle(next(client.operations()))
    client.line.close()
    return [] if kind is Kind.LATE else [f"at {jump} an answer after the deadline was {kind}"]


def not_running(site: Site, attempts: Sequence[UUID]) -> list[str]:
    with site.database.session(writes=False) as session:
        states = set(session.scalars(select(Attempt.state).where(Attempt.id.in_(attempts))).all())
    return [] if states == {AttemptState.IN_PROGRESS} else [f"attempts are {states}"]


SIGN = "from itsdangerous import URLSafeTimedSerializer as S; print(S('key').dumps({'user': 1}))"
READ = "import sys; from itsdangerous import URLSafeTimedSerializer as S; S('key').loads(sys.argv[1], max_age=3600 * 24)"


@scenario("F9c", "control: a signed cookie as Flask makes it, read two hours earlier", needs=["libfaketime"])
def signed_cookie(lab: Lab, _scale: Scale) -> Iterator[Row]:
    clock = lab.folder / "cookie-clock"
    clock.write_text("+0\n")
    environment = {**os.environ, **faked(clock)}
    cookie = subprocess.run(
        [sys.executable, "-c", SIGN], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()
    clock.write_text("-2h\n")
    read = subprocess.run([sys.executable, "-c", READ, cookie], env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    said = read.stderr.strip().splitlines()[-1] if read.stderr else ""
    yield control("F9c", "a signed cookie when the clock is 2 h behind", is_red=read.returncode != 0, says=said[:60])
