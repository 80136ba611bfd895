from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.quizzes.rules import timing
from laurel.quizzes.rules.quizzes import QuizKind
from laurel.quizzes.rules.starting import Obstacle, PastAttempt, StartRules, check_start

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE = timedelta(0)
SECONDS = st.integers(0, 100_000).map(lambda seconds: timedelta(seconds=seconds))


def deadline(
    *,
    limit: timedelta | None = HOUR,
    added: timedelta = NONE,
    paused: timedelta = NONE,
    credited: timedelta = NONE,
    closes_at: datetime | None = None,
) -> datetime | None:
    return timing.deadline(started_at=START, limit=limit, added=added, paused=paused, credited=credited, closes_at=closes_at)


def test_the_deadline_is_the_start_and_the_limit() -> None:
    assert deadline() == START + HOUR


def test_the_close_cuts_the_time_short() -> None:
    assert deadline(closes_at=START + timedelta(minutes=52)) == START + timedelta(minutes=52)


def test_without_limit_and_close_there_is_no_deadline() -> None:
    assert deadline(limit=None) is None


def test_without_a_limit_the_close_is_the_deadline() -> None:
    assert deadline(limit=None, closes_at=START + HOUR) == START + HOUR


@given(added=SECONDS, paused=SECONDS, credited=SECONDS)
def test_granted_paused_and_credited_time_all_move_the_deadline(added: timedelta, paused: timedelta, credited: timedelta) -> None:
    assert deadline(added=added, paused=paused, credited=credited) == START + HOUR + added + paused + credited


@given(limit=st.one_of(st.none(), SECONDS), close=SECONDS, added=SECONDS)
def test_no_deadline_is_after_the_close(limit: timedelta | None, close: timedelta, added: timedelta) -> None:
    found = deadline(limit=limit, added=added, closes_at=START + close)
    assert found is not None
    assert found <= START + close


@pytest.mark.parametrize(("seconds", "accepts"), [(-1, True), (0, True), (30, True), (30.000001, False), (31, False), (86400, False)])
def test_an_answer_counts_until_thirty_seconds_after_the_deadline(seconds: float, accepts: bool) -> None:
    now = START + timedelta(seconds=seconds)
    assert timing.accepts_saves(START, now) is accepts
    assert timing.is_due_for_submission(START, now) is not accepts


def test_without_a_deadline_time_is_never_over() -> None:
    assert timing.accepts_saves(None, START + timedelta(days=999))
    assert not timing.is_time_over(None, START + timedelta(days=999))


def test_the_lobby_says_the_real_time() -> None:
    assert timing.real_minutes(limit=HOUR, closes_at=START + timedelta(minutes=52), now=START) == 52
    assert timing.real_minutes(limit=HOUR, closes_at=None, now=START) == 60
    assert timing.real_minutes(limit=None, closes_at=None, now=START) is None
    assert timing.real_minutes(limit=HOUR, closes_at=START - HOUR, now=START) == 0


@pytest.mark.parametrize(("finished", "hours"), [(1, 24), (2, 168), (3, 336), (4, 336), (9, 336)])
def test_the_wait_grows_with_the_attempts_and_the_last_one_repeats(finished: int, hours: int) -> None:
    found = timing.next_start(last_finished_at=START, finished_attempts=finished, wait_hours=[24, 168, 336])
    assert found == START + timedelta(hours=hours)


RULES = StartRules(kind=QuizKind.EXAM, attempts_allowed=2, retake_wait_hours=[24], opens_at=None, closes_at=None)
FAILED = PastAttempt(finished_at=START, passed=False, is_counted=True)


def test_a_first_attempt_may_start() -> None:
    assert check_start(RULES, [], now=START).obstacle is None


def test_the_wait_must_be_over() -> None:
    waiting = check_start(RULES, [FAILED], now=START + timedelta(hours=23))
    assert (waiting.obstacle, waiting.next_start_at, waiting.left) == (Obstacle.WAIT, START + timedelta(hours=24), 1)
    assert check_start(RULES, [FAILED], now=START + timedelta(hours=24)).obstacle is None


def test_the_attempts_run_out() -> None:
    check = check_start(RULES, [FAILED, FAILED], now=START + timedelta(days=9))
    assert (check.obstacle, check.used, check.left) == (Obstacle.NO_ATTEMPTS_LEFT, 2, 0)


def test_an_attempt_that_was_given_back_does_not_count() -> None:
    given_back = PastAttempt(finished_at=START, passed=False, is_counted=False)
    check = check_start(RULES, [given_back, given_back, given_back], now=START)
    assert (check.obstacle, check.used) == (None, 0)


def test_an_open_attempt_counts() -> None:
    assert check_start(RULES, [PastAttempt(finished_at=None, passed=False, is_counted=True)], now=START).used == 1


def test_who_passed_the_exam_starts_no_other() -> None:
    passed = PastAttempt(finished_at=START, passed=True, is_counted=True)
    assert check_start(RULES, [passed], now=START + timedelta(days=9)).obstacle is Obstacle.PASSED


def test_the_window_is_kept() -> None:
    window = StartRules(kind=QuizKind.GRADED, attempts_allowed=None, retake_wait_hours=[], opens_at=START, closes_at=START + HOUR)
    assert check_start(window, [], now=START - timedelta(seconds=1)).obstacle is Obstacle.NOT_YET_OPEN
    assert check_start(window, [], now=START).obstacle is None
    assert check_start(window, [], now=START + HOUR).obstacle is Obstacle.CLOSED
