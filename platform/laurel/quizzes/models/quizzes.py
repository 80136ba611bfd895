"""Quizzes, their versions, and the slots of a version's paper."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.bank.models import Question, QuestionCategory, QuestionVersion
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.rules import DrawFilter, ExpiryPolicy, QuizKind, QuizSettings, QuizStatus, ReviewPreset, SlotKind, SlotSpec
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.filtering import EVERYTHING
from laurel.quizzes.rules.reviewing import ReviewMatrix, matrix_of


class Quiz(Base):
    """One quiz or exam, whatever its versions say. Attempts start on the version that is published."""

    __tablename__ = "quizzes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    external_id: Mapped[str | None] = mapped_column(String(120), unique=True, default=None)
    kind: Mapped[QuizKind] = mapped_column(text_enum(QuizKind))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    title: Mapped[str] = mapped_column(String(160))
    status: Mapped[QuizStatus] = mapped_column(text_enum(QuizStatus), default=QuizStatus.DRAFT, index=True)
    published_version_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("quiz_versions.id", use_alter=True, name="fk_quizzes_published_version_id_quiz_versions"), index=True, default=None
    )
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    source_hash: Mapped[str | None] = mapped_column(String(64), default=None)
    """What the importer last read for it, so that reading the same again changes nothing."""


class QuizVersion(Base):
    """What a quiz was at one time. Without `published_at` it is the draft, of which a quiz has one at most; after that it never changes."""

    __tablename__ = "quiz_versions"
    __table_args__ = (
        UniqueConstraint("quiz_id", "n"),
        Index(
            "uq_quiz_versions_one_draft",
            "quiz_id",
            unique=True,
            postgresql_where=text("published_at IS NULL"),
            sqlite_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey(Quiz.id))
    n: Mapped[int]
    revision: Mapped[int] = mapped_column(default=1)
    """Goes up with every save of a draft, so that a save from a stale page is noticed."""
    title: Mapped[str] = mapped_column(String(160))
    instructions: Mapped[str] = mapped_column(Text, default="")
    instructions_html: Mapped[str] = mapped_column(Text, default="")
    honor_code: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int | None] = mapped_column(default=None)
    pass_percent: Mapped[Decimal]
    attempts_allowed: Mapped[int | None] = mapped_column(default=None)
    retake_wait_hours: Mapped[list[int]] = mapped_column(default_factory=list)
    shuffle_questions: Mapped[bool] = mapped_column(default=False)
    shuffle_options: Mapped[bool] = mapped_column(default=False)
    review_preset: Mapped[ReviewPreset] = mapped_column(text_enum(ReviewPreset))
    expiry_policy: Mapped[ExpiryPolicy] = mapped_column(text_enum(ExpiryPolicy), default=ExpiryPolicy.AUTOSUBMIT)
    grace_seconds: Mapped[int] = mapped_column(default=0)
    allow_negative: Mapped[bool] = mapped_column(default=False)
    opens_at: Mapped[datetime | None] = mapped_column(default=None)
    closes_at: Mapped[datetime | None] = mapped_column(default=None)
    review_matrix: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    """What its author decided instead of the preset; None: the preset."""
    password_hash: Mapped[str | None] = mapped_column(String(200), default=None)
    one_way: Mapped[bool] = mapped_column(default=False, server_default=false())
    logs_focus: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def token(self) -> str:
        """Names this state of this version: a form carries it, so that a save from a stale page is noticed."""
        return f"{self.n}.{self.revision}"

    @property
    def review(self) -> ReviewMatrix:
        """What a learner may see of an attempt, and when."""
        return matrix_of(self.review_preset) if self.review_matrix is None else ReviewMatrix.from_json(self.review_matrix)

    @property
    def access(self) -> AccessRules:
        """What else an attempt asks of a learner, and keeps of them."""
        return AccessRules(password_hash=self.password_hash, one_way=self.one_way, logs_focus=self.logs_focus)

    def adopt(self, settings: QuizSettings, *, review_preset: ReviewPreset) -> None:
        """Take over the settings; the HTML of the instructions is the caller's to render."""
        self.instructions = settings.instructions
        self.honor_code = settings.honor_code
        self.minutes = settings.minutes
        self.pass_percent = settings.pass_percent
        self.attempts_allowed = settings.attempts_allowed
        self.retake_wait_hours = list(settings.retake_wait_hours)
        self.shuffle_questions = settings.shuffle_questions
        self.shuffle_options = settings.shuffle_options
        self.review_preset = review_preset
        self.expiry_policy = settings.expiry_policy
        self.grace_seconds = settings.grace_seconds
        self.allow_negative = settings.allow_negative
        self.opens_at = settings.opens_at
        self.closes_at = settings.closes_at
        self.review_matrix = None if settings.review is None else settings.review.to_json()
        self.password_hash = settings.access.password_hash
        self.one_way = settings.access.one_way
        self.logs_focus = settings.access.logs_focus

    def settings(self) -> QuizSettings:
        """The settings as the value that made them."""
        return QuizSettings(
            instructions=self.instructions,
            honor_code=self.honor_code,
            minutes=self.minutes,
            pass_percent=self.pass_percent,
            attempts_allowed=self.attempts_allowed,
            retake_wait_hours=tuple(self.retake_wait_hours),
            shuffle_questions=self.shuffle_questions,
            shuffle_options=self.shuffle_options,
            review_preset=self.review_preset,
            expiry_policy=self.expiry_policy,
            grace_seconds=self.grace_seconds,
            allow_negative=self.allow_negative,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            review=None if self.review_matrix is None else self.review,
            access=self.access,
        )


