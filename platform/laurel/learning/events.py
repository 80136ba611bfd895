"""What happened on the way through a course."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class LearnerEnrolled(Event):
    """A person may learn in a course from now on."""

    enrollment_id: UUID
    learner_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class LessonFinished(Event):
    """A learner read a lesson to its end, or passed its quiz."""

    enrollment_id: UUID
    lesson_id: UUID


@dataclass(frozen=True, kw_only=True)
class CourseCompleted(Event):
    """Every lesson of a course is finished, its exam passed in `attempt_id`."""

    enrollment_id: UUID
    learner_id: UUID
    course_id: UUID
    attempt_id: UUID
