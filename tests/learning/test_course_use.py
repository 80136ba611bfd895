"""How far a learner went with a course, as refunds ask it."""

from sqlalchemy.orm import Session

from laurel.core.clock import now
from laurel.learning import queries, services
from tests.factories.accounts import make_user
from tests.factories.learning import make_classroom
from tests.factories.quizzes import make_attempt


def test_lessons_the_exam_and_the_end_are_counted(app: object, session: Session) -> None:
    learner = make_user(session)
    room = make_classroom(session, learner=learner)
    before = queries.get_course_use(session, learner.id, room.course.id)
    assert (before.progress_percent, before.has_started_exam, before.has_completed) == (0, False, False)

    services.read_lesson(session, learner_id=learner.id, course_slug=room.course.slug, lesson_slug="lesson-1", now=now())
    make_attempt(session, room.exam, learner_id=learner.id)
    after = queries.get_course_use(session, learner.id, room.course.id)

    assert 0 < after.progress_percent < 100
    assert after.has_started_exam


def test_who_never_enrolled_has_used_nothing(app: object, session: Session) -> None:
    room = make_classroom(session, learner=make_user(session))

    use = queries.get_course_use(session, make_user(session).id, room.course.id)

    assert (use.progress_percent, use.has_started_exam, use.has_completed) == (0, False, False)
