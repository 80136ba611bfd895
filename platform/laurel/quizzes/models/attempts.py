"""Attempts: the frozen paper, every saved answer, and the marks."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.bank.models import Question, QuestionVersion
from laurel.bank.rules import GradeState
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.models.quizzes import Quiz, QuizVersion
from laurel.quizzes.rules import AttemptState, FinishReason, timing

_IS_OPEN = text("state IN ('scheduled', 'in_progress', 'paused', 'overdue')")


class Attempt(Base):
    """One learner's attempt at one version of a quiz.

    `number` counts a learner's attempts at the quiz, previews apart. `limit_seconds` is the time that was granted at the
    start; `added_seconds` (staff), `paused_seconds` and `credited_seconds` (our outages) move the deadline. `chain_head` is the hash
    of the last saved answer and `ops_count` the number of them; `lease_token` names the browser tab that may save.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("learner_id", "quiz_id", "is_preview", "number"),
        Index(
            "uq_attempts_one_open",
            "learner_id",
            "quiz_id",
            "is_preview",
            unique=True,
            postgresql_where=_IS_OPEN,
            sqlite_where=_IS_OPEN,
        ),
        Index("ix_attempts_state_deadline_at", "state", "deadline_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey(Quiz.id), index=True)
    quiz_version_id: Mapped[UUID] = mapped_column(ForeignKey(QuizVersion.id), index=True)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    number: Mapped[int]
    is_preview: Mapped[bool] = mapped_column(default=False)
    state: Mapped[AttemptState] = mapped_column(text_enum(AttemptState))
    home_path: Mapped[str] = mapped_column(String(500))
    seed: Mapped[int] = mapped_column(BigInteger)
    honor_code: Mapped[str] = mapped_column(Text, default="")
    honor_code_accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    browser_session: Mapped[str | None] = mapped_column(String(64), default=None)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    limit_seconds: Mapped[int | None] = mapped_column(default=None)
    added_seconds: Mapped[int] = mapped_column(default=0)
    paused_seconds: Mapped[int] = mapped_column(default=0)
    credited_seconds: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None] = mapped_column(default=None)
    closes_at: Mapped[datetime | None] = mapped_column(default=None)
    deadline_at: Mapped[datetime | None] = mapped_column(default=None)
    lease_token: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_taken_at: Mapped[datetime | None] = mapped_column(default=None)
    chain_head: Mapped[str] = mapped_column(String(64))
    ops_count: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    finish_reason: Mapped[FinishReason | None] = mapped_column(text_enum(FinishReason), default=None)
    receipt: Mapped[str | None] = mapped_column(String(40), default=None)
    graded_at: Mapped[datetime | None] = mapped_column(default=None)
    earned: Mapped[Decimal | None] = mapped_column(default=None)
    possible: Mapped[Decimal | None] = mapped_column(default=None)
    passed: Mapped[bool | None] = mapped_column(default=None)
    is_counted: Mapped[bool] = mapped_column(default=True)
    """False once staff void the attempt and give it back."""
    time_multiplier: Mapped[Decimal | None] = mapped_column(default=None)
    """What `limit_seconds` was multiplied by before `extra_seconds` came on top; None if nothing was."""
    extra_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    hides_timer: Mapped[bool] = mapped_column(default=False, server_default=false())
    announcements: Mapped[list[Any] | None] = mapped_column(default=None)
    """What the candidate is told (`rules.announcing`), in this row so that a save need not ask for it."""
    reached_slot: Mapped[int | None] = mapped_column(default=None)
    """Where nobody can go back: the one question that is open now. None: all questions are open."""

    round_number: Mapped[int] = mapped_column(default=1, server_default="1")
    """Which of the learner's rounds at the exam it belongs to (`rules.rounds`)."""

    def is_slot_open(self, number: int) -> bool:
        """Whether this question can be opened and answered now, as far as going back and ahead is concerned."""
        return self.reached_slot in (None, number)

    def compute_deadline(self) -> datetime | None:
        """The deadline that follows from the start and from everything granted since."""
        if self.started_at is None:
            return None
        return timing.deadline(
            started_at=self.started_at,
            limit=None if self.limit_seconds is None else timedelta(seconds=self.limit_seconds),
            added=timedelta(seconds=self.added_seconds),
            paused=timedelta(seconds=self.paused_seconds),
            credited=timedelta(seconds=self.credited_seconds),
            closes_at=self.closes_at,
        )


class PaperSlot(Base):
    """One question of a frozen paper: which version, in which order its options, and what it is worth. Only the flag changes."""

    __tablename__ = "paper_slots"
    __table_args__ = (UniqueConstraint("attempt_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id))
    number: Mapped[int]
    question_id: Mapped[UUID] = mapped_column(ForeignKey(Question.id), index=True)
    question_version_id: Mapped[UUID] = mapped_column(ForeignKey(QuestionVersion.id), index=True)
    option_order: Mapped[list[str]]
    domain: Mapped[str] = mapped_column(String(120))
    domain_title: Mapped[str] = mapped_column(String(160))
    max_mark: Mapped[Decimal]
    is_flagged: Mapped[bool] = mapped_column(default=False)


class AnswerOp(Base):
    """One saved answer, never changed or deleted. Its id is made by the browser, so that a repeat is known as one.

    What came too late has no `position` and no `hash`: it is kept as evidence and is not graded.
    """

    __tablename__ = "answer_ops"
    __table_args__ = (UniqueConstraint("attempt_id", "position"), Index("ix_answer_ops_attempt_id_slot_seq", "attempt_id", "slot", "seq"))

    op_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id))
    position: Mapped[int | None]
    slot: Mapped[int]
    seq: Mapped[int]
    answer: Mapped[dict[str, Any] | None]
    client_ts: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime]
    hash: Mapped[str | None] = mapped_column(String(64))

    @property
    def is_late(self) -> bool:
        return self.position is None


class CurrentAnswer(Base):
    """The last answer saved for a slot."""

    __tablename__ = "answers"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    answer: Mapped[dict[str, Any] | None]
    op_id: Mapped[UUID] = mapped_column(ForeignKey(AnswerOp.op_id), index=True)
    saved_at: Mapped[datetime]


class SlotMark(Base):
    """What one slot earned. A regrade writes the next `revision`; none is ever changed."""

    __tablename__ = "slot_marks"
    __table_args__ = (UniqueConstraint("attempt_id", "slot", "revision"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id))
    slot: Mapped[int]
    revision: Mapped[int] = mapped_column(default=1)
    fraction: Mapped[Decimal]
    mark: Mapped[Decimal]
    max_mark: Mapped[Decimal]
    state: Mapped[GradeState] = mapped_column(text_enum(GradeState))
    needs_review: Mapped[bool] = mapped_column(default=False)
    graded_at: Mapped[datetime]
