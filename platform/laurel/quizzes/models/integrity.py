"""What is kept around an attempt besides its answers: what the browser noticed, and a learner's request for a review."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.models.attempts import Attempt
from laurel.quizzes.rules.focus import FocusKind


class FocusNote(Base):
    """Something that a learner's browser noticed during an attempt: a fact, never a verdict.

    `second` (since 1970, by the database's clock) is in the key, so that an attempt gets one row a second at most, whatever is
    sent. `amount` is milliseconds for an absence, characters for a paste: never what was pasted.
    """

    __tablename__ = "focus_notes"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id), primary_key=True)
    second: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[FocusKind] = mapped_column(text_enum(FocusKind))
    slot: Mapped[int | None] = mapped_column(default=None)
    amount: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(index=True)


class ReviewRequest(Base):
    """A learner asks a person to look at a failed exam; an attempt has one at most. `decision` is what staff answered."""

    __tablename__ = "review_requests"
    __table_args__ = (Index("ix_review_requests_decided_at_requested_at", "decided_at", "requested_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id), unique=True)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    statement: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    decision: Mapped[str] = mapped_column(Text, default="")
