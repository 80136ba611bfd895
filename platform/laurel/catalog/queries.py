"""Finding courses and lessons."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course, CourseVersion, Lesson, LessonVersion, Module
from laurel.catalog.rules import CourseContent, CourseStatus, LessonKind, Question
from laurel.core.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseCard:
    """A course in a list: enough for its card and for a link to it."""

    id: UUID
    slug: str
    status: CourseStatus
    content: CourseContent
    lesson_count: int
    study_minutes: int
    exam_quiz_id: UUID | None

    @property
    def title(self) -> str:
        return self.content.title

    @property
    def mark(self) -> str:
        return self.content.mark

    @property
    def level(self) -> int:
        return self.content.level

    @property
    def hours(self) -> int:
        """The hours of study, to the nearest: counted from the lessons and quizzes, and only planned where there are none yet."""
        return max(1, (self.study_minutes + 30) // 60) if self.study_minutes else self.content.hours

    @property
    def outcome(self) -> str:
        return self.content.outcome

    @property
    def badge_hue(self) -> int:
        return self.content.hue


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineLesson:
    """A lesson in its course's outline."""

    id: UUID
    slug: str
    kind: LessonKind
    title: str
    summary: str
    minutes: int
    is_preview: bool
    quiz_id: UUID | None
    module_number: int
    number: int

    @property
    def label(self) -> str:
        """`2.3`: module and lesson, counted from one."""
        return f"{self.module_number}.{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineModule:
    """A module in its course's outline, with its lessons in order."""

    slug: str
    title: str
    summary: str
    lessons: tuple[OutlineLesson, ...]

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A course's modules and lessons in order."""

    modules: tuple[OutlineModule, ...]

    @property
    def lessons(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)

    @property
    def minutes(self) -> int:
        return sum(module.minutes for module in self.modules)

    def find_module(self, topic: str) -> OutlineModule | None:
        """The module about a topic, such as a domain of the exam: `03-tools` for `tools`."""
        return next((module for module in self.modules if topic in {module.slug, module.slug.partition("-")[2]}), None)

    def get_lesson(self, slug: str) -> OutlineLesson:
        for lesson in self.lessons:
            if lesson.slug == slug:
                return lesson
        raise NotFoundError("There is no such lesson in this course.")


def find_course(session: Session, slug: str) -> Course | None:
    return session.scalar(select(Course).filter_by(slug=slug))


def list_course_cards(
    session: Session, ids: Collection[UUID] | None = None, *, slug: str | None = None, limit: int = 100
) -> list[CourseCard]:
    """Published courses by level and title: all, those of `ids`, or the one of `slug`. One query."""
    exam_quiz = select(Lesson.quiz_id).where(Lesson.course_id == Course.id, Lesson.kind == LessonKind.EXAM).limit(1).scalar_subquery()
    lesson_count = select(func.count()).where(Lesson.course_id == Course.id, Lesson.kind == LessonKind.READING).scalar_subquery()
    minutes = select(func.coalesce(func.sum(Lesson.minutes), 0)).where(Lesson.course_id == Course.id, Lesson.kind != LessonKind.EXAM)
    statement = (
        select(Course, CourseVersion, lesson_count, minutes.scalar_subquery(), exam_quiz)
        .join(CourseVersion, and_(CourseVersion.course_id == Course.id, CourseVersion.n == Course.published_n))
        .order_by(CourseVersion.level, CourseVersion.title)
        .limit(limit)
    )
    if ids is not None:
        statement = statement.where(Course.id.in_(ids))
    if slug is not None:
        statement = statement.where(Course.slug == slug)
    return [_card(row) for row in session.execute(statement)]


def select_course_ids(*, words: str = "", category: str = "", level: int | None = None) -> Select[UUID]:
    """A SELECT of the ids of published courses that fit, by level and title, to be paged."""
    statement = (
        select(Course.id)
        .join(CourseVersion, and_(CourseVersion.course_id == Course.id, CourseVersion.n == Course.published_n))
        .where(Course.status != CourseStatus.RETIRED)
        .order_by(CourseVersion.level, CourseVersion.title)
    )
    for word in words.split()[:8]:
        statement = statement.where(CourseVersion.title.icontains(word, autoescape=True))
    if category:
        statement = statement.where(CourseVersion.category == category)
    return statement if level is None else statement.where(CourseVersion.level == level)


