"""The outage ledger: who is there, when nobody was, and which attempt got how much time back for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.models.attempts import Attempt
from laurel.quizzes.rules.outages import OutageKind, Span


class Heartbeat(Base):
    """The last sign of life of one web process."""

    __tablename__ = "heartbeats"

    instance: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Outage(Base):
    """A time in which candidates could not work because of us. `settled_at`: when all attempts concerned had their time back."""

    __tablename__ = "outages"
    __table_args__ = (Index("ix_outages_ends_at", "ends_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[OutageKind] = mapped_column(text_enum(OutageKind))
    starts_at: Mapped[datetime] = mapped_column(unique=True)
    ends_at: Mapped[datetime]
    noticed_at: Mapped[datetime]
    failed_saves: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)


class OutageCredit(Base):
    """The time that one attempt got back for one outage. One row, so it is never given twice."""

    __tablename__ = "outage_credits"

    outage_id: Mapped[UUID] = mapped_column(ForeignKey(Outage.id), primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id), primary_key=True, index=True)
    seconds: Mapped[int]
    gained_seconds: Mapped[int]
    """How far the deadline moved: less than `seconds` where the close of the window cut it off."""
    credited_at: Mapped[datetime]


class TroubleReport(Base):
    """What a browser last said about a time in which its saves failed: a hint, which only others can make true."""

    __tablename__ = "trouble_reports"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id), primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)
