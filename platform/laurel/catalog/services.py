"""Publishing courses and lessons. What was published before stays as it was."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.catalog.events import CoursePublished, LessonPublished
from laurel.catalog.models import Course, CourseVersion, Lesson, LessonVersion, Module
from laurel.catalog.queries import find_course
from laurel.catalog.rules import CourseContent, CourseStatus, LessonKind, advance
from laurel.core import markdown
from laurel.core.bus import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonContent:
    """A lesson as an author gives it; `body` is Markdown, empty for a quiz or an exam."""

    slug: str
    kind: LessonKind
    title: str
    summary: str
    minutes: int
    body: str = ""
    is_preview: bool = False
    quiz_id: UUID | None = None


def publish_course(session: Session, *, slug: str, owner_id: UUID, status: CourseStatus, content: CourseContent, now: datetime) -> Course:
    """Create the course or publish its next version; the same content twice changes nothing."""
    course = find_course(session, slug)
    if course is None:
        course = Course(slug=slug, owner_id=owner_id, created_at=now, status=status)
        session.add(course)
        session.flush()
    course.status = advance(course.status, status)
    facts = _as_json(content)
    latest = session.scalar(select(CourseVersion).filter_by(course_id=course.id, n=course.published_n))
    if latest is not None and latest.content == facts:
        return course
    course.published_n += 1
    session.add(
        CourseVersion(
            course_id=course.id,
            n=course.published_n,
            title=content.title,
            level=content.level,
            category=content.category,
            content=facts,
            created_at=now,
        )
    )
    publish(session, CoursePublished(occurred_at=now, course_id=course.id, n=course.published_n))
    return course


def _as_json(content: CourseContent) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(content).items()}


def put_module(session: Session, *, course_id: UUID, slug: str, position: int, title: str, summary: str) -> Module:
    """Create the module or bring it up to date."""
    module = session.scalar(select(Module).filter_by(course_id=course_id, slug=slug))
    if module is None:
        module = Module(course_id=course_id, slug=slug, position=position, title=title, summary=summary)
        session.add(module)
    module.position, module.title, module.summary = position, title, summary
    session.flush()
    return module


def publish_lesson(session: Session, *, module: Module, position: int, content: LessonContent, now: datetime) -> Lesson:
    """Create the lesson or publish its next version; the same text twice changes nothing."""
    lesson = session.scalar(select(Lesson).filter_by(course_id=module.course_id, slug=content.slug))
    if lesson is None:
        lesson = Lesson(
            course_id=module.course_id,
            module_id=module.id,
            slug=content.slug,
            kind=content.kind,
            position=position,
            title=content.title,
            summary=content.summary,
            minutes=content.minutes,
        )
        session.add(lesson)
    lesson.module_id, lesson.position, lesson.title, lesson.summary = module.id, position, content.title, content.summary
    lesson.minutes, lesson.is_preview, lesson.quiz_id = content.minutes, content.is_preview, content.quiz_id
    session.flush()
    _publish_text(session, lesson, content.body, now=now)
    return lesson


def _publish_text(session: Session, lesson: Lesson, body: str, *, now: datetime) -> None:
    latest = session.scalar(select(LessonVersion).filter_by(lesson_id=lesson.id, n=lesson.published_n))
    if not body or (latest is not None and latest.body == body):
        return
    lesson.published_n += 1
    session.add(LessonVersion(lesson_id=lesson.id, n=lesson.published_n, body=body, body_html=markdown.render(body), created_at=now))
    publish(session, LessonPublished(occurred_at=now, lesson_id=lesson.id, n=lesson.published_n))
