"""The one way in which an attempt changes its state, and the one in which its deadline moves."""

from collections.abc import Collection
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.quizzes.models import Attempt
from laurel.quizzes.queries.attempts import reload_attempt
from laurel.quizzes.rules import AttemptState, announcing, states, timing


def advance(session: Session, attempt: Attempt, wanted: AttemptState, *, origins: Collection[AttemptState] = (), **facts: Any) -> bool:
    """Take the step if the attempt still stands where it may be taken from: one UPDATE, one row, or nothing happened."""
    allowed = states.sources_of(wanted) & frozenset(origins) if origins else states.sources_of(wanted)
    changed = session.execute(
        update(Attempt)
        .where(Attempt.id == attempt.id, Attempt.state.in_(allowed))
        .values(state=wanted, **facts)
        .execution_options(synchronize_session=False)
    )
    reload_attempt(session, attempt.id)
    return changed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def move_deadline(session: Session, attempt: Attempt, *, now: datetime) -> timedelta:
    """Let the deadline follow from what was granted, by the formula and by nothing else; returns how far it moved.

    The caller holds the attempt's lock. An overdue attempt that has time again goes on.
    """
    before, attempt.deadline_at = attempt.deadline_at, attempt.compute_deadline()
    session.flush()
    if attempt.state is AttemptState.OVERDUE and not timing.is_time_over(attempt.deadline_at, now):
        advance(session, attempt, AttemptState.IN_PROGRESS, origins=(AttemptState.OVERDUE,))
    if before is None or attempt.deadline_at is None:
        return timedelta(0)
    return attempt.deadline_at - before


def announce(attempt: Attempt, text: str, *, now: datetime) -> None:
    """Tell the candidate, with the next save and on the next page."""
    attempt.announcements = announcing.add(attempt.announcements, text, now=now)


def whole_seconds(length: timedelta) -> int:
    """In whole seconds, to the candidate's advantage."""
    return ceil(length.total_seconds())


def times_of(attempt: Attempt) -> dict[str, Any]:
    """The attempt's state and times as an audit entry keeps them."""

    def shown(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "state": attempt.state.value,
        "deadline_at": shown(attempt.deadline_at),
        "closes_at": shown(attempt.closes_at),
        "limit_seconds": attempt.limit_seconds,
        "added_seconds": attempt.added_seconds,
        "paused_seconds": attempt.paused_seconds,
        "credited_seconds": attempt.credited_seconds,
        "hides_timer": attempt.hides_timer,
    }
