"""Staff, learners, the sweeper and the ledger at the same moment: real threads on real connections, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.db import Database
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, Outage, OutageCredit, Quiz
from laurel.quizzes.queries.outages import list_unsettled
from laurel.quizzes.queries.replay import check_chain
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.saving import SaveItem
from laurel.quizzes.rules.staff import Staff
from laurel.quizzes.rules.terms import Override
from laurel.quizzes.services import SaveReply
from tests.factories.accounts import make_user
from tests.factories.quizzes import make_attempt, make_quiz
from tests.factories.terms import WHY, make_group, make_staff
from tests.quizzes.test_races import at_once

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
Work = Callable[[Session], Any]


def fresh(session: Session) -> None:
    session.rollback()
    session.expire_all()


@pytest.mark.parametrize("round_", range(4))
def test_an_extension_comes_before_the_end_or_not_at_all(database: Database, session: Session, now: datetime, round_: int) -> None:
    """Extending, saving, handing in and the sweeper, all just after the end: whatever wins, nothing that was saved is lost."""
    attempt, admin = make_attempt(session, make_quiz(session), now=now), make_staff(session)
    session.commit()
    in_time, late = now + HOUR + 20 * SECOND, now + HOUR + 40 * SECOND
    items = [SaveItem(op_id=new_id(), slot=1, seq=seq, answer={"choice": "a" if seq % 2 else "b"}) for seq in range(1, 5)]

    def save(item: SaveItem, moment: datetime) -> Work:
        return lambda session: services.save_answers(
            session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=[item], lease=None, now=moment
        )

    def extend(session: Session) -> Attempt:
        return services.extend_attempt(session, attempt.id, minutes=10, reason=WHY, actor=admin, now=in_time)

    sweep: Work = lambda session: services.expire_overdue(session, now=late)  # noqa: E731
    works: list[Work] = [extend, sweep, *(save(item, in_time) for item in items[:2]), sweep, *(save(item, late) for item in items[2:])]
    results = at_once(database, works)

    fresh(session)
    if isinstance(results[0], Attempt):
        assert (attempt.state, attempt.deadline_at) == (AttemptState.IN_PROGRESS, now + HOUR + 10 * MINUTE)
    else:
        assert (attempt.state, attempt.added_seconds) == (AttemptState.GRADED, 0)
    saved = {op_id for result in results if isinstance(result, SaveReply) for op_id in result.saved}
    assert {op.op_id for op in queries.list_ops(session, attempt.id)} == saved
    assert check_chain(session, attempt).is_intact


def test_two_members_of_staff_at_once_both_count(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    staff = [make_staff(session) for _ in range(8)]
    session.commit()

    def extend(actor: Staff) -> Work:
        return lambda session: services.extend_attempt(session, attempt.id, minutes=5, reason=WHY, actor=actor, now=now)

    results = at_once(database, [extend(actor) for actor in staff])
    fresh(session)
    done = sum(isinstance(result, Attempt) for result in results)
    assert done == 8
    assert (attempt.added_seconds, attempt.deadline_at) == (8 * 300, now + HOUR + 40 * MINUTE)
    assert len(attempt.announcements or []) == 8


def test_support_cannot_exceed_its_hour_together(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    staff = [make_staff(session, role="support") for _ in range(8)]
    session.commit()

    def extend(actor: Staff) -> Work:
        return lambda session: services.extend_attempt(session, attempt.id, minutes=20, reason=WHY, actor=actor, now=now)

    at_once(database, [extend(actor) for actor in staff])
    fresh(session)
    assert attempt.added_seconds == 3600


def test_pausing_and_handing_in_at_once_end_in_one_of_the_two(database: Database, session: Session, now: datetime) -> None:
    attempt, admin = make_attempt(session, make_quiz(session), now=now), make_staff(session)
    session.commit()

    def pause(session: Session) -> Attempt:
        return services.pause_attempt(session, attempt.id, reason=WHY, actor=admin, now=now)

    def submit(session: Session) -> Attempt:
        return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)

    results = at_once(database, [pause, submit] * 4)
    fresh(session)
    paused = sum(isinstance(result, Attempt) for result in results[::2])
    assert (attempt.state, paused) in {(AttemptState.PAUSED, 1), (AttemptState.GRADED, 0)}


def test_reopening_twice_at_once_opens_once(database: Database, session: Session, now: datetime) -> None:
    attempt, admin = make_attempt(session, make_quiz(session), now=now), make_staff(session)
    services.expire_overdue(session, now=now + 2 * HOUR)
    session.commit()

    def reopen(session: Session) -> Attempt:
        return services.reopen_attempt(session, attempt.id, minutes=20, reason=WHY, actor=admin, now=now + 2 * HOUR)

    results = at_once(database, [reopen] * 6)
    fresh(session)
    assert sum(isinstance(result, Attempt) for result in results) == 1
    assert attempt.deadline_at == now + 2 * HOUR + 20 * MINUTE


@pytest.mark.parametrize("round_", range(3))
def test_an_override_reaches_who_starts_at_that_very_moment(database: Database, session: Session, now: datetime, round_: int) -> None:
    quiz, admin = make_quiz(session), make_staff(session)
    learners = [make_user(session) for _ in range(4)]
    group = make_group(session, *(learner.id for learner in learners))
    session.commit()

    def start(learner_id: Any) -> Work:
        return lambda session: make_attempt(session, quiz, learner_id=learner_id, now=now)

    def override(session: Session) -> Any:
        return services.set_override(session, quiz.id, Override(minutes=90), actor=admin, reason=WHY, group_id=group.id, now=now)

    results = at_once(database, [start(learners[0].id), start(learners[1].id), override, start(learners[2].id), start(learners[3].id)])
    assert not [result for result in results if isinstance(result, Exception)]
    fresh(session)
    deadlines = session.scalars(select(Attempt.deadline_at).where(Attempt.quiz_id == quiz.id)).all()
    assert set(deadlines) == {now + 90 * MINUTE}


def at_work(session: Session, now: datetime, quiz: Quiz, count: int) -> list[Attempt]:
    attempts = [make_attempt(session, quiz, now=now) for _ in range(count)]
    services.beat(session, instance="web-0", now=now + 10 * MINUTE)
    session.commit()
    return attempts


def test_processes_that_come_back_at_once_write_one_outage_and_give_it_back_once(
    database: Database, session: Session, now: datetime
) -> None:
    attempts = at_work(session, now, make_quiz(session), 5)
    back = now + 15 * MINUTE

    def come_back(number: int) -> Work:
        def work(session: Session) -> None:
            services.beat(session, instance=f"web-{number}", now=back)
            session.commit()
            for outage in list_unsettled(session):
                services.settle_some(session, outage, after=None, now=back)

        return work

    def look(attempt: Attempt) -> Work:
        return lambda session: services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=back)

    results = at_once(database, [*(come_back(number) for number in range(6)), look(attempts[0])])
    assert not [result for result in results if isinstance(result, Exception)]
    fresh(session)
    assert session.scalar(select(func.count()).select_from(Outage)) == 1
    assert {attempt.credited_seconds for attempt in attempts[1:]} == {300}
    assert session.scalar(select(func.count()).select_from(OutageCredit)) in {4, 5}
    assert list_unsettled(session) == []
