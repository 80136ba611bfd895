"""When we were not there: gaps between heartbeats, troubles that many browsers report, and the time that is given back for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BEAT = timedelta(seconds=5)
"""How often each web process says that it is there."""
GAP = timedelta(seconds=15)
"""Silence of all of them for longer than this is an outage."""
MAX_CREDIT = timedelta(hours=2)
"""What one outage gives back at most. Nobody sits before a dead page for longer."""
MAX_REPORT = timedelta(minutes=10)
"""How much a browser can say about its own trouble."""
REPORTS_COUNT_FOR = timedelta(minutes=10)
LEAST_WITNESSES = 3
STEP_BACK = timedelta(seconds=2)
"""A clock that is this far behind the last heartbeat was set back."""
STEP_FORWARD = timedelta(seconds=60)
"""A clock that is this far ahead of the time that passed for the process was set forward."""


class OutageKind(StrEnum):
    """How an outage was noticed."""

    SILENCE = "silence"
    REPORTS = "reports"
    CLOCK = "clock"

    @property
    def label(self) -> str:
        return {"silence": "No process was there", "reports": "Browsers could not save", "clock": "The clock was set forward"}[self.value]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, its end not included."""

    starts_at: datetime
    ends_at: datetime

    @property
    def length(self) -> timedelta:
        return max(timedelta(0), self.ends_at - self.starts_at)


def find_gap(last: datetime | None, now: datetime) -> Span | None:
    """The silence between the last heartbeat of all processes and this one; None if it is as usual, or there was none before."""
    return Span(last, now) if last is not None and now - last > GAP else None


def is_silent(last: datetime | None, now: datetime) -> bool:
    """Whether nobody serves at the moment, as far as heartbeats say. Where none ever were, nobody keeps the ledger."""
    return find_gap(last, now) is not None


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of `span` outside all that is `taken`, in order."""
    left = [span]
    for other in taken:
        left = [piece for part in left for piece in _cut(part, other)]
    return sorted(left)


def _cut(part: Span, other: Span) -> list[Span]:
    pieces = (Span(part.starts_at, min(part.ends_at, other.starts_at)), Span(max(part.starts_at, other.ends_at), part.ends_at))
    return [piece for piece in pieces if piece.length] if other.length else [part]


def credit_for(outage: Span, *, started_at: datetime, credited: Iterable[Span]) -> timedelta:
    """What the outage took from an attempt that was running: from its start on, never twice for one moment, and capped.

    It is the whole of it and not what lies before the deadline: who had ten seconds left when we went has them when we are back.
    """
    rest = without(Span(max(outage.starts_at, started_at), outage.ends_at), credited)
    return min(MAX_CREDIT, sum((piece.length for piece in rest), timedelta(0)))


def concerns(outage: Span, *, started_at: datetime, open_until: datetime) -> bool:
    """Whether an attempt that took answers from its start until `open_until` was running in the outage."""
    return started_at < outage.ends_at and open_until > outage.starts_at


def witnesses_needed(running: int) -> int:
    """How many must report the same trouble: half of those at work, and never fewer than three."""
    return max(LEAST_WITNESSES, -(-running // 2))


def agreed_span(reports: Sequence[Span], *, running: int) -> Span | None:
    """The longest stretch in which enough browsers at once could not save; None if there is none worth an outage.

    One report is a hint and proves nothing: a browser can say what it likes.
    """
    needed = witnesses_needed(running)
    changes = sorted([(report.starts_at, 1) for report in reports] + [(report.ends_at, -1) for report in reports])
    found: list[Span] = []
    count, since = 0, None
    for moment, change in changes:
        count += change
        if count >= needed and since is None:
            since = moment
        elif count < needed and since is not None:
            found.append(Span(since, moment))
            since = None
    longest = max(found, key=lambda span: span.length, default=None)
    return longest if longest is not None and longest.length > GAP else None


def clock_steps(last: datetime | None, now: datetime, *, passed: timedelta | None) -> timedelta:
    """How far the database's clock was set since the last heartbeat: positive forward, negative back, zero if it was not.

    `passed` is what went by in this process, which a clock that is set does not touch; None after a start.
    """
    if last is None:
        return timedelta(0)
    if now < last - STEP_BACK:
        return now - last
    leap = now - last - passed if passed is not None else timedelta(0)
    return leap if leap > STEP_FORWARD else timedelta(0)
