"""Deadlines and waiting times. Moments come in as values; only the database's clock is asked for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

NET_GRACE = timedelta(seconds=30)
"""What was answered in time may be on its way for this long after the deadline."""


def deadline(
    *, started_at: datetime, limit: timedelta | None, added: timedelta, paused: timedelta, credited: timedelta, closes_at: datetime | None
) -> datetime | None:
    """`min(started + limit + added + paused + credited, close)`, leaving out what is missing; None: no deadline at all.

    `added` is extra time granted by staff, `credited` the time that an outage of ours took.
    """
    ends = [started_at + limit + added + paused + credited] if limit is not None else []
    if closes_at is not None:
        ends.append(closes_at)
    return min(ends, default=None)


def real_minutes(*, limit: timedelta | None, closes_at: datetime | None, now: datetime) -> int | None:
    """The whole minutes that an attempt started now would have; None if there is no limit."""
    end = deadline(started_at=now, limit=limit, added=timedelta(0), paused=timedelta(0), credited=timedelta(0), closes_at=closes_at)
    return None if end is None else max(0, int((end - now).total_seconds() // 60))


def is_time_over(deadline_at: datetime | None, now: datetime) -> bool:
    return deadline_at is not None and now >= deadline_at


def accepts_saves(deadline_at: datetime | None, now: datetime) -> bool:
    """Whether an answer that arrives now still counts: up to the deadline, and 30 seconds for the way."""
    return deadline_at is None or now <= deadline_at + NET_GRACE


def is_due_for_submission(deadline_at: datetime | None, now: datetime) -> bool:
    """Whether nothing that could still arrive would count, so that the server hands the attempt in."""
    return not accepts_saves(deadline_at, now)


def next_start(*, last_finished_at: datetime, finished_attempts: int, wait_hours: Sequence[int]) -> datetime:
    """When the next attempt may start: after the wait that belongs to the number of attempts already finished."""
    if not wait_hours:
        return last_finished_at
    hours = wait_hours[min(finished_attempts, len(wait_hours)) - 1]
    return last_finished_at + timedelta(hours=hours)
