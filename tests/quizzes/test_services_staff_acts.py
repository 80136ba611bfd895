"""What staff do to attempts: each act, its audit entry, and what is refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError, DomainError, ForbiddenError, InvalidInputError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.quizzes import queries, services
from laurel.quizzes.events import AttemptSubmitted
from laurel.quizzes.handlers import email_exam_receipt
from laurel.quizzes.models import Attempt, SlotMark
from laurel.quizzes.queries.replay import check_chain
from laurel.quizzes.rules import AttemptState, FinishReason, QuizKind
from laurel.quizzes.rules.quizzes import ExpiryPolicy
from laurel.quizzes.rules.staff import Staff
from laurel.quizzes.rules.states import AttemptTransitionError
from laurel.quizzes.rules.terms import NEVER
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer, answer_all, make_attempt, make_quiz
from tests.factories.terms import WHY, make_override, make_staff

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def admin(session: Session) -> Staff:
    return make_staff(session)


@pytest.fixture
def attempt(session: Session, now: datetime) -> Attempt:
    return make_attempt(session, make_quiz(session), now=now)


def last_event(session: Session, name: str) -> EventRecord:
    return session.scalars(select(EventRecord).where(EventRecord.name == name).order_by(EventRecord.id.desc())).first()  # type: ignore[return-value]


def told(attempt: Attempt) -> list[str]:
    return [one["text"] for one in attempt.announcements or []]


def extend(session: Session, attempt: Attempt, actor: Staff, now: datetime, minutes: int = 10) -> Attempt:
    return services.extend_attempt(session, attempt.id, minutes=minutes, reason=WHY, actor=actor, now=now)


def time_out(session: Session, attempt: Attempt, now: datetime, *, right: int = 0) -> datetime:
    """Let the timer hand it in; returns a moment after that."""
    answer_all(session, attempt, right=right, now=now)
    later = now + HOUR + 5 * MINUTE
    services.expire_overdue(session, now=later)
    return later


# ---- more time


def test_more_time_moves_the_end_tells_the_learner_and_is_on_record(
    session: Session, attempt: Attempt, admin: Staff, now: datetime
) -> None:
    extend(session, attempt, admin, now)
    assert (attempt.deadline_at, attempt.added_seconds, told(attempt)) == (now + 70 * MINUTE, 600, ["Staff gave you 10 minutes more."])
    event = last_event(session, "AttemptExtended")
    assert (event.actor_id, event.subject_id, event.facts["reason"], event.facts["minutes"]) == (admin.id, attempt.id, WHY, 10)
    assert event.facts["before"]["deadline_at"] == (now + HOUR).isoformat()
    assert event.facts["after"]["deadline_at"] == (now + 70 * MINUTE).isoformat()


def test_an_answer_after_the_old_end_counts_once_there_is_more_time(
    session: Session, attempt: Attempt, admin: Staff, now: datetime
) -> None:
    extend(session, attempt, admin, now + 59 * MINUTE)
    late = now + 69 * MINUTE
    services.expire_overdue(session, now=late)
    assert len(answer(session, attempt, 1, {"choice": "a"}, now=late).saved) == 1


def test_support_gives_an_hour_in_all(session: Session, attempt: Attempt, now: datetime) -> None:
    support = make_staff(session, role="support")
    extend(session, attempt, support, now, minutes=50)
    with pytest.raises(InvalidInputError, match="10 more minutes"):
        extend(session, attempt, support, now, minutes=20)
    extend(session, attempt, support, now, minutes=10)
    with pytest.raises(ForbiddenError):
        extend(session, attempt, support, now, minutes=1)
    assert attempt.added_seconds == 3600


def test_more_time_past_the_close_is_refused_and_changes_nothing(session: Session, admin: Staff, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, closes_at=now + HOUR), now=now)
    session.commit()
    with pytest.raises(ConflictError, match="closes at 10:30"):
        extend(session, attempt, admin, now)
    session.rollback()
    session.refresh(attempt)
    assert (attempt.added_seconds, told(attempt)) == (0, [])


def test_what_has_no_limit_needs_no_more_time(session: Session, admin: Staff, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, kind=QuizKind.GRADED), now=now)
    with pytest.raises(ConflictError, match="no time limit"):
        extend(session, attempt, admin, now)


def test_what_has_ended_is_not_extended_and_the_timer_comes_first(session: Session, attempt: Attempt, admin: Staff, now: datetime) -> None:
    with pytest.raises(AttemptTransitionError):
        extend(session, attempt, admin, now + HOUR + MINUTE)
    assert attempt.state is AttemptState.GRADED


def test_an_overdue_attempt_goes_on_with_more_time(session: Session, admin: Staff, now: datetime) -> None:
    quiz = make_quiz(session, expiry_policy=ExpiryPolicy.GRACE_PERIOD, grace_seconds=600)
    attempt = make_attempt(session, quiz, now=now)
    later = now + HOUR + MINUTE
    services.expire_overdue(session, now=later)
    assert attempt.state is AttemptState.OVERDUE
    extend(session, attempt, admin, later)
    assert attempt.state is AttemptState.IN_PROGRESS
    assert len(answer(session, attempt, 1, {"choice": "a"}, now=later).saved) == 1


# ---- a pause


def test_a_pause_stops_the_clock_and_gives_its_time_back(session: Session, attempt: Attempt, admin: Staff, now: datetime) -> None:
    services.pause_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + 10 * MINUTE)
    assert (attempt.state, attempt.paused_at) == (AttemptState.PAUSED, now + 10 * MINUTE)
    services.expire_overdue(session, now=now + 3 * HOUR)
    assert attempt.state is AttemptState.PAUSED
    reply = answer(session, attempt, 1, {"choice": "a"}, now=now + 11 * MINUTE)
    assert (reply.state, reply.saved, reply.late) == (AttemptState.PAUSED, [], [])
    services.resume_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + 3 * HOUR)
    assert (attempt.state, attempt.paused_at, attempt.paused_seconds) == (AttemptState.IN_PROGRESS, None, 170 * 60)
    assert attempt.deadline_at == now + HOUR + 170 * MINUTE
    assert "paused for 2 hours 50 minutes" in told(attempt)[0]
    assert [last_event(session, name).actor_id for name in ("AttemptPaused", "AttemptResumed")] == [admin.id, admin.id]


def test_two_pauses_add_up(session: Session, attempt: Attempt, admin: Staff, now: datetime) -> None:
    for start in (10, 30):
        services.pause_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + start * MINUTE)
        services.resume_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + (start + 5) * MINUTE)
    assert attempt.deadline_at == now + 70 * MINUTE


def test_more_time_can_be_given_during_a_pause(session: Session, attempt: Attempt, admin: Staff, now: datetime) -> None:
    services.pause_attempt(session, attempt.id, reason=WHY, actor=admin, now=now)
    extend(session, attempt, admin, now + 2 * HOUR)
    services.resume_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + 2 * HOUR)
    assert attempt.deadline_at == now + 3 * HOUR + 10 * MINUTE


def test_what_cannot_be_paused_or_resumed_is_refused(session: Session, attempt: Attempt, admin: Staff, now: datetime) -> None:
    with pytest.raises(AttemptTransitionError, match="not paused"):
        services.resume_attempt(session, attempt.id, reason=WHY, actor=admin, now=now)
    with pytest.raises(AttemptTransitionError, match="runs"):
        services.pause_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + HOUR + timedelta(seconds=10))


# ---- opening again


def test_what_the_timer_ended_goes_on_with_its_answers_and_its_marks_stay_as_a_revision(
    session: Session, attempt: Attempt, admin: Staff, now: datetime
) -> None:
    later = time_out(session, attempt, now, right=2)
    receipt = attempt.receipt
    assert (attempt.state, attempt.passed, attempt.earned) == (AttemptState.GRADED, False, 2)
    services.reopen_attempt(session, attempt.id, minutes=20, reason=WHY, actor=admin, now=later)
    assert (attempt.state, attempt.deadline_at) == (AttemptState.IN_PROGRESS, later + 20 * MINUTE)
    assert (attempt.receipt, attempt.passed, attempt.finished_at, attempt.finish_reason) == (None, None, None, None)
    before = last_event(session, "AttemptReopened").facts["before"]
    assert (before["receipt"], before["finish_reason"]) == (receipt, "timer")
    assert float(before["earned"]) == 2
    assert "You have 20 minutes" in told(attempt)[0]

    for slot, right in ((3, {"value": False}), (4, {"text": "hallucination"})):
        assert len(answer(session, attempt, slot, right, seq=2, now=later).saved) == 1
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=later + MINUTE)
    assert (attempt.state, attempt.passed, attempt.earned, attempt.finish_reason) == (AttemptState.GRADED, True, 4, FinishReason.LEARNER)
    assert attempt.receipt != receipt
    assert {mark.revision for mark in queries.list_marks(session, attempt.id)} == {2}
    revisions = session.scalars(select(SlotMark.revision).where(SlotMark.attempt_id == attempt.id)).all()
    assert sorted(revisions) == [1] * 5 + [2] * 5
    assert check_chain(session, attempt).is_intact


def test_the_receipt_of_the_second_handing_in_is_mailed_too(
    session: Session, attempt: Attempt, admin: Staff, now: datetime, app: Any
) -> None:
    later = time_out(session, attempt, now)

    def mail() -> None:
        event = AttemptSubmitted(
            occurred_at=later, attempt_id=attempt.id, learner_id=attempt.learner_id, quiz_id=attempt.quiz_id, by_timer=True
        )
        for _ in range(2):
            email_exam_receipt(session, event)

    mail()
    services.reopen_attempt(session, attempt.id, minutes=20, reason=WHY, actor=admin, now=later)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=later + MINUTE)
    mail()
    assert len(session.scalars(select(Mail).where(Mail.key.startswith("exam_receipt"))).all()) == 2


def test_an_abandoned_attempt_can_be_opened_again_and_ends_when_asked(session: Session, admin: Staff, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, expiry_policy=ExpiryPolicy.ABANDON), now=now)
    services.expire_overdue(session, now=now + 9 * HOUR)
    assert (attempt.state, attempt.finished_at) == (AttemptState.ABANDONED, now + HOUR)
    services.reopen_attempt(session, attempt.id, minutes=15, reason=WHY, actor=admin, now=now + 10 * HOUR)
    assert attempt.deadline_at == now + 10 * HOUR + 15 * MINUTE
    services.expire_overdue(session, now=now + 11 * HOUR)
    assert (attempt.state, attempt.finished_at) == (AttemptState.ABANDONED, now + 10 * HOUR + 15 * MINUTE)


def test_an_attempt_that_the_close_ended_needs_a_later_close_first(session: Session, admin: Staff, now: datetime) -> None:
    quiz = make_quiz(session, closes_at=now + HOUR / 2)
    attempt = make_attempt(session, quiz, now=now)
    later = time_out(session, attempt, now)
    session.commit()
    with pytest.raises(ConflictError, match="closed for this learner"):
        services.reopen_attempt(session, attempt.id, minutes=20, reason=WHY, actor=admin, now=later)
    session.rollback()
    make_override(session, quiz, learner_id=attempt.learner_id, closes_at=NEVER, now=later)
    services.reopen_attempt(session, attempt.id, minutes=20, reason=WHY, actor=admin, now=later)
    assert attempt.deadline_at >= later + 20 * MINUTE


def hand_in(session: Session, attempt: Attempt, now: datetime) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)


def start_another(session: Session, attempt: Attempt, now: datetime) -> None:
    time_out(session, attempt, now)
    make_attempt(session, queries.get_quiz(session, attempt.quiz_id), learner_id=attempt.learner_id, now=now + 2 * HOUR)


def set_aside(session: Session, attempt: Attempt, now: datetime) -> None:
    services.void_attempt(session, attempt.id, gives_back=False, reason=WHY, actor=make_staff(session), now=now)


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda *_: None, "timer handed in"),
        (hand_in, "timer handed in"),
        (lambda s, a, n: time_out(s, a, n, right=5), "not put at stake"),
        (start_another, "another attempt open"),
        (set_aside, "timer handed in"),
    ],
)
def test_what_is_not_opened_again(
    session: Session, attempt: Attempt, admin: Staff, now: datetime, prepare: Callable[..., Any], words: str
) -> None:
    prepare(session, attempt, now)
    state = attempt.state
    with pytest.raises(ConflictError, match=words):
        services.reopen_attempt(
            session, attempt.id, minutes=20, reason=WHY, actor=admin, now=now + 2 * HOUR if state is not AttemptState.IN_PROGRESS else now
        )
    session.refresh(attempt)
    assert attempt.state is state


# ---- setting aside


@pytest.mark.parametrize("gives_back", [True, False])
def test_an_attempt_that_is_set_aside_counts_or_is_given_back(session: Session, admin: Staff, now: datetime, gives_back: bool) -> None:
    quiz, learner = make_quiz(session, attempts_allowed=1, retake_wait_hours=(24,)), make_user(session)
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    services.void_attempt(session, attempt.id, gives_back=gives_back, reason=WHY, actor=admin, now=now + MINUTE)
    assert (attempt.state, attempt.finish_reason, attempt.is_counted) == (AttemptState.VOIDED, FinishReason.STAFF, not gives_back)
    assert queries.describe_lobby(session, quiz.id, learner.id, now=now + 2 * MINUTE).may_start is gives_back
    assert queries.summarize_results(session, quiz.id).started == 0
    assert last_event(session, "AttemptVoided").facts["before"]["state"] == "in_progress"
    with pytest.raises(AttemptTransitionError):
        services.void_attempt(session, attempt.id, gives_back=True, reason=WHY, actor=admin, now=now)


def test_what_was_passed_is_not_set_aside(session: Session, attempt: Attempt, admin: Staff, now: datetime) -> None:
    answer_all(session, attempt, now=now)
    hand_in(session, attempt, now)
    with pytest.raises(ConflictError, match="credential"):
        services.void_attempt(session, attempt.id, gives_back=True, reason=WHY, actor=admin, now=now)
    assert (attempt.state, attempt.passed) == (AttemptState.GRADED, True)


# ---- who may


ACTS: dict[str, Callable[..., Any]] = {
    "extend": lambda s, a, **facts: services.extend_attempt(s, a, minutes=5, **facts),
    "pause": services.pause_attempt,
    "resume": services.resume_attempt,
    "reopen": lambda s, a, **facts: services.reopen_attempt(s, a, minutes=5, **facts),
    "void": lambda s, a, **facts: services.void_attempt(s, a, gives_back=True, **facts),
}


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_on_their_own_attempt_nor_without_a_reason(session: Session, attempt: Attempt, now: datetime, act: str) -> None:
    mine = Staff(id=attempt.learner_id, may_manage=True)
    refusals: list[tuple[Staff, str, type[DomainError]]] = [
        (mine, WHY, ForbiddenError),
        (make_staff(session), " ", InvalidInputError),
    ]
    if act != "extend":
        refusals.append((make_staff(session, role="support"), WHY, ForbiddenError))
    for actor, reason, error in refusals:
        with pytest.raises(error):
            ACTS[act](session, attempt.id, reason=reason, actor=actor, now=now)
    assert (attempt.state, attempt.added_seconds) == (AttemptState.IN_PROGRESS, 0)


def test_practice_is_left_alone(session: Session, admin: Staff, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, kind=QuizKind.PRACTICE), now=now)
    with pytest.raises(ConflictError, match="practice"):
        services.void_attempt(session, attempt.id, gives_back=True, reason=WHY, actor=admin, now=now)


# ---- the sweeper


def test_many_overdue_attempts_do_not_hold_up_the_others(session: Session, now: datetime) -> None:
    patient = make_quiz(session, expiry_policy=ExpiryPolicy.GRACE_PERIOD, grace_seconds=3600)
    waiting = [make_attempt(session, patient, now=now) for _ in range(3)]
    due = make_attempt(session, make_quiz(session), now=now + MINUTE)
    services.expire_overdue(session, now=now + HOUR + timedelta(seconds=31))
    assert {attempt.state for attempt in waiting} == {AttemptState.OVERDUE}
    services.expire_overdue(session, now=now + HOUR + 2 * MINUTE, limit=1)
    assert due.state is AttemptState.GRADED
