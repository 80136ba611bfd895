"""Finding enrollments and progress. Every question about a learner takes the learner."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course, Lesson
from laurel.catalog.queries import CourseCard, Outline, OutlineLesson, get_course_by_slug, get_outline, list_course_cards
from laurel.catalog.rules import LessonKind
from laurel.commerce.models import Entitlement, Offering
from laurel.commerce.queries import has_entitlement, list_entitled_courses
from laurel.commerce.rules import CourseUse, EntitlementStatus
from laurel.commerce.rules.reconciling import Difference
from laurel.core.errors import ForbiddenError, NotFoundError
from laurel.learning.models import Enrollment, LessonProgress
from laurel.learning.rules import LessonState, lesson_states, next_lesson
from laurel.quizzes.queries import list_attempts_of


class NotEnrolledError(ForbiddenError):
    """The course exists, but this person has not enrolled in it, or their access has ended."""

    message = "You are not enrolled in this course."

    def __init__(self, course: CourseCard) -> None:
        super().__init__()
        self.course = course


class LessonLockedError(ForbiddenError):
    """The lessons before this one come first."""

    message = "This lesson opens when you have finished the lessons before it."


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseProgress:
    """One learner's way through one course."""

    enrollment: Enrollment
    course: CourseCard
    outline: Outline
    done: frozenset[UUID]
    states: dict[UUID, LessonState]

    @property
    def total(self) -> int:
        return len(self.outline.lessons)

    @property
    def next(self) -> OutlineLesson | None:
        """The lesson to go on with; None when all are done."""
        wanted = next_lesson([lesson.id for lesson in self.outline.lessons], self.done)
        return next((lesson for lesson in self.outline.lessons if lesson.id == wanted), None)

    def neighbors(self, lesson: OutlineLesson) -> tuple[OutlineLesson | None, OutlineLesson | None]:
        """The lessons before and after this one."""
        lessons = self.outline.lessons
        at = lessons.index(lesson)
        return (lessons[at - 1] if at else None), (lessons[at + 1] if at + 1 < len(lessons) else None)

    def get_open_lesson(self, slug: str) -> OutlineLesson:
        """The lesson, if the learner may open it; raises NotFoundError or LessonLockedError."""
        lesson = self.outline.get_lesson(slug)
        if self.states[lesson.id] is LessonState.LOCKED:
            raise LessonLockedError
        return lesson


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSummary:
    """One course on a learner's first page."""

    course: CourseCard
    done: int
    total: int
    next_lesson_title: str | None
    next_lesson_slug: str | None
    next_lesson_minutes: int
    completed_at: datetime | None
    may_enter: bool


def find_enrollment(session: Session, *, learner_id: UUID, course_id: UUID) -> Enrollment | None:
    return session.scalar(select(Enrollment).filter_by(learner_id=learner_id, course_id=course_id))


def lock_enrollment(session: Session, enrollment_id: UUID) -> Enrollment:
    """The enrollment, locked until the transaction ends."""
    return session.scalars(select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update()).one()


def list_done(session: Session, enrollment_id: UUID) -> frozenset[UUID]:
    """The ids of the lessons that are done."""
    return frozenset(session.scalars(select(LessonProgress.lesson_id).filter_by(enrollment_id=enrollment_id)))


def find_progress(session: Session, enrollment_id: UUID, lesson_id: UUID) -> LessonProgress | None:
    return session.scalar(select(LessonProgress).filter_by(enrollment_id=enrollment_id, lesson_id=lesson_id))


def get_course_progress(session: Session, learner_id: UUID, course_slug: str) -> CourseProgress:
    """The learner's way through the course; raises NotEnrolledError without enrollment or entitlement."""
    course = get_course_by_slug(session, course_slug)
    enrollment = find_enrollment(session, learner_id=learner_id, course_id=course.id)
    if enrollment is None or not has_entitlement(session, learner_id, course.id):
        raise NotEnrolledError(course)
    outline = get_outline(session, course.id)
    done = list_done(session, enrollment.id)
    states = lesson_states([lesson.id for lesson in outline.lessons], done)
    return CourseProgress(enrollment=enrollment, course=course, outline=outline, done=done, states=states)


