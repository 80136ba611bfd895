"""What a learner reads, at the door and of the result, after staff paused an attempt or set it aside."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.catalog.rules import LessonKind
from laurel.core.clock import now
from laurel.learning.services import finish_lesson
from laurel.quizzes import services
from laurel.quizzes.models import Attempt
from tests.conftest import SignIn
from tests.factories.learning import Classroom, make_classroom
from tests.factories.quizzes import make_attempt
from tests.factories.terms import WHY, make_staff
from tests.quizzes.pages import url

RUNS = "Your time is running"
Door = Callable[[], str]


@pytest.fixture
def classroom(session: Session, sign_in: SignIn) -> Classroom:
    """The learner is signed in and has come as far as the exam."""
    made = make_classroom(session)
    for lesson in list_lessons(session, made.course.id):
        if lesson.kind is not LessonKind.EXAM:
            finish_lesson(session, made.enrollment.id, lesson_id=lesson.id, now=now())
    sign_in(made.learner)
    return made


@pytest.fixture
def attempt(session: Session, classroom: Classroom) -> Attempt:
    made = make_attempt(session, classroom.exam, learner_id=classroom.learner.id)
    session.commit()
    return made


@pytest.fixture
def door(client: FlaskClient, classroom: Classroom) -> Door:
    """Reads the page from which the exam is started."""
    return lambda: client.get(f"/learn/{classroom.course.slug}/exam").text


def test_the_door_says_whether_the_time_runs(session: Session, attempt: Attempt, door: Door) -> None:
    staff = make_staff(session)
    session.commit()
    assert RUNS in door()
    services.pause_attempt(session, attempt.id, reason=WHY, actor=staff, now=now())
    session.commit()
    page = door()
    assert RUNS not in page
    assert "Your exam is paused" in page
    assert "Go on with the exam" in page
    services.resume_attempt(session, attempt.id, reason=WHY, actor=staff, now=now())
    session.commit()
    assert RUNS in door()


def test_an_attempt_that_was_set_aside_says_by_whom_and_when_it_ended(
    client: FlaskClient, session: Session, attempt: Attempt, door: Door
) -> None:
    services.void_attempt(session, attempt.id, gives_back=True, reason=WHY, actor=make_staff(session), now=now())
    session.commit()
    for place in ("/result", "/replay"):
        page = client.get(url(attempt, place)).text
        assert "Ended" in page, place
        assert "Handed in" not in page, place
    result = client.get(url(attempt, "/result")).text
    assert "A member of staff has set it aside, so it has no result." in result
    assert WHY not in result
    page = door()
    assert f'href="{url(attempt, "/result")}"' in page
    assert "Set aside" in page
    assert "Handed in" not in page
    assert "Start another attempt" in page
