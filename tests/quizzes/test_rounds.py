"""An exam that was passed is sat again: what a round counts, and what it leaves alone."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, ExamRound, Quiz
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.staff import Staff
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.services import OpenAttemptError, RoundUnderWayError
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz

WEEK = timedelta(days=7)
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def learner(session: Session) -> User:
    return make_user(session)


def sit(session: Session, quiz: Quiz, learner: User, now: datetime, *, right: int | None = None) -> Attempt:
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    answer_all(session, attempt, right=right, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)
    return attempt


def open_round(
    session: Session, quiz: Quiz, learner: User, now: datetime, *, purpose: UUID | None = None, included: bool = True
) -> ExamRound:
    return services.open_round(
        session,
        quiz_id=quiz.id,
        learner_id=learner.id,
        opened_for=purpose or new_id(),
        closes_at=now + WEEK,
        includes_attempts=included,
        now=now,
    )


def test_a_round_counts_its_own_attempts_and_passes_and_lists_all(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session, attempts_allowed=2)
    sit(session, quiz, learner, now, right=0)
    sit(session, quiz, learner, now)
    before = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    open_round(session, quiz, learner, now)
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    again = sit(session, quiz, learner, now)
    after = queries.describe_lobby(session, quiz.id, learner.id, now=now)

    assert (before.obstacle, before.has_passed, before.round.number) == (Obstacle.PASSED, True, 1)
    assert (lobby.obstacle, lobby.has_passed, lobby.attempts_left, len(lobby.attempts)) == (None, False, 2, 2)
    assert (again.number, again.round_number) == (3, 2)
    assert (after.obstacle, after.has_passed, after.attempts_left) == (Obstacle.PASSED, True, 1)


@on_one
def test_a_round_without_attempts_starts_only_with_those_that_were_bought(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session)
    sit(session, quiz, learner, now)
    open_round(session, quiz, learner, now, included=False)

    none, one = (queries.describe_lobby(session, quiz.id, learner.id, now=now, extra_attempts=extra) for extra in (0, 1))

    assert (none.obstacle, none.attempts_allowed, one.obstacle, one.attempts_left) == (Obstacle.NO_ATTEMPTS_LEFT, 0, None, 1)


@on_one
def test_an_exam_without_a_limit_has_none_in_any_round(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session, attempts_allowed=None)
    sit(session, quiz, learner, now)
    open_round(session, quiz, learner, now, included=False)

    assert queries.describe_lobby(session, quiz.id, learner.id, now=now).obstacle is None


def test_who_may_sit_it_for_two_things_cannot_begin_in_turns(session: Session, learner: User, now: datetime) -> None:
    quiz, first, second = make_quiz(session), new_id(), new_id()
    open_round(session, quiz, learner, now, purpose=first)

    with pytest.raises(RoundUnderWayError):
        open_round(session, quiz, learner, now, purpose=second)
    assert open_round(session, quiz, learner, now + 2 * WEEK, purpose=second).number == 3


@on_one
def test_no_round_opens_while_an_attempt_of_another_runs(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session)
    running = make_attempt(session, quiz, learner_id=learner.id, now=now)

    with pytest.raises(OpenAttemptError) as refused:
        open_round(session, quiz, learner, now)
    assert refused.value.attempt_id == running.id


def test_closing_is_told_once_and_opening_too(session: Session, learner: User, now: datetime) -> None:
    quiz, purpose = make_quiz(session), new_id()
    for _ in range(2):
        open_round(session, quiz, learner, now, purpose=purpose)
    for _ in range(2):
        services.close_rounds(session, opened_for=purpose, now=now + timedelta(hours=1))

    told = session.scalars(select(EventRecord.name).where(EventRecord.name.startswith("ExamRound")).order_by(EventRecord.occurred_at))
    assert told.all() == ["ExamRoundOpened", "ExamRoundClosed"]
    assert queries.describe_lobby(session, quiz.id, learner.id, now=now + timedelta(hours=1)).obstacle is Obstacle.ROUND_OVER


@on_one
def test_staff_open_a_renewals_attempt_again_though_the_first_was_passed(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session)
    sit(session, quiz, learner, now)
    open_round(session, quiz, learner, now)
    late = make_attempt(session, quiz, learner_id=learner.id, now=now)
    services.expire_attempt(session, late.id, now=now + timedelta(hours=2))
    staff = Staff(id=make_user(session, roles=["admin"]).id, may_manage=True)

    services.reopen_attempt(session, late.id, minutes=10, reason="Fire alarm.", actor=staff, now=now + timedelta(hours=2))

    assert session.get_one(Attempt, late.id, populate_existing=True).state is AttemptState.IN_PROGRESS
