"""The bank's tables: categories, questions with their tags, and their versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.bank.rules import Body, QuestionKind, QuestionStatus, advance, parse_body, withdraws
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id


class QuestionCategory(Base):
    """One drawer of the bank; drawers may lie within drawers."""

    __tablename__ = "question_categories"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(160))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("question_categories.id"), index=True, default=None)


class Question(Base):
    """One question, whatever its versions say.

    `status` is that of the latest version, number `latest_n`. `ready_n` is the version that learners get: it stays in use
    while a newer one is being written, and is None before the first and after the last.

    `duplicate_group` names a set of questions of which a paper holds one at most, be it that they ask the same in other words
    or that one gives another away ("enemies"). A question is in one group or in none: with groups that do not overlap a draw
    stays a matching, which is solved exactly and at once, while pairs that exclude each other freely would make it a search
    that no exam can wait for (docs/decisions/0009). The names are the whole bank's, like its categories.
    """

    __tablename__ = "questions"
    __table_args__ = (Index("ix_questions_category_id_ready_n", "category_id", "ready_n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    external_id: Mapped[str | None] = mapped_column(String(120), unique=True, default=None)
    category_id: Mapped[UUID] = mapped_column(ForeignKey(QuestionCategory.id))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    status: Mapped[QuestionStatus] = mapped_column(text_enum(QuestionStatus), default=QuestionStatus.DRAFT, index=True)
    objective: Mapped[str] = mapped_column(String(300), default="")
    difficulty: Mapped[int] = mapped_column(default=3)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    latest_n: Mapped[int] = mapped_column(default=1)
    ready_n: Mapped[int | None] = mapped_column(default=None)
    revision: Mapped[int] = mapped_column(default=1)
    """Goes up with every save, also of what is not versioned, so that a save from a stale page is noticed."""
    search_text: Mapped[str] = mapped_column(Text, default="")
    """The words of the latest version and the objective, case-folded."""
    duplicate_group: Mapped[str | None] = mapped_column(String(120), index=True, default=None)
    source_hash: Mapped[str | None] = mapped_column(String(64), default=None)
    """What the importer last read for it, so that reading the same again changes nothing."""

    def change_status(self, status: QuestionStatus, *, at: datetime) -> None:
        """Take the step if it is allowed. Ready puts the latest version to use; out of ready or retired, none is."""
        left, self.status, self.changed_at = self.status, advance(self.status, status), at
        if status is QuestionStatus.READY:
            self.ready_n = self.latest_n
        elif withdraws(left, status):
            self.ready_n = None

    def is_withdrawn_by(self, status: QuestionStatus) -> bool:
        """Whether the step takes the question from learners who get it now."""
        return self.ready_n is not None and withdraws(self.status, status)


class QuestionTag(Base):
    """A word that an author put on a question, in the form of `clean_tags`."""

    __tablename__ = "question_tags"

    question_id: Mapped[UUID] = mapped_column(ForeignKey(Question.id), primary_key=True)
    tag: Mapped[str] = mapped_column(String(60), primary_key=True, index=True)


class QuestionVersion(Base):
    """What a question said at one time. Never changed once it is written; the HTML follows from the Markdown beside it."""

    __tablename__ = "question_versions"
    __table_args__ = (UniqueConstraint("question_id", "n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    question_id: Mapped[UUID] = mapped_column(ForeignKey(Question.id))
    n: Mapped[int]
    kind: Mapped[QuestionKind] = mapped_column(text_enum(QuestionKind))
    stem: Mapped[str] = mapped_column(Text)
    stem_html: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]]
    general_feedback: Mapped[str] = mapped_column(Text)
    general_feedback_html: Mapped[str] = mapped_column(Text)
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(String(64))
    rendered_with: Mapped[int]
    """The version of the Markdown rules that made the HTML."""

    def typed_body(self) -> Body:
        """The body as the rules of its kind want it."""
        return parse_body(self.kind, self.body)
