"""Calls to action and their courses for tests."""

from itertools import count

from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.catalog.rules import CourseStatus, LessonKind
from laurel.catalog.services import LessonContent, publish_lesson, put_module
from laurel.core.clock import now
from laurel.ctas.models import Cta
from laurel.ctas.rules import CtaStyle
from laurel.ctas.services import CtaDraft, create_cta
from laurel.quizzes.rules import QuizKind
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course
from tests.factories.credentials import make_achievement
from tests.factories.quizzes import make_quiz

_numbers = count(1)


def make_course(session: Session, *, title: str = "Bookkeeping", status: CourseStatus = CourseStatus.OPEN) -> Course:
    """A course for 195 dollars, without an exam."""
    course = make_sellable_course(session, title=title, status=status)
    make_offering(session, course=course)
    return course


def make_certified_course(session: Session, *, title: str = "Prompting") -> Course:
    """A course for 195 dollars with an exam of 5 questions in 60 minutes, passed with 70 percent, valid for 12 months."""
    course = make_course(session, title=title)
    quiz = make_quiz(session, kind=QuizKind.EXAM)
    module = put_module(session, course_id=course.id, slug="exam", position=1, title="Exam", summary="")
    lesson = LessonContent(slug="exam", kind=LessonKind.EXAM, title="Exam", summary="", minutes=60, quiz_id=quiz.id)
    publish_lesson(session, module=module, position=1, content=lesson, now=now())
    make_achievement(session, course=course, validity_months=12)
    return course


def draft_of(course: Course, **changes: object) -> CtaDraft:
    """The words of a call to action to `course`."""
    words = {"name": "Card", "style": CtaStyle.CARD, "heading": "Learn it", "body": "{course.title} for {price}.", "button": "See it"}
    return CtaDraft(course_id=course.id, **{**words, **changes})  # type: ignore[arg-type]


def make_cta(session: Session, *, slug: str | None = None, course: Course | None = None, **changes: object) -> Cta:
    """A call to action that may be placed."""
    course = course or make_course(session)
    owner = make_user(session, roles=["marketer"])
    return create_cta(session, slug=slug or f"cta-{next(_numbers)}", draft=draft_of(course, **changes), owner_id=owner.id, now=now())
