from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.durations import in_words
from laurel.quizzes.rules import announcing
from laurel.quizzes.rules.outages import (
    MAX_CREDIT,
    Span,
    agreed_span,
    clock_steps,
    concerns,
    credit_for,
    find_gap,
    is_silent,
    without,
    witnesses_needed,
)

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOTHING = timedelta(0)


def at(seconds: float) -> datetime:
    return TEN + timedelta(seconds=seconds)


def span(start: float, end: float) -> Span:
    return Span(at(start), at(end))


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


@pytest.mark.parametrize(("silence", "is_gap"), [(0, False), (5, False), (15, False), (15.1, True), (3600, True), (-100, False)])
def test_silence_of_more_than_fifteen_seconds_is_a_gap(silence: float, is_gap: bool) -> None:
    assert (find_gap(TEN, at(silence)) == span(0, silence)) is is_gap
    assert is_silent(TEN, at(silence)) is is_gap


def test_where_no_heartbeat_ever_was_there_is_no_gap() -> None:
    assert find_gap(None, TEN) is None
    assert not is_silent(None, TEN)


@pytest.mark.parametrize(
    ("outage", "started", "credited", "expected"),
    [
        ((100, 400), 0, [], 300),
        ((100, 400), 250, [], 150),  # it began in the middle of it
        ((100, 400), 400, [], 0),
        ((100, 400), 0, [(100, 400)], 0),  # never twice for one moment
        ((100, 400), 0, [(0, 150), (300, 350)], 200),
        ((0, 100_000), 0, [], MAX_CREDIT.total_seconds()),
    ],
)
def test_the_whole_outage_is_given_back_once_and_capped(
    outage: tuple[float, float], started: float, credited: list[tuple[float, float]], expected: float
) -> None:
    given_back = [span(*one) for one in credited]
    assert credit_for(span(*outage), started_at=at(started), credited=given_back) == seconds(expected)


MOMENT = st.integers(0, 5000)
SPANS = st.tuples(MOMENT, st.integers(1, 2000)).map(lambda pair: span(pair[0], pair[0] + pair[1]))


@settings(max_examples=80, deadline=None)
@given(outages=st.lists(SPANS, min_size=1, max_size=5), started=MOMENT)
def test_all_outages_together_give_back_no_more_than_the_time_that_they_cover(outages: list[Span], started: int) -> None:
    given_back, total = [], NOTHING
    for outage in outages:
        credit = credit_for(outage, started_at=at(started), credited=given_back)
        assert NOTHING <= credit <= outage.length
        total += credit
        given_back.append(outage)
    covered = {
        second for one in outages for second in range(int((one.starts_at - TEN).total_seconds()), int((one.ends_at - TEN).total_seconds()))
    }
    assert total == seconds(sum(second >= started for second in covered))


@settings(max_examples=60, deadline=None)
@given(one=SPANS, taken=st.lists(SPANS, max_size=4))
def test_what_is_left_of_a_span_overlaps_nothing_that_was_taken(one: Span, taken: list[Span]) -> None:
    for piece in without(one, taken):
        assert one.starts_at <= piece.starts_at < piece.ends_at <= one.ends_at
        assert all(piece.ends_at <= other.starts_at or piece.starts_at >= other.ends_at for other in taken)


@pytest.mark.parametrize(
    ("started", "open_until", "expected"),
    [(0, 500, True), (0, 101, True), (0, 100, False), (0, 50, False), (399, 900, True), (400, 900, False)],
)
def test_an_outage_concerns_who_was_at_work_in_it(started: float, open_until: float, expected: bool) -> None:
    assert concerns(span(100, 400), started_at=at(started), open_until=at(open_until)) is expected


@pytest.mark.parametrize(("running", "needed"), [(0, 3), (1, 3), (5, 3), (6, 3), (7, 4), (500, 250)])
def test_half_of_those_at_work_are_needed_as_witnesses(running: int, needed: int) -> None:
    assert witnesses_needed(running) == needed


@pytest.mark.parametrize(
    ("reports", "running", "expected"),
    [
        ([(0, 60), (5, 65), (10, 70)], 3, (10, 60)),
        ([(0, 60), (5, 65)], 2, None),  # two are never enough
        ([(0, 60), (5, 65), (10, 70)], 8, None),  # four of eight had to say so
        ([(0, 60), (50, 110), (55, 115)], 3, None),  # five seconds in common
        ([(0, 20), (0, 20), (0, 20), (100, 160), (100, 170), (101, 150)], 6, (101, 150)),  # the longest
        ([], 0, None),
    ],
)
def test_trouble_is_an_outage_if_enough_say_so_of_the_same_time(
    reports: list[tuple[float, float]], running: int, expected: tuple[float, float] | None
) -> None:
    assert agreed_span([span(*one) for one in reports], running=running) == (None if expected is None else span(*expected))


@pytest.mark.parametrize(
    ("now", "passed", "expected"),
    [
        (5, 5, 0),
        (-1, 5, 0),  # two seconds are nothing
        (-3, 5, -3),
        (-7200, 5, -7200),
        (64, 5, 0),  # a leap of a minute or less is treated as silence
        (66, 5, 61),
        (7205, 5, 7200),
        (300, 300, 0),  # the database was away: no clock was set
        (300, None, 0),  # this process has just started: nobody can tell
    ],
)
def test_a_clock_that_is_set_is_told_by_the_time_that_went_by(now: float, passed: float | None, expected: float) -> None:
    assert clock_steps(TEN, at(now), passed=None if passed is None else seconds(passed)) == seconds(expected)


# ---- what is said


@pytest.mark.parametrize(
    ("length", "words"),
    [(0, "0 seconds"), (1, "1 second"), (45, "45 seconds"), (60, "1 minute"), (185, "3 minutes 5 seconds"), (600, "10 minutes"),
     (625, "10 minutes"), (3900, "1 hour 5 minutes"), (7200, "2 hours")],
)  # fmt: skip
def test_lengths_are_said_in_words(length: int, words: str) -> None:
    assert in_words(seconds(length)) == words


def test_an_outage_is_said_with_what_was_really_given_back() -> None:
    assert announcing.credited(seconds(180), seconds(180), None) == "We were not reachable for 3 minutes. You got them back."
    cut = announcing.credited(seconds(180), seconds(60), at(3600))
    assert "You got 1 minute back, because the exam closes at 11:00 UTC" in cut
    assert "none of them" in announcing.credited(seconds(180), NOTHING, at(0))


def test_announcements_stay_until_they_are_dismissed_and_keep_their_numbers() -> None:
    told = announcing.add(announcing.add(None, "One.", now=TEN), "Two.", now=TEN)
    told = announcing.dismiss(told, 1)
    assert [(one["number"], one["text"]) for one in announcing.current(told)] == [(2, "Two.")]
    assert announcing.current(announcing.dismiss(told, 99)) == announcing.current(told)
    assert announcing.add(told, "Three.", now=TEN)[-1]["number"] == 3
    assert announcing.current(None) == []


def test_there_are_never_too_many_announcements() -> None:
    told: list[announcing.Announcement] = []
    for number in range(announcing.MAX_ANNOUNCEMENTS + 5):
        told = announcing.add(told, str(number), now=TEN)
    assert len(told) == announcing.MAX_ANNOUNCEMENTS
    assert told[-1]["number"] == announcing.MAX_ANNOUNCEMENTS + 5
