"""What became of questions on papers, counted now and then."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from laurel.bank.models import Question, QuestionVersion
from laurel.core.db import Base


class QuestionUsage(Base):
    """How often a question was shown and how it was answered, as of `counted_at`.

    A summary that the worker writes anew from papers and marks: no start of an attempt waits for a row that another start
    holds, and losing it loses nothing. `shown` counts papers, `people` the learners among whom they were, `shown_recently`
    those of the last thirty days. The facilities are of `question_version_id`, the version that was in use: in each learner's
    first attempt, before and within the last ninety days.
    """

    __tablename__ = "question_usage"

    question_id: Mapped[UUID] = mapped_column(ForeignKey(Question.id), primary_key=True)
    shown: Mapped[int]
    people: Mapped[int]
    shown_recently: Mapped[int]
    question_version_id: Mapped[UUID | None] = mapped_column(ForeignKey(QuestionVersion.id), index=True, default=None)
    answers_before: Mapped[int] = mapped_column(default=0)
    facility_before: Mapped[float | None] = mapped_column(default=None)
    answers_lately: Mapped[int] = mapped_column(default=0)
    facility_lately: Mapped[float | None] = mapped_column(default=None)
    counted_at: Mapped[datetime]
