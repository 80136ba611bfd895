"""What happened to courses."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class CoursePublished(Event):
    """A course page says something new from now on."""

    course_id: UUID
    n: int


@dataclass(frozen=True, kw_only=True)
class LessonPublished(Event):
    """A lesson teaches something new from now on."""

    lesson_id: UUID
    n: int
