from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.core.db import Database
from laurel.core.errors import ConflictError
from laurel.core.events import EventRecord
from laurel.learning import queries, services
from laurel.learning.queries import LessonLockedError, NotEnrolledError
from laurel.quizzes.services import submit_attempt
from tests.commerce.racing import TOGETHER, at_once
from tests.factories.accounts import make_user
from tests.factories.commerce import make_sellable_course
from tests.factories.learning import Classroom, make_classroom
from tests.factories.quizzes import answer_all, make_attempt

pytestmark = pytest.mark.usefixtures("app")


def read(session: Session, room: Classroom, slug: str, now: datetime) -> None:
    services.read_lesson(session, learner_id=room.learner.id, course_slug=room.course.slug, lesson_slug=slug, now=now)


def pass_quiz(session: Session, room: Classroom, quiz: object, now: datetime, *, right: int | None = None) -> None:
    attempt = make_attempt(session, quiz, learner_id=room.learner.id, now=now)  # type: ignore[arg-type]
    answer_all(session, attempt, right=right, now=now)
    submit_attempt(session, attempt_id=attempt.id, learner_id=room.learner.id, now=now)


def count_events(session: Session, name: str) -> int:
    return session.scalar(select(func.count()).select_from(EventRecord).filter_by(name=name)) or 0


def test_a_free_order_enrolls_at_once(session: Session) -> None:
    room = make_classroom(session)

    way = queries.get_course_progress(session, room.learner.id, room.course.slug)

    assert [way.states[lesson.id] for lesson in way.outline.lessons] == ["open", "locked", "locked", "locked"]


def test_enrolling_twice_changes_nothing(session: Session, now: datetime) -> None:
    room = make_classroom(session)

    again = services.enroll(session, learner_id=room.learner.id, course_id=room.course.id, now=now)

    assert again.id == room.enrollment.id
    assert queries.count_enrollments(session, room.learner.id) == 1


def test_enrolling_at_the_same_moment_is_one_enrollment(database: Database, session: Session, now: datetime) -> None:
    """Two rights to one course come at once, a seat and an order: each enrolls."""
    learner, course = make_user(session).id, make_sellable_course(session).id
    session.commit()

    def work(session: Session) -> UUID:
        return services.enroll(session, learner_id=learner, course_id=course, now=now).id

    results = at_once(database, [work] * TOGETHER)

    assert len(set(results)) == 1
    assert queries.count_enrollments(session, learner) == 1
    assert count_events(session, "LearnerEnrolled") == 1


def test_a_stranger_is_not_enrolled(session: Session) -> None:
    room = make_classroom(session)

    with pytest.raises(NotEnrolledError):
        queries.get_course_progress(session, make_user(session).id, room.course.slug)


def test_a_later_lesson_cannot_be_read_first(session: Session, now: datetime) -> None:
    room = make_classroom(session)

    with pytest.raises(LessonLockedError):
        read(session, room, "lesson-2", now)


def test_reading_a_lesson_twice_finishes_it_once(session: Session, now: datetime) -> None:
    room = make_classroom(session)

    read(session, room, "lesson-1", now)
    read(session, room, "lesson-1", now)

    assert count_events(session, "LessonFinished") == 1


def test_a_quiz_cannot_be_read_away(session: Session, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    read(session, room, "lesson-1", now)

    with pytest.raises(ConflictError, match="passing its quiz"):
        read(session, room, "quiz", now)


def test_what_was_read_can_be_taken_back(session: Session, now: datetime) -> None:
    room = make_classroom(session)
    read(session, room, "lesson-1", now)

    services.reopen_lesson(session, learner_id=room.learner.id, course_slug=room.course.slug, lesson_slug="lesson-1")

    assert queries.list_done(session, room.enrollment.id) == frozenset()


def test_a_failed_quiz_leaves_the_lesson_open(session: Session, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    read(session, room, "lesson-1", now)

    pass_quiz(session, room, room.quiz, now, right=0)

    assert len(queries.list_done(session, room.enrollment.id)) == 1


def test_passing_everything_completes_the_course_once(session: Session, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    read(session, room, "lesson-1", now)
    pass_quiz(session, room, room.quiz, now)
    pass_quiz(session, room, room.exam, now)

    assert len(queries.list_done(session, room.enrollment.id)) == len(list_lessons(session, room.course.id)) == 3
    assert room.enrollment.completed_at == now
    assert count_events(session, "CourseCompleted") == 1


def test_an_exam_passed_before_the_last_lesson_completes_the_course_with_that_lesson(session: Session, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    pass_quiz(session, room, room.exam, now)
    pass_quiz(session, room, room.quiz, now)
    assert room.enrollment.completed_at is None

    read(session, room, "lesson-1", now)

    assert room.enrollment.completed_at == now
