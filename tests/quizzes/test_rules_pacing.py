"""How long a question takes, told from saved answers alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.bank.rules import QuestionKind, parse_body
from laurel.bank.services import RENDER
from laurel.quizzes.rules import pacing
from laurel.quizzes.rules.pacing import Rate, Saves, Timed
from tests.factories.bank import BODIES

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
Ops = Sequence[tuple[int, int]]
"""Saves as (question, second at which it arrived), in the order in which they were written down."""


def saves_of(ops: Ops) -> list[Saves]:
    """What a database says of them, question by question."""
    numbered = [(slot, place, START + timedelta(seconds=second)) for place, (slot, second) in enumerate(ops, start=1)]
    found = []
    for slot in {slot for slot, _ in ops}:
        places, moments = [place for one, place, _ in numbered if one == slot], [at for one, _, at in numbered if one == slot]
        found.append(Saves(slot=slot, times=len(places), first=min(places), last=max(places), first_at=min(moments), last_at=max(moments)))
    return found


@pytest.mark.parametrize(
    ("ops", "seconds"),
    [
        ([], {}),
        ([(1, 20)], {1: 20}),
        ([(1, 20), (2, 50), (3, 55)], {1: 20, 2: 30, 3: 5}),
        ([(1, 20), (1, 25), (1, 31), (2, 50)], {1: 31, 2: 19}),  # typed, or ticked one by one
        ([(2, 20), (3, 30)], {3: 10}),  # question 1 was skipped: who knows how long it was read
        ([(1, 10), (3, 60), (2, 63)], {1: 10}),  # question 2 was looked at before, and 3 after it
        ([(1, 10), (2, 40), (3, 50), (2, 90), (4, 95)], {1: 10}),  # somebody came back to 2, and 3 follows from that
        ([(1, 10), (2, 600), (3, 600), (4, 630)], {1: 10, 4: 30}),  # 2 and 3 arrived together, after a while offline
        ([(1, 10), (2, 600), (3, 600), (3, 605)], {1: 10}),
        ([(1, 0), (2, 5)], {2: 5}),  # nothing takes no time
        ([(1, 10), (2, 8)], {1: 10}),  # the clock went back
    ],
)
def test_an_answer_is_timed_if_it_was_given_in_turn_and_in_one_go(ops: Ops, seconds: dict[int, float]) -> None:
    assert pacing.seconds_in_turn(saves_of(ops), started_at=START) == seconds


@st.composite
def sittings(draw: st.DrawFn) -> Ops:
    slots = draw(st.lists(st.integers(1, 6), max_size=15))
    pauses = draw(st.lists(st.integers(0, 90), min_size=len(slots), max_size=len(slots)))
    return [(slot, sum(pauses[: place + 1])) for place, slot in enumerate(slots)]


@settings(max_examples=60)
@given(sittings())
def test_no_time_is_counted_twice_and_none_for_what_somebody_came_back_to(ops: Ops) -> None:
    found = pacing.seconds_in_turn(saves_of(ops), started_at=START)
    stays = [slot for slot, _ in groupby(slot for slot, _ in ops)]
    assert all(seconds > 0 and stays.count(slot) == 1 for slot, seconds in found.items())
    assert sum(found.values()) <= (ops[-1][1] if ops else 0)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_who_goes_straight_through_is_timed_throughout(pauses: list[int]) -> None:
    ops = [(place, sum(pauses[:place])) for place in range(1, len(pauses) + 1)]
    assert list(pacing.seconds_in_turn(saves_of(ops), started_at=START).values()) == pauses


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (QuestionKind.SINGLE_CHOICE, 3 + 12),
        (QuestionKind.TRUE_FALSE, 3 + 2),
        (QuestionKind.SHORT_ANSWER, 3),
        (QuestionKind.MATCHING, 3 + 2 + 16),
        (QuestionKind.ORDERING, 3 + 6 + 3 + 5),
        (QuestionKind.CLOZE, 3 + 2),
    ],
)
def test_what_is_read_is_the_question_with_all_that_can_be_chosen(kind: QuestionKind, words: int) -> None:
    body = parse_body(kind, BODIES[kind])
    assert pacing.count_words("<p>Which <em>is</em> it?</p>", body.rendered(RENDER)) == words


def test_reading_takes_a_fast_adults_time() -> None:
    assert pacing.reading_seconds(300) == 60
    assert pacing.reading_seconds(0) == 0


def test_a_pace_is_the_median_the_tenths_and_who_was_right_too_soon() -> None:
    timed = [Timed(float(seconds), is_right=True) for seconds in range(10, 111)] + [Timed(1.0, is_right=False)]
    pace = pacing.pace_of(timed, words=60)  # 12 seconds
    assert (pace.answers, pace.median, pace.reading) == (102, 59.5, 12)
    assert (pace.p10, pace.p90) == (pytest.approx(19.1), pytest.approx(99.9))
    assert pace.far_below == Rate(5, 101)  # 10 to 14: below a quarter of 59.5; the wrong one does not count
    assert pace.unread == Rate(2, 101)


def test_one_answer_is_a_pace_too() -> None:
    pace = pacing.pace_of([Timed(7.0, is_right=False)], words=10)
    assert (pace.p10, pace.median, pace.p90) == (7, 7, 7)
    assert (pace.far_below, pace.unread, pace.unread.share) == (Rate(0, 0), Rate(0, 0), 0)


@settings(max_examples=50)
@given(st.lists(st.builds(Timed, st.integers(1, 5000), st.booleans()), min_size=1, max_size=60), st.integers(0, 400))
def test_a_pace_is_in_order_and_counts_no_more_than_there_is(timed: list[Timed], words: int) -> None:
    pace = pacing.pace_of(timed, words=words)
    assert pace.p10 <= pace.median <= pace.p90
    assert 0 <= pace.far_below.count <= pace.far_below.of == pace.unread.of <= pace.answers


def test_a_rate_is_read_beside_that_of_the_whole_exam() -> None:
    rates = [Rate(1, 40), Rate(0, 30), Rate(8, 30)]
    base = pacing.base_rate(rates)
    assert base == Rate(9, 100)
    assert [rate.chance(base) < pacing.UNUSUAL for rate in rates] == [False, False, True]
    assert Rate(0, 0).chance(Rate(0, 0)) == 1
