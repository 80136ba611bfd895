"""Which lessons are done, open and locked."""

from collections.abc import Sequence, Set
from enum import StrEnum
from uuid import UUID


class LessonState(StrEnum):
    """Where a learner stands with a lesson."""

    DONE = "done"
    OPEN = "open"
    LOCKED = "locked"


def lesson_states(lesson_ids: Sequence[UUID], done: Set[UUID]) -> dict[UUID, LessonState]:
    """The state of each lesson: lessons open in order, one after the other is done; what is done stays open."""
    states: dict[UUID, LessonState] = {}
    may_open = True
    for lesson_id in lesson_ids:
        if lesson_id in done:
            states[lesson_id] = LessonState.DONE
        else:
            states[lesson_id] = LessonState.OPEN if may_open else LessonState.LOCKED
            may_open = False
    return states


def next_lesson(lesson_ids: Sequence[UUID], done: Set[UUID]) -> UUID | None:
    """The first lesson that is not done; None if all are."""
    return next((lesson_id for lesson_id in lesson_ids if lesson_id not in done), None)


def is_complete(lesson_ids: Sequence[UUID], done: Set[UUID]) -> bool:
    """Whether every lesson is done. A course without lessons is never complete."""
    return bool(lesson_ids) and all(lesson_id in done for lesson_id in lesson_ids)
