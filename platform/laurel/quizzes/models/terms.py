"""Who has other terms than a quiz grants everybody: overrides for learners and groups, and accommodations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.models.quizzes import Quiz
from laurel.quizzes.rules.terms import ALWAYS, NEVER, Override, Profile, ReasonCategory


class LearnerGroup(Base):
    """Learners whose terms at a quiz are set together."""

    __tablename__ = "learner_groups"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime]


class GroupMember(Base):
    """One learner in one group."""

    __tablename__ = "learner_group_members"

    group_id: Mapped[UUID] = mapped_column(ForeignKey(LearnerGroup.id), primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), primary_key=True, index=True)
    added_at: Mapped[datetime]


class QuizOverride(Base):
    """What of a quiz is different for one learner or for one group. NULL: not set; 0 minutes or attempts: no limit."""

    __tablename__ = "quiz_overrides"
    __table_args__ = (
        UniqueConstraint("quiz_id", "learner_id"),
        UniqueConstraint("quiz_id", "group_id"),
        CheckConstraint("(learner_id IS NULL) <> (group_id IS NULL)", name="one_receiver"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey(Quiz.id))
    learner_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey(LearnerGroup.id), index=True, default=None)
    minutes: Mapped[int | None] = mapped_column(default=None)
    opens_at: Mapped[datetime | None] = mapped_column(default=None)
    is_always_open: Mapped[bool] = mapped_column(default=False)
    closes_at: Mapped[datetime | None] = mapped_column(default=None)
    never_closes: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int | None] = mapped_column(default=None)
    waives_wait: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(500))
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    set_at: Mapped[datetime]

    def effect(self) -> Override:
        """The override as the rules know it."""
        return Override(
            minutes=self.minutes,
            opens_at=ALWAYS if self.is_always_open else self.opens_at,
            closes_at=NEVER if self.never_closes else self.closes_at,
            attempts=self.attempts,
            waives_wait=self.waives_wait or None,
        )

    def adopt(self, override: Override) -> None:
        """Take over what the rules know as an override."""
        self.minutes, self.attempts, self.waives_wait = override.minutes, override.attempts, bool(override.waives_wait)
        self.is_always_open, self.never_closes = override.opens_at == ALWAYS, override.closes_at == NEVER
        self.opens_at = None if self.is_always_open else override.opens_at
        self.closes_at = None if self.never_closes else override.closes_at


class Accommodation(Base):
    """What one learner is accommodated with in every quiz. It keeps the effect; of the reason it keeps a category."""

    __tablename__ = "accommodations"

    learner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), primary_key=True)
    multiplier: Mapped[Decimal]
    extra_minutes: Mapped[int]
    hides_timer: Mapped[bool]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[ReasonCategory] = mapped_column(text_enum(ReasonCategory))
    approved_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    approved_at: Mapped[datetime]

    def effect(self) -> Profile:
        """The accommodation as the rules know it."""
        return Profile(
            multiplier=self.multiplier, extra_minutes=self.extra_minutes, hides_timer=self.hides_timer, expires_at=self.expires_at
        )