class QuizSlot(Base):
    """One slot of a version: a question, or a category to draw from."""

    __tablename__ = "quiz_slots"
    __table_args__ = (UniqueConstraint("quiz_version_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    quiz_version_id: Mapped[UUID] = mapped_column(ForeignKey(QuizVersion.id, ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[SlotKind] = mapped_column(text_enum(SlotKind))
    question_id: Mapped[UUID | None] = mapped_column(ForeignKey(Question.id), index=True, default=None)
    question_version_id: Mapped[UUID | None] = mapped_column(ForeignKey(QuestionVersion.id), index=True, default=None)
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey(QuestionCategory.id), index=True, default=None)
    count: Mapped[int] = mapped_column(default=1)
    domain: Mapped[str] = mapped_column(String(120), default="")
    domain_title: Mapped[str] = mapped_column(String(160), default="")
    max_mark: Mapped[Decimal] = mapped_column(default=Decimal(1))
    draw_filter: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    """A `DrawFilter`; None lets every question of the category pass. It is read as a whole and never searched by."""

    @classmethod
    def of(cls, spec: SlotSpec, *, quiz_version_id: UUID, position: int) -> "QuizSlot":
        """The slot that an author laid out, at its place."""
        return cls(
            quiz_version_id=quiz_version_id,
            position=position,
            kind=spec.kind,
            question_id=spec.question_id,
            question_version_id=spec.question_version_id,
            category_id=spec.category_id,
            count=spec.count,
            domain=spec.domain,
            domain_title=spec.domain_title,
            max_mark=spec.max_mark,
            draw_filter=None if spec.draw_filter == EVERYTHING else spec.draw_filter.to_json(),
        )

    def typed_filter(self) -> DrawFilter:
        return EVERYTHING if self.draw_filter is None else DrawFilter.from_json(self.draw_filter)

    def spec(self) -> SlotSpec:
        """The slot as the value that made it."""
        return SlotSpec(
            kind=self.kind,
            question_id=self.question_id,
            question_version_id=self.question_version_id,
            category_id=self.category_id,
            count=self.count,
            domain=self.domain,
            domain_title=self.domain_title,
            max_mark=self.max_mark,
            draw_filter=self.typed_filter(),
        )
