from itertools import product

import pytest

from laurel.quizzes.rules.states import HANDED_IN, NEXT, OPEN, AttemptState, FinishReason, may_become, sources_of

S = AttemptState


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (S.SCHEDULED, S.IN_PROGRESS),
        (S.IN_PROGRESS, S.PAUSED),
        (S.PAUSED, S.IN_PROGRESS),
        (S.IN_PROGRESS, S.SUBMITTED),
        (S.IN_PROGRESS, S.OVERDUE),
        (S.OVERDUE, S.SUBMITTED),
        (S.OVERDUE, S.ABANDONED),
        (S.IN_PROGRESS, S.ABANDONED),
        (S.ABANDONED, S.IN_PROGRESS),
        (S.SUBMITTED, S.GRADED),
        (S.SUBMITTED, S.NEEDS_GRADING),
        (S.NEEDS_GRADING, S.GRADED),
    ],
)
def test_an_attempt_may_take_the_steps_of_its_life(current: S, wanted: S) -> None:
    assert may_become(current, wanted)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [(S.GRADED, S.SUBMITTED), (S.PAUSED, S.SUBMITTED), (S.ABANDONED, S.GRADED), (S.SCHEDULED, S.SUBMITTED), (S.GRADED, S.PAUSED)],
)
def test_an_attempt_takes_no_other_steps(current: S, wanted: S) -> None:
    assert not may_become(current, wanted)


@pytest.mark.parametrize("current", sorted(HANDED_IN))
def test_only_what_the_timer_handed_in_is_opened_again(current: S) -> None:
    assert may_become(current, S.IN_PROGRESS, finish_reason=FinishReason.TIMER)
    assert not may_become(current, S.IN_PROGRESS, finish_reason=FinishReason.LEARNER)


def test_anything_but_a_voided_attempt_may_be_voided_and_nothing_leaves_that_state() -> None:
    assert sources_of(S.VOIDED) == frozenset(S) - {S.VOIDED}
    assert NEXT[S.VOIDED] == frozenset()


def test_every_state_has_its_row_and_is_open_handed_in_or_ended() -> None:
    assert set(NEXT) == set(S)
    assert {*OPEN, *HANDED_IN, S.ABANDONED, S.VOIDED} == set(S)
    assert not OPEN & HANDED_IN


@pytest.mark.parametrize(("current", "wanted"), list(product(S, S)))
def test_the_sources_of_a_state_are_the_table_read_backwards(current: S, wanted: S) -> None:
    assert (current in sources_of(wanted)) == (wanted in NEXT[current])
