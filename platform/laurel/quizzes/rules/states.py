"""The life of an attempt, as a table."""

from collections.abc import Mapping
from enum import StrEnum

from laurel.core.errors import ConflictError


class AttemptState(StrEnum):
    """Where an attempt stands. For the learner, everything from `submitted` on is final."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    OVERDUE = "overdue"
    SUBMITTED = "submitted"
    NEEDS_GRADING = "needs_grading"
    GRADED = "graded"
    ABANDONED = "abandoned"
    VOIDED = "voided"


class FinishReason(StrEnum):
    """Who or what ended an attempt."""

    LEARNER = "learner"
    TIMER = "timer"
    STAFF = "staff"
    NEW_VERSION = "new_version"
    """A practice attempt gave way to one on a newer version of its quiz."""


class AttemptTransitionError(ConflictError):
    """The attempt cannot take that step from where it is."""

    message = "This attempt is closed."


OPEN = frozenset({AttemptState.SCHEDULED, AttemptState.IN_PROGRESS, AttemptState.PAUSED, AttemptState.OVERDUE})
"""At most one attempt of a learner at a quiz is in one of these."""
HANDED_IN = frozenset({AttemptState.SUBMITTED, AttemptState.NEEDS_GRADING, AttemptState.GRADED})

NEXT: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.SCHEDULED: frozenset({AttemptState.IN_PROGRESS, AttemptState.VOIDED}),
    AttemptState.IN_PROGRESS: frozenset(
        {AttemptState.PAUSED, AttemptState.OVERDUE, AttemptState.SUBMITTED, AttemptState.ABANDONED, AttemptState.VOIDED}
    ),
    AttemptState.PAUSED: frozenset({AttemptState.IN_PROGRESS, AttemptState.VOIDED}),
    AttemptState.OVERDUE: frozenset({AttemptState.IN_PROGRESS, AttemptState.SUBMITTED, AttemptState.ABANDONED, AttemptState.VOIDED}),
    AttemptState.SUBMITTED: frozenset({AttemptState.NEEDS_GRADING, AttemptState.GRADED, AttemptState.IN_PROGRESS, AttemptState.VOIDED}),
    AttemptState.NEEDS_GRADING: frozenset({AttemptState.GRADED, AttemptState.IN_PROGRESS, AttemptState.VOIDED}),
    AttemptState.GRADED: frozenset({AttemptState.IN_PROGRESS, AttemptState.VOIDED}),
    AttemptState.ABANDONED: frozenset({AttemptState.IN_PROGRESS, AttemptState.VOIDED}),
    AttemptState.VOIDED: frozenset(),
}


def may_become(current: AttemptState, wanted: AttemptState, *, finish_reason: FinishReason | None = None) -> bool:
    """Whether the step exists. What was handed in is reopened only if the timer, not the learner, handed it in."""
    if current in HANDED_IN and wanted is AttemptState.IN_PROGRESS and finish_reason is not FinishReason.TIMER:
        return False
    return wanted in NEXT[current]


def sources_of(wanted: AttemptState) -> frozenset[AttemptState]:
    """The states from which an attempt may become `wanted`, for the WHERE of the one UPDATE that takes the step."""
    return frozenset(state for state, following in NEXT.items() if wanted in following)