def list_categories(session: Session) -> list[tuple[str, int]]:
    """The categories of published courses, each with its number of courses."""
    statement = (
        select(CourseVersion.category, func.count())
        .join(Course, and_(CourseVersion.course_id == Course.id, CourseVersion.n == Course.published_n))
        .where(Course.status != CourseStatus.RETIRED)
        .group_by(CourseVersion.category)
        .order_by(CourseVersion.category)
    )
    return [(category, count) for category, count in session.execute(statement)]


def get_course_by_slug(session: Session, slug: str) -> CourseCard:
    """The published course; raises NotFoundError."""
    found = list_course_cards(session, slug=slug)
    if not found:
        raise NotFoundError("There is no such course.")
    return found[0]


def get_course_card(session: Session, course_id: UUID) -> CourseCard:
    """The published course; raises NotFoundError."""
    found = list_course_cards(session, [course_id])
    if not found:
        raise NotFoundError("There is no such course.")
    return found[0]


def _card(row: Row[Course, CourseVersion, int, int, UUID | None]) -> CourseCard:
    course, version, lesson_count, study_minutes, exam_quiz_id = row
    return CourseCard(
        id=course.id,
        slug=course.slug,
        status=course.status,
        content=content_of(version),
        lesson_count=lesson_count,
        study_minutes=study_minutes,
        exam_quiz_id=exam_quiz_id,
    )


def content_of(version: CourseVersion) -> CourseContent:
    """The version's content as it was given."""
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in version.content.items()}
    known["faq"] = tuple(Question(**entry) for entry in version.content.get("faq", ()))
    return CourseContent(**known)


def get_outline(session: Session, course_id: UUID) -> Outline:
    """The course's modules and lessons in order. One query."""
    rows = session.execute(
        select(Module, Lesson)
        .join(Lesson, Lesson.module_id == Module.id)
        .where(Module.course_id == course_id)
        .order_by(Module.position, Lesson.position)
    ).all()
    lessons: dict[UUID, list[Lesson]] = {}
    modules: dict[UUID, Module] = {}
    for module, lesson in rows:
        modules[module.id] = module
        lessons.setdefault(module.id, []).append(lesson)
    return Outline(modules=tuple(_module(n, module, lessons[key]) for n, (key, module) in enumerate(modules.items(), start=1)))


def _module(module_number: int, module: Module, lessons: list[Lesson]) -> OutlineModule:
    return OutlineModule(
        slug=module.slug,
        title=module.title,
        summary=module.summary,
        lessons=tuple(
            OutlineLesson(
                id=lesson.id,
                slug=lesson.slug,
                kind=lesson.kind,
                title=lesson.title,
                summary=lesson.summary,
                minutes=lesson.minutes,
                is_preview=lesson.is_preview,
                quiz_id=lesson.quiz_id,
                module_number=module_number,
                number=number,
            )
            for number, lesson in enumerate(lessons, start=1)
        ),
    )


def get_lesson_html(session: Session, lesson_id: UUID) -> str:
    """What a lesson teaches at present, as safe HTML; empty for a quiz or an exam."""
    found = session.scalar(
        select(LessonVersion.body_html)
        .join(Lesson, and_(Lesson.id == LessonVersion.lesson_id, Lesson.published_n == LessonVersion.n))
        .where(Lesson.id == lesson_id)
    )
    return found or ""


def find_assessed_lesson(session: Session, quiz_id: UUID) -> Lesson | None:
    """The lesson that is passed by passing this quiz; None for a practice quiz."""
    return session.scalar(select(Lesson).where(Lesson.quiz_id == quiz_id, Lesson.kind != LessonKind.READING))


def list_lessons(session: Session, course_id: UUID) -> list[Lesson]:
    """The course's lessons in order."""
    statement = select(Lesson).join(Module, Module.id == Lesson.module_id).where(Lesson.course_id == course_id)
    return list(session.scalars(statement.order_by(Module.position, Lesson.position)))
