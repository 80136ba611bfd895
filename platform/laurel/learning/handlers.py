"""What learning does when others report something."""

from sqlalchemy.orm import Session

from laurel.catalog.queries import find_assessed_lesson
from laurel.commerce.events import CourseEntitled
from laurel.learning import queries, services
from laurel.quizzes.events import AttemptGraded


def enroll_entitled(session: Session, event: CourseEntitled) -> None:
    """Who has a right to a course, bought, free or by a seat, may learn in it."""
    services.enroll(session, learner_id=event.user_id, course_id=event.course_id, now=event.occurred_at)


def finish_assessed_lesson(session: Session, event: AttemptGraded) -> None:
    """A passed quiz or exam finishes the lesson that holds it."""
    if not event.passed or event.is_preview:
        return
    lesson = find_assessed_lesson(session, event.quiz_id)
    if lesson is None:
        return
    enrollment = queries.find_enrollment(session, learner_id=event.learner_id, course_id=lesson.course_id)
    if enrollment is not None:
        services.finish_lesson(session, enrollment.id, lesson_id=lesson.id, now=event.occurred_at, attempt_id=event.attempt_id)
