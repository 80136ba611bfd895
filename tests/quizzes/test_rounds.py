"""An exam is sat again: what a round counts, what it leaves alone, and what goes on where nothing was passed before."""

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
from laurel.quizzes.queries.rounds import find_round_of
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
    sit(session, quiz, learner, now)
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


# ---- where nothing was passed before


@pytest.mark.parametrize(("used_before", "left"), [(0, 2), (1, 1), (2, 0)])
def test_what_is_left_of_the_exams_own_attempts_serves_in_a_round_that_brings_none(
    session: Session, learner: User, now: datetime, used_before: int, left: int
) -> None:
    quiz = make_quiz(session, attempts_allowed=2)
    for _ in range(used_before):
        sit(session, quiz, learner, now, right=0)
    open_round(session, quiz, learner, now, included=False)

    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now)

    assert (lobby.attempts_left, lobby.attempts_allowed, lobby.round.number) == (left, 2, 2)
    assert (lobby.obstacle is None) == bool(left)


@on_one
def test_an_attempt_that_staff_give_back_is_there_in_the_round_that_goes_on(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session, attempts_allowed=1)
    spoiled = sit(session, quiz, learner, now, right=0)
    open_round(session, quiz, learner, now, included=False)
    staff = Staff(id=make_user(session, roles=["admin"]).id, may_manage=True)

    services.void_attempt(session, spoiled.id, gives_back=True, reason="Fire alarm.", actor=staff, now=now)

    assert sit(session, quiz, learner, now).round_number == 2


@on_one
def test_the_waiting_time_is_not_cut_short_by_a_round(session: Session, learner: User, now: datetime) -> None:
    quiz = make_quiz(session, attempts_allowed=2, retake_wait_hours=(24,))
    sit(session, quiz, learner, now, right=0)
    open_round(session, quiz, learner, now, included=False)

    early, late = (queries.describe_lobby(session, quiz.id, learner.id, now=now + wait) for wait in (WEEK / 14, WEEK / 6))

    assert (early.obstacle, late.obstacle) == (Obstacle.WAIT, None)


def test_the_rounds_time_ends_the_round_and_not_the_attempts_of_who_has_never_passed(
    session: Session, learner: User, now: datetime
) -> None:
    quiz = make_quiz(session, attempts_allowed=2)
    round_ = open_round(session, quiz, learner, now, included=False)
    in_time = sit(session, quiz, learner, now, right=0)
    late = sit(session, quiz, learner, now + WEEK)

    assert late.passed
    assert queries.describe_lobby(session, quiz.id, learner.id, now=now + WEEK).obstacle is Obstacle.PASSED
    assert [find_round_of(session, learner.id, attempt.id) for attempt in (in_time, late)] == [round_, None]


@on_one
def test_a_round_that_brings_its_attempts_counts_anew_and_the_next_one_goes_on_from_there(
    session: Session, learner: User, now: datetime
) -> None:
    quiz = make_quiz(session, attempts_allowed=2)
    sit(session, quiz, learner, now, right=0)
    open_round(session, quiz, learner, now)
    fresh = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    sit(session, quiz, learner, now, right=0)
    sit(session, quiz, learner, now, right=0)
    open_round(session, quiz, learner, now + WEEK, included=False)

    following = queries.describe_lobby(session, quiz.id, learner.id, now=now + WEEK)

    assert (fresh.attempts_left, following.attempts_left, following.obstacle) == (2, 0, Obstacle.NO_ATTEMPTS_LEFT)
