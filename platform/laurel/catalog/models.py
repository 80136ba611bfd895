"""Courses, modules and lessons, and what each of them said at any time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.catalog.rules import CourseStatus, LessonKind
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.models import Quiz


class Course(Base):
    """One course. What it says is in its versions; `published_n` is the one that visitors see."""

    __tablename__ = "courses"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    status: Mapped[CourseStatus] = mapped_column(text_enum(CourseStatus), index=True)
    published_n: Mapped[int] = mapped_column(default=0)


class CourseVersion(Base):
    """What a course page said from `created_at` on. Never changed."""

    __tablename__ = "course_versions"
    __table_args__ = (UniqueConstraint("course_id", "n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id))
    n: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    level: Mapped[int]
    category: Mapped[str] = mapped_column(String(80))
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Module(Base):
    """A chapter of a course."""

    __tablename__ = "modules"
    __table_args__ = (UniqueConstraint("course_id", "slug"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id))
    slug: Mapped[str] = mapped_column(String(80))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text)


class Lesson(Base):
    """One step of a course. A reading lesson's quiz is its practice quiz; the others are their quiz."""

    __tablename__ = "lessons"
    __table_args__ = (UniqueConstraint("course_id", "slug"), Index("ix_lessons_module_id", "module_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id))
    module_id: Mapped[UUID] = mapped_column(ForeignKey(Module.id))
    slug: Mapped[str] = mapped_column(String(80))
    kind: Mapped[LessonKind] = mapped_column(text_enum(LessonKind))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    is_preview: Mapped[bool] = mapped_column(default=False)
    quiz_id: Mapped[UUID | None] = mapped_column(ForeignKey(Quiz.id), index=True, default=None)
    published_n: Mapped[int] = mapped_column(default=0)


class LessonVersion(Base):
    """What a lesson taught from `created_at` on. Never changed."""

    __tablename__ = "lesson_versions"
    __table_args__ = (UniqueConstraint("lesson_id", "n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey(Lesson.id))
    n: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
