"""Enrolling, finishing lessons and completing courses. Each may be told twice."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.catalog.rules import LessonKind
from laurel.commerce.queries import count_credits
from laurel.commerce.services import use_exam_credit
from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.learning import queries
from laurel.learning.events import CourseCompleted, LearnerEnrolled, LessonFinished
from laurel.learning.models import Enrollment, LessonProgress
from laurel.learning.rules import is_complete
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.services import StartRefusedError, start_attempt


def enroll(session: Session, *, learner_id: UUID, course_id: UUID, now: datetime) -> Enrollment:
    """The learner's enrollment in the course, made if there is none yet."""
    found = queries.find_enrollment(session, learner_id=learner_id, course_id=course_id)
    if found is not None:
        return found
    enrollment = Enrollment(learner_id=learner_id, course_id=course_id, enrolled_at=now)
    try:
        with session.begin_nested():
            session.add(enrollment)
    except IntegrityError:
        found = queries.find_enrollment(session, learner_id=learner_id, course_id=course_id)
        if found is None:
            raise
        return found  # another right to the course came at the same moment, and enrolled them
    publish(session, LearnerEnrolled(occurred_at=now, enrollment_id=enrollment.id, learner_id=learner_id, course_id=course_id))
    return enrollment


def finish_lesson(session: Session, enrollment_id: UUID, *, lesson_id: UUID, now: datetime, attempt_id: UUID | None = None) -> None:
    """Mark the lesson done, by `attempt_id` if it was passed; completes the course with its last lesson."""
    enrollment = queries.lock_enrollment(session, enrollment_id)
    if queries.find_progress(session, enrollment_id, lesson_id) is not None:
        return
    session.add(LessonProgress(enrollment_id=enrollment_id, lesson_id=lesson_id, done_at=now, attempt_id=attempt_id))
    session.flush()
    publish(session, LessonFinished(occurred_at=now, enrollment_id=enrollment_id, lesson_id=lesson_id))
    _complete_course(session, enrollment, now=now)


def _complete_course(session: Session, enrollment: Enrollment, *, now: datetime) -> None:
    lessons = list_lessons(session, enrollment.course_id)
    exam = next((lesson for lesson in lessons if lesson.kind is LessonKind.EXAM), None)
    if enrollment.completed_at is not None or exam is None:
        return
    if not is_complete([lesson.id for lesson in lessons], queries.list_done(session, enrollment.id)):
        return
    passed = queries.find_progress(session, enrollment.id, exam.id)
    if passed is None or passed.attempt_id is None:
        raise ConflictError("An exam is finished by passing it.")
    enrollment.completed_at = now
    publish(
        session,
        CourseCompleted(
            occurred_at=now,
            enrollment_id=enrollment.id,
            learner_id=enrollment.learner_id,
            course_id=enrollment.course_id,
            attempt_id=passed.attempt_id,
        ),
    )


def read_lesson(session: Session, *, learner_id: UUID, course_slug: str, lesson_slug: str, now: datetime) -> None:
    """The learner read a lesson to its end. Raises ConflictError for a lesson that is finished by passing its quiz."""
    progress = queries.get_course_progress(session, learner_id, course_slug)
    lesson = progress.get_open_lesson(lesson_slug)
    if lesson.kind is not LessonKind.READING:
        raise ConflictError("This lesson is finished by passing its quiz.")
    finish_lesson(session, progress.enrollment.id, lesson_id=lesson.id, now=now)


def reopen_lesson(session: Session, *, learner_id: UUID, course_slug: str, lesson_slug: str) -> None:
    """Take back that a lesson was read. What was passed stays passed."""
    progress = queries.get_course_progress(session, learner_id, course_slug)
    lesson = progress.get_open_lesson(lesson_slug)
    found = queries.find_progress(session, progress.enrollment.id, lesson.id)
    if found is not None and lesson.kind is LessonKind.READING and progress.enrollment.completed_at is None:
        session.delete(found)
        session.flush()


def start_exam(session: Session, *, course_id: UUID, learner_id: UUID, now: datetime, **how: Any) -> Attempt:
    """Start the learner's next attempt at the course's exam; `how` goes to `quizzes.services.start_attempt`.

    When the attempts that come with the course are used up, one that was bought is used, in the same transaction: the attempt and
    the end of the credit are there together, or neither.
    """
    bought = count_credits(session, learner_id, course_id)
    try:
        return start_attempt(session, learner_id=learner_id, now=now, extra_attempts=bought.used, **how)
    except StartRefusedError as refused:
        if refused.obstacle is not Obstacle.NO_ATTEMPTS_LEFT or not bought.unused:
            raise
    attempt = start_attempt(session, learner_id=learner_id, now=now, extra_attempts=bought.used + 1, **how)
    use_exam_credit(session, learner_id=learner_id, course_id=course_id, attempt_id=attempt.id, now=now)
    return attempt
