"""An attempt that people were reading is opened again: what they gave stays on record, and is given anew."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, ManualMark, SlotMark
from laurel.quizzes.queries.grading import list_waiting
from laurel.quizzes.rules import AttemptState, FinishReason
from laurel.quizzes.rules.grading import GradingClosedError
from tests.factories.quizzes import make_waiting, tasks_of
from tests.factories.terms import WHY, make_staff
from tests.quizzes.test_services_grading import FULL, mark, owner_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def attempt(session: Session, now: datetime) -> Attempt:
    """Two essays that the timer handed in."""
    attempt = make_waiting(session, essays=2, now=now, text="Words.")
    attempt.finish_reason = FinishReason.TIMER
    session.flush()
    return attempt


def reopen(session: Session, attempt: Attempt, now: datetime) -> datetime:
    services.reopen_attempt(session, attempt.id, minutes=20, reason=WHY, actor=make_staff(session), now=now + MINUTE)
    return now + 2 * MINUTE


def hand_in(session: Session, attempt: Attempt, now: datetime) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)


def count_waiting(session: Session, attempt: Attempt) -> int:
    owner_id = owner_of(session, attempt)
    return len(session.execute(list_waiting(owner_id, owner_id)).all())


def test_nobody_reads_it_while_it_is_open_again(session: Session, attempt: Attempt, now: datetime) -> None:
    mark(session, attempt, slot=2, now=now)
    later = reopen(session, attempt, now)
    assert attempt.state is AttemptState.IN_PROGRESS
    assert count_waiting(session, attempt) == 0
    with pytest.raises(GradingClosedError):
        mark(session, attempt, slot=3, now=later)


def test_what_was_read_before_is_read_again_and_both_rounds_stay_on_record(session: Session, attempt: Attempt, now: datetime) -> None:
    mark(session, attempt, slot=2, now=now)
    later = reopen(session, attempt, now)
    hand_in(session, attempt, later)
    assert attempt.state is AttemptState.NEEDS_GRADING
    assert [task.graded_at for task in tasks_of(session, attempt)] == [None, None]
    assert count_waiting(session, attempt) == 2

    assert mark(session, attempt, slot=2, now=later) is False  # the very same points: they count for the new round
    assert mark(session, attempt, slot=3, now=later) is True
    assert (attempt.state, attempt.passed) == (AttemptState.GRADED, True)
    rounds = session.scalars(select(ManualMark.revision).where(ManualMark.attempt_id == attempt.id, ManualMark.slot == 2))
    assert len(rounds.all()) == 2
    revisions = session.scalars(select(SlotMark.revision).where(SlotMark.attempt_id == attempt.id, SlotMark.slot == 1))
    assert sorted(revisions) == [1, 2]
    assert attempt.earned == sum(one.mark for one in queries.list_marks(session, attempt.id))


def test_an_attempt_that_failed_by_its_essays_can_be_opened_and_pass(session: Session, attempt: Attempt, now: datetime) -> None:
    for slot in (2, 3):
        mark(session, attempt, slot=slot, points=["0"] * len(FULL), now=now)
    assert (attempt.state, attempt.passed) == (AttemptState.GRADED, False)
    later = reopen(session, attempt, now)
    hand_in(session, attempt, later)
    for slot in (2, 3):
        mark(session, attempt, slot=slot, now=later)
    assert (attempt.state, attempt.passed) == (AttemptState.GRADED, True)
