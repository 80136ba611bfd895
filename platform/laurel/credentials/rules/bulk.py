"""Acts on many credentials at once: their states, and how much of them is done in one go."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from laurel.core.errors import ConflictError

MAX_ROWS = 10_000
MAX_REINSTATED = 1_000
"""Each is looked at by itself before anything is confirmed, as when one is reinstated alone."""
BATCH = 20
"""Rows in one transaction at most."""
STILL = timedelta(minutes=3)
"""A running job that has not moved for so long waits for something: a batch takes a moment, and one that failed comes again in a minute."""


class BulkKind(StrEnum):
    ISSUE = "issue"
    REVOKE = "revoke"
    REINSTATE = "reinstate"


class BulkState(StrEnum):
    """DRAFT: a dry run that nobody confirmed. PAUSED: it goes on when somebody says so.

    STOPPED: nothing more is done; what was done stays.
    """

    DRAFT = "checked"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"


class RowState(StrEnum):
    """WRONG: never tried. SKIPPED: left out on purpose. FAILED: tried, and refused. WAITING: its issuer has no key; it is tried again."""

    WRONG = "wrong"
    SKIPPED = "skipped"
    READY = "ready"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


UNDONE = (RowState.READY, RowState.WAITING)
"""What a running job still has to do."""
NOT_DONE = "not done"

NEXT: dict[BulkState, frozenset[BulkState]] = {
    BulkState.DRAFT: frozenset({BulkState.RUNNING, BulkState.STOPPED}),
    BulkState.RUNNING: frozenset({BulkState.PAUSED, BulkState.DONE, BulkState.STOPPED}),
    BulkState.PAUSED: frozenset({BulkState.RUNNING, BulkState.STOPPED}),
    BulkState.DONE: frozenset(),
    BulkState.STOPPED: frozenset(),
}

STOPPABLE = (BulkState.RUNNING, BulkState.PAUSED)
OVER = {
    BulkState.DRAFT: "Nobody has confirmed this dry run. Nothing was changed.",
    BulkState.DONE: "This job had ended already. Nothing was changed.",
    BulkState.STOPPED: "This job had been stopped already. Nothing was changed.",
}
"""What is said to whoever wants of a job what does not follow from its state: their page may be out of date."""


def check_stoppable(state: BulkState) -> None:
    """Raises ConflictError if nothing of it could be stopped: a dry run is thrown away, and what is over is over."""
    if state not in STOPPABLE:
        raise ConflictError(OVER[state])


def outcome(row: RowState, *, job: BulkState) -> str:
    """What became of a row, as pages and reports call it. What a stopped job had still to do will never be done."""
    return NOT_DONE if job is BulkState.STOPPED and row in UNDONE else row.value


def count_outcomes(counts: Mapping[RowState, int], *, job: BulkState) -> dict[str, int]:
    """How many rows there are of each outcome, where there are any."""
    found: Counter[str] = Counter()
    for row, count in counts.items():
        found[outcome(row, job=job)] += count
    return {word: count for word, count in found.items() if count}


def still_for(moved_at: datetime, *, now: datetime) -> int:
    """How many minutes a running job has not moved; 0 as long as that is nothing to worry about."""
    return int((now - moved_at) / timedelta(minutes=1)) if now - moved_at >= STILL else 0
