"""Who learns what, and how far they got."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.catalog.models import Course, Lesson
from laurel.core.db import Base
from laurel.core.ids import new_id
from laurel.quizzes.models import Attempt


class Enrollment(Base):
    """One learner in one course. Whether they may still enter is the entitlement's to say."""

    __tablename__ = "enrollments"
    __table_args__ = (UniqueConstraint("learner_id", "course_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    enrolled_at: Mapped[datetime]
    completed_at: Mapped[datetime | None] = mapped_column(default=None)


class LessonProgress(Base):
    """One lesson that one learner finished, and by which attempt if it is a quiz or an exam."""

    __tablename__ = "lesson_progress"
    __table_args__ = (UniqueConstraint("enrollment_id", "lesson_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey(Enrollment.id))
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey(Lesson.id), index=True)
    done_at: Mapped[datetime]
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey(Attempt.id), index=True, default=None)
