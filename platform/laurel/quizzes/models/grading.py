"""Answers that people grade: who has which on the desk, and what they gave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.core.db import Base
from laurel.core.ids import new_id
from laurel.quizzes.models.attempts import Attempt

_IS_WAITING = text("graded_at IS NULL")


class GradingTask(Base):
    """One answer that a person has to read. It waits while its attempt needs grading and it has no `graded_at`.

    Whoever claims it keeps it for half an hour; after that others may take it. The claim of a graded one says who graded it.
    """

    __tablename__ = "grading_tasks"
    __table_args__ = (
        UniqueConstraint("attempt_id", "slot"),
        Index("ix_grading_tasks_waiting", "waiting_since", postgresql_where=_IS_WAITING, sqlite_where=_IS_WAITING),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id))
    slot: Mapped[int]
    waiting_since: Mapped[datetime]
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    claimed_at: Mapped[datetime | None] = mapped_column(default=None)
    graded_at: Mapped[datetime | None] = mapped_column(default=None)


class ManualMark(Base):
    """What a person gave one answer, criterion by criterion: the reasons for the slot mark of the same revision. Never changed.

    `points` are numbers as text, in the order of the criteria of the question's version.
    """

    __tablename__ = "manual_marks"
    __table_args__ = (UniqueConstraint("attempt_id", "slot", "revision"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id))
    slot: Mapped[int]
    revision: Mapped[int]
    grader_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    points: Mapped[list[str]]
    comment: Mapped[str] = mapped_column(Text)
    graded_at: Mapped[datetime]
