"""Courses with lessons, and people who learn in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.rules import QuestionKind
from laurel.catalog.models import Course
from laurel.catalog.rules import LessonKind
from laurel.catalog.services import LessonContent, publish_lesson, put_module
from laurel.core.clock import now
from laurel.learning.models import Enrollment
from laurel.learning.queries import find_enrollment
from laurel.quizzes.models import Quiz
from laurel.quizzes.rules import QuizKind, SlotSpec
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.commerce import make_offering, make_order, make_sellable_course
from tests.factories.quizzes import fixed, make_quiz

_numbers = count(1)


@dataclass(frozen=True)
class Classroom:
    """A free course of reading lessons, a module quiz and an exam; `learner` is enrolled."""

    course: Course
    learner: User
    enrollment: Enrollment
    exam: Quiz
    quiz: Quiz
    practice: Quiz


def _reading(n: int, quiz_id: UUID | None) -> LessonContent:
    return LessonContent(
        slug=f"lesson-{n}",
        kind=LessonKind.READING,
        title=f"Lesson {n}",
        summary="",
        minutes=5,
        body="## Words\n\nTheir *order* matters.",
        is_preview=n == 1,
        quiz_id=quiz_id,
    )


def make_classroom(
    session: Session,
    *,
    lessons: int = 2,
    learner: User | None = None,
    practice: Sequence[QuestionKind] | None = None,
    slots: Sequence[SlotSpec] = (),
    **exam_settings: Any,
) -> Classroom:
    """The course with slug `course.slug`; its lessons are `lesson-1`, `lesson-2`, …, then `quiz`, then `exam`.

    `practice`: the kinds of question in the first lesson, two choices unless said otherwise. `slots`: what all its quizzes ask.
    """
    course = make_sellable_course(session, title=f"Prompting {next(_numbers)}")
    category = make_category(session)
    slots = slots or [fixed(make_question(session, category_id=category.id, owner_id=course.owner_id)) for _ in range(2)]
    exercise = make_quiz(session, kind=QuizKind.PRACTICE, slots=None if practice else slots, kinds=practice or ())
    quiz = make_quiz(session, kind=QuizKind.GRADED, slots=slots)
    exam = make_quiz(session, kind=QuizKind.EXAM, slots=slots, **exam_settings)
    module = put_module(session, course_id=course.id, slug="basics", position=1, title="Basics", summary="")
    contents = [_reading(n, exercise.id if n == 1 else None) for n in range(1, lessons + 1)]
    contents.append(LessonContent(slug="quiz", kind=LessonKind.QUIZ, title="Quiz", summary="", minutes=5, quiz_id=quiz.id))
    contents.append(LessonContent(slug="exam", kind=LessonKind.EXAM, title="Exam", summary="", minutes=60, quiz_id=exam.id))
    for position, content in enumerate(contents, start=1):
        publish_lesson(session, module=module, position=position, content=content, now=now())
    learner = learner or make_user(session)
    make_order(session, buyer=learner, offering=make_offering(session, course=course, prices={"usd": 0}))
    enrollment = find_enrollment(session, learner_id=learner.id, course_id=course.id)
    assert enrollment is not None
    return Classroom(course, learner, enrollment, exam, quiz, exercise)