def list_my_courses(session: Session, learner_id: UUID) -> list[CourseSummary]:
    """The learner's courses, the latest enrollment first. The number of queries does not grow with the courses."""
    enrollments = list(
        session.scalars(select(Enrollment).filter_by(learner_id=learner_id).order_by(Enrollment.enrolled_at.desc()).limit(100))
    )
    course_ids = [enrollment.course_id for enrollment in enrollments]
    cards = {card.id: card for card in list_course_cards(session, course_ids)}
    entitled = list_entitled_courses(session, learner_id)
    lessons: dict[UUID, list[Lesson]] = {}
    for lesson in session.scalars(select(Lesson).where(Lesson.course_id.in_(course_ids)).order_by(Lesson.position)):
        lessons.setdefault(lesson.course_id, []).append(lesson)
    done: dict[UUID, set[UUID]] = {}
    found = select(LessonProgress).where(LessonProgress.enrollment_id.in_([enrollment.id for enrollment in enrollments]))
    for progress in session.scalars(found):
        done.setdefault(progress.enrollment_id, set()).add(progress.lesson_id)
    return [
        _summary(enrollment, cards[enrollment.course_id], lessons.get(enrollment.course_id, []), done.get(enrollment.id, set()), entitled)
        for enrollment in enrollments
        if enrollment.course_id in cards
    ]


def _summary(
    enrollment: Enrollment, course: CourseCard, lessons: list[Lesson], done: set[UUID], entitled: frozenset[UUID]
) -> CourseSummary:
    wanted = next_lesson([lesson.id for lesson in lessons], done)
    upcoming = next((lesson for lesson in lessons if lesson.id == wanted), None)
    return CourseSummary(
        course=course,
        done=len(done),
        total=len(lessons),
        next_lesson_title=upcoming.title if upcoming else None,
        next_lesson_slug=upcoming.slug if upcoming else None,
        next_lesson_minutes=upcoming.minutes if upcoming else 0,
        completed_at=enrollment.completed_at,
        may_enter=course.id in entitled,
    )


def get_enrollment(session: Session, enrollment_id: UUID) -> Enrollment:
    """The enrollment; raises NotFoundError."""
    enrollment = session.get(Enrollment, enrollment_id)
    if enrollment is None:
        raise NotFoundError("There is no such enrollment.")
    return enrollment


def count_enrollments(session: Session, learner_id: UUID) -> int:
    return session.scalar(select(func.count()).select_from(Enrollment).filter_by(learner_id=learner_id)) or 0


def get_course_use(session: Session, learner_id: UUID, course_id: UUID) -> CourseUse:
    """How far a learner went with a course, for those who decide whether it can be given back."""
    enrollment = find_enrollment(session, learner_id=learner_id, course_id=course_id)
    outline = get_outline(session, course_id)
    done = list_done(session, enrollment.id) if enrollment is not None else frozenset()
    exams = [lesson.quiz_id for lesson in outline.lessons if lesson.kind is LessonKind.EXAM and lesson.quiz_id is not None]
    total = len(outline.lessons)
    return CourseUse(
        progress_percent=100 * len(done) // total if total else 0,
        has_started_exam=any(list_attempts_of(session, learner_id, quiz_id) for quiz_id in exams),
        has_completed=enrollment is not None and enrollment.completed_at is not None,
    )


def list_rights_without_enrollment(session: Session) -> list[Difference]:
    """Who has the right to a course and was not enrolled in it: charged, and not let in. There must be none."""
    is_enrolled = select(Enrollment.id).where(Enrollment.learner_id == Entitlement.user_id, Enrollment.course_id == Offering.course_id)
    statement = (
        select(User.email, Course.slug)
        .select_from(Entitlement)
        .join(Offering, Offering.id == Entitlement.offering_id)
        .join(Course, Course.id == Offering.course_id)
        .join(User, User.id == Entitlement.user_id)
        .where(Entitlement.status == EntitlementStatus.ACTIVE, ~is_enrolled.exists())
        .limit(100)
    )
    return [
        Difference("right_without_enrollment", slug, f"{email} has the right and is not enrolled")
        for email, slug in session.execute(statement)
    ]
