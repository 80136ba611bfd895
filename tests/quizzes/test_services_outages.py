"""The outage ledger: noticed once, given back once, never decided against a candidate before it is known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.errors import UnavailableError
from laurel.core.events import EventRecord
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, Outage, OutageCredit, TroubleReport
from laurel.quizzes.queries.outages import find_last_beat, list_credits, list_unsettled
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.outages import MAX_CREDIT, OutageKind
from laurel.quizzes.rules.quizzes import ExpiryPolicy
from tests.factories.quizzes import answer, answer_all, make_attempt, make_quiz
from tests.factories.terms import WHY, make_staff

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def attempt(session: Session, now: datetime) -> Attempt:
    return make_attempt(session, make_quiz(session), now=now)


def beat(session: Session, now: datetime, *, instance: str = "web-1", **facts: Any) -> Outage | None:
    """A heartbeat and, as a process does it, what follows from it."""
    outage = services.beat(session, instance=instance, now=now, **facts)
    for one in list_unsettled(session):
        after = None
        while (after := services.settle_some(session, one, after=after, now=now, limit=2)) is not None:
            pass
    session.flush()
    return outage


def stop(session: Session, at: datetime, *, minutes: float) -> datetime:
    """Everything stops right after a heartbeat; returns when we are back, before the first heartbeat."""
    beat(session, at)
    return at + minutes * MINUTE


def stay(session: Session, start: datetime, end: datetime) -> datetime:
    """Be there all the time; returns the end."""
    while start < end:
        beat(session, start)
        start += 10 * SECOND
    beat(session, end)
    return end


def outages(session: Session) -> list[Outage]:
    return list(session.scalars(select(Outage).order_by(Outage.starts_at)))


def credits_of(session: Session, attempt: Attempt) -> list[int]:
    return [credit.seconds for _, credit in list_credits(session, attempt.id)]


def told(attempt: Attempt) -> list[str]:
    return [one["text"] for one in attempt.announcements or []]


# ---- silence


def test_a_stop_of_five_minutes_is_given_back_announced_and_on_record(session: Session, attempt: Attempt, now: datetime) -> None:
    back = stop(session, now + 10 * MINUTE, minutes=5)
    outage = beat(session, back)
    assert outage is not None
    assert (outage.kind, outage.starts_at, outage.ends_at) == (OutageKind.SILENCE, now + 10 * MINUTE, back)
    assert outage.settled_at == back
    assert (attempt.credited_seconds, attempt.deadline_at) == (300, now + HOUR + 5 * MINUTE)
    assert told(attempt) == ["We were not reachable for 5 minutes. You got them back."]
    event = session.scalar(select(EventRecord).where(EventRecord.name == "TimeCredited"))
    assert event is not None
    assert (event.subject_id, event.facts["seconds"]) == (attempt.id, 300)


def test_heartbeats_as_usual_give_nothing(session: Session, attempt: Attempt, now: datetime) -> None:
    for second in range(0, 60, 5):
        beat(session, now + second * SECOND, instance=f"web-{second % 2}")
    assert outages(session) == []
    assert attempt.credited_seconds == 0


def test_one_process_that_is_silent_is_no_outage_while_another_is_there(session: Session, attempt: Attempt, now: datetime) -> None:
    beat(session, now, instance="web-1")
    for second in range(0, 120, 5):
        beat(session, now + second * SECOND, instance="web-2")
    assert beat(session, now + 2 * MINUTE, instance="web-1") is None


def test_the_same_gap_is_never_given_back_twice(session: Session, attempt: Attempt, now: datetime) -> None:
    back = stop(session, now + 10 * MINUTE, minutes=5)
    for instance in ("web-1", "web-2", "web-3"):
        beat(session, back, instance=instance)
    beat(session, back + 5 * SECOND)
    services.credit_outages(session, attempt, now=back + MINUTE)
    assert (len(outages(session)), credits_of(session, attempt)) == (1, [300])


def test_two_outages_are_given_back_both(session: Session, attempt: Attempt, now: datetime) -> None:
    back = stop(session, now + 10 * MINUTE, minutes=2)
    beat(session, back)
    beat(session, stop(session, stay(session, back, back + MINUTE), minutes=3))
    assert (credits_of(session, attempt), attempt.deadline_at) == ([120, 180], now + 65 * MINUTE)


def test_everyone_at_work_gets_it_and_only_from_their_own_start(session: Session, attempt: Attempt, now: datetime) -> None:
    others = [make_attempt(session, make_quiz(session), now=now) for _ in range(5)]
    gone = now + 10 * MINUTE
    beat(session, gone)
    late_starter = make_attempt(session, make_quiz(session), now=gone + 4 * SECOND)
    handed_in = make_attempt(session, make_quiz(session), now=now)
    services.submit_attempt(session, attempt_id=handed_in.id, learner_id=handed_in.learner_id, now=gone)
    beat(session, gone + 5 * MINUTE)
    assert {one.credited_seconds for one in (attempt, *others)} == {300}
    assert (late_starter.credited_seconds, handed_in.credited_seconds) == (296, 0)


def test_who_begins_after_a_quiet_night_gets_nothing(session: Session, now: datetime) -> None:
    stay(session, now, now + 2 * MINUTE)
    early_bird = make_attempt(session, make_quiz(session), now=now + 2 * MINUTE + SECOND)
    assert beat(session, now + 2 * MINUTE + 10 * SECOND) is None
    assert (outages(session), early_bird.credited_seconds) == ([], 0)


def test_a_stop_while_nobody_is_at_work_is_no_outage(session: Session, now: datetime) -> None:
    assert beat(session, stop(session, now, minutes=600)) is None
    assert outages(session) == []


def test_a_stop_right_after_the_first_start_is_given_back(session: Session, now: datetime) -> None:
    beat(session, now)
    first = make_attempt(session, make_quiz(session), now=now + 2 * SECOND)
    beat(session, now + 5 * MINUTE)
    assert first.credited_seconds == 298


def test_an_outage_gives_back_two_hours_at_most(session: Session, attempt: Attempt, now: datetime) -> None:
    beat(session, stop(session, now + 10 * MINUTE, minutes=9 * 60))
    assert attempt.credited_seconds == MAX_CREDIT.total_seconds()


def test_the_close_of_the_window_cuts_it_off_and_that_is_said(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, closes_at=now + HOUR + 2 * MINUTE), now=now)
    beat(session, stop(session, now + 10 * MINUTE, minutes=5))
    assert attempt.deadline_at == now + HOUR + 2 * MINUTE
    assert "You got 2 minutes back, because the exam closes at 10:32 UTC" in told(attempt)[0]
    credit = session.scalar(select(OutageCredit))
    assert credit is not None
    assert (credit.seconds, credit.gained_seconds) == (300, 120)


# ---- a deadline inside the gap


def test_an_attempt_whose_end_fell_into_the_gap_is_not_handed_in_before_its_time_is_back(
    session: Session, attempt: Attempt, now: datetime
) -> None:
    back = stop(session, now + 58 * MINUTE, minutes=5)
    services.expire_overdue(session, now=back)
    assert attempt.state is AttemptState.IN_PROGRESS
    beat(session, back)
    services.expire_overdue(session, now=back)
    assert (attempt.state, attempt.deadline_at) == (AttemptState.IN_PROGRESS, back + 2 * MINUTE)
    assert len(answer(session, attempt, 1, {"choice": "a"}, now=back + MINUTE).saved) == 1


def test_an_outage_written_down_but_not_yet_given_back_is_considered_by_whoever_looks_first(
    session: Session, attempt: Attempt, now: datetime
) -> None:
    back = stop(session, now + 58 * MINUTE, minutes=5)
    services.beat(session, instance="web-1", now=back)  # and the process is killed before it gives anything back
    services.expire_overdue(session, now=back)
    assert (attempt.state, attempt.credited_seconds) == (AttemptState.IN_PROGRESS, 300)
    beat(session, back + 5 * SECOND)
    assert attempt.credited_seconds == 300
    assert list_unsettled(session) == []


def save(session: Session, attempt: Attempt, now: datetime) -> Any:
    return answer(session, attempt, 1, {"choice": "a"}, now=now)


def submit(session: Session, attempt: Attempt, now: datetime) -> Any:
    return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)


def extend(session: Session, attempt: Attempt, now: datetime) -> Any:
    return services.extend_attempt(session, attempt.id, minutes=5, reason=WHY, actor=make_staff(session), now=now)


@pytest.mark.parametrize("act", [save, submit, extend])
def test_nothing_is_decided_by_the_time_in_the_seconds_before_the_gap_is_written_down(
    session: Session, attempt: Attempt, now: datetime, act: Callable[..., Any]
) -> None:
    back = stop(session, now + 58 * MINUTE, minutes=5)
    with pytest.raises(UnavailableError):
        act(session, attempt, back)
    beat(session, back)
    act(session, attempt, back)
    assert attempt.credited_seconds == 300
    assert session.scalar(select(func.count()).select_from(OutageCredit)) == 1


def test_an_answer_that_was_on_its_way_when_we_went_is_graded(session: Session, attempt: Attempt, now: datetime) -> None:
    end = now + HOUR
    back = stop(session, end + 5 * SECOND, minutes=5)
    beat(session, back)
    assert len(answer(session, attempt, 1, {"choice": "a"}, now=back + 10 * SECOND).saved) == 1
    services.expire_overdue(session, now=stay(session, back, back + MINUTE))
    assert (attempt.state, attempt.earned) == (AttemptState.GRADED, 1)


def test_what_was_over_before_we_went_stays_over(session: Session, attempt: Attempt, now: datetime) -> None:
    over = now + HOUR + MINUTE
    back = stop(session, over, minutes=5)
    beat(session, back)
    services.expire_overdue(session, now=back)
    assert (attempt.state, attempt.credited_seconds, attempt.finished_at) == (AttemptState.GRADED, 0, now + HOUR)


def test_where_nobody_keeps_the_ledger_any_more_attempts_end_all_the_same(session: Session, attempt: Attempt, now: datetime) -> None:
    beat(session, now)
    services.expire_overdue(session, now=now + HOUR + MINUTE)
    assert attempt.state is AttemptState.IN_PROGRESS
    services.expire_overdue(session, now=now + HOUR + MINUTE + MAX_CREDIT)
    assert (attempt.state, attempt.finished_at) == (AttemptState.GRADED, now + HOUR)


def test_the_grace_period_of_an_overdue_attempt_is_given_back(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, expiry_policy=ExpiryPolicy.GRACE_PERIOD, grace_seconds=600)
    attempt = make_attempt(session, quiz, now=now)
    services.expire_overdue(session, now=now + HOUR + MINUTE)
    assert attempt.state is AttemptState.OVERDUE
    back = stop(session, now + HOUR + 2 * MINUTE, minutes=20)
    beat(session, back)
    services.expire_overdue(session, now=back)
    assert attempt.state is AttemptState.OVERDUE
    submit(session, attempt, stay(session, back, back + MINUTE))
    assert attempt.state is AttemptState.GRADED


# ---- pauses


def test_a_pause_that_covers_the_outage_gives_the_time_back_by_itself(session: Session, attempt: Attempt, now: datetime) -> None:
    admin = make_staff(session)
    services.pause_attempt(session, attempt.id, reason=WHY, actor=admin, now=now + 9 * MINUTE)
    back = stop(session, now + 10 * MINUTE, minutes=5)
    beat(session, back)
    services.resume_attempt(session, attempt.id, reason=WHY, actor=admin, now=back + MINUTE)
    assert (attempt.credited_seconds, attempt.paused_seconds) == (0, 7 * 60)
    beat(session, back + 2 * MINUTE)
    assert attempt.deadline_at is not None
    assert attempt.deadline_at == now + HOUR + timedelta(seconds=attempt.paused_seconds + attempt.credited_seconds)


# ---- what browsers report


def report(session: Session, attempts: list[Attempt], now: datetime, *, seconds: int = 60) -> None:
    for attempt in attempts:
        services.report_trouble(session, attempt, seconds=seconds, now=now)


def at_work(session: Session, now: datetime, count: int) -> list[Attempt]:
    quiz = make_quiz(session)
    return [make_attempt(session, quiz, now=now) for _ in range(count)]


def test_what_half_of_the_browsers_report_is_given_back_to_all(session: Session, now: datetime) -> None:
    attempts = at_work(session, now, 6)
    later = now + 20 * MINUTE
    report(session, attempts[:3], later, seconds=90)
    outage = beat(session, later)
    assert outage is not None
    assert (outage.kind, outage.span.length) == (OutageKind.REPORTS, 90 * SECOND)
    assert {attempt.credited_seconds for attempt in attempts} == {90}
    beat(session, later + 5 * SECOND)
    report(session, attempts[3:], later + 6 * SECOND, seconds=96)
    beat(session, later + 10 * SECOND)
    assert {attempt.credited_seconds for attempt in attempts} == {90}


@pytest.mark.parametrize(("reporting", "running"), [(1, 1), (2, 2), (3, 8)])
def test_too_few_reports_are_a_hint_and_nothing_more(session: Session, now: datetime, reporting: int, running: int) -> None:
    attempts = at_work(session, now, running)
    report(session, attempts[:reporting], now + 20 * MINUTE)
    assert beat(session, now + 20 * MINUTE) is None


def test_reports_about_a_silence_that_is_known_give_nothing_more(session: Session, now: datetime) -> None:
    attempts = at_work(session, now, 4)
    back = stop(session, now + 20 * MINUTE, minutes=3)
    beat(session, back)
    report(session, attempts, back + 3 * SECOND, seconds=180)
    beat(session, back + 5 * SECOND)
    assert {attempt.credited_seconds for attempt in attempts} == {180}
    assert len(outages(session)) == 1


def test_a_browser_cannot_claim_what_it_likes(session: Session, now: datetime) -> None:
    attempts = at_work(session, now, 3)
    report(session, attempts, now + MINUTE, seconds=80_000)
    beat(session, now + MINUTE)
    assert {attempt.credited_seconds for attempt in attempts} == {60}  # it began a minute ago
    fresh = at_work(session, now + HOUR / 2, 1)[0]
    report(session, [fresh], now + HOUR / 2 + MINUTE, seconds=15)
    assert session.get(TroubleReport, fresh.id) is None


def test_failed_saves_are_counted_with_the_outage(session: Session, attempt: Attempt, now: datetime) -> None:
    back = stop(session, now + 10 * MINUTE, minutes=1)
    beat(session, back, failed=7)
    beat(session, back + 5 * SECOND, instance="web-2", failed=4)
    assert outages(session)[0].failed_saves == 11


# ---- the clock


def test_a_clock_that_leaps_forward_hands_nothing_in_and_takes_no_time(session: Session, attempt: Attempt, now: datetime) -> None:
    beat(session, now + 30 * MINUTE)
    leapt = now + 30 * MINUTE + 2 * HOUR + 5 * SECOND
    services.expire_overdue(session, now=leapt)
    assert attempt.state is AttemptState.IN_PROGRESS
    outage = beat(session, leapt, passed=5 * SECOND)
    assert outage is not None
    assert (outage.kind, attempt.credited_seconds) == (OutageKind.CLOCK, 7200)
    services.expire_overdue(session, now=leapt)
    assert attempt.state is AttemptState.IN_PROGRESS


def test_a_clock_that_is_set_back_is_an_alarm_and_the_next_outage_is_still_noticed(
    session: Session, attempt: Attempt, now: datetime
) -> None:
    beat(session, now + 30 * MINUTE, passed=5 * SECOND)
    set_back = now + 10 * MINUTE
    assert beat(session, set_back, passed=5 * SECOND) is None
    assert find_last_beat(session) == set_back
    assert session.scalar(select(func.count()).where(EventRecord.name == "ClockSetBack")) == 1
    assert beat(session, set_back + 5 * MINUTE, passed=5 * MINUTE) is not None
    assert attempt.credited_seconds == 300


def test_old_signs_of_life_are_forgotten_but_for_the_last(session: Session, attempt: Attempt, now: datetime) -> None:
    for number in range(3):
        beat(session, now + number * SECOND, instance=f"web-{number}")
    services.forget_old_signs(session, now=now + timedelta(days=3))
    assert find_last_beat(session) == now + 2 * SECOND
    answer_all(session, attempt, now=now)
