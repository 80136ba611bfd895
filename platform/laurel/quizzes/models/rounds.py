"""Exams that may be sat again by who has passed them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.core.db import Base
from laurel.core.ids import new_id
from laurel.quizzes.models.quizzes import Quiz
from laurel.quizzes.rules.rounds import Round


class ExamRound(Base):
    """That one learner may sit one exam again although they have passed it: their second round, or a later one.

    The first, which everybody has, has no row. `opened_for` is what the round is for, in the ids of whoever opened it.
    """

    __tablename__ = "exam_rounds"
    __table_args__ = (UniqueConstraint("learner_id", "quiz_id", "number"), CheckConstraint("number > 1", name="not_the_first"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey(Quiz.id), index=True)
    number: Mapped[int]
    opened_for: Mapped[UUID] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    includes_attempts: Mapped[bool]

    def facts(self, *, was_passed_before: bool, counts_from: int) -> Round:
        """What of it decides about starting."""
        return Round(
            number=self.number,
            opened_for=self.opened_for,
            closes_at=self.closes_at,
            includes_attempts=self.includes_attempts,
            was_passed_before=was_passed_before,
            counts_from=counts_from,
        )
