"""What Stripe told us, and the questions that a person must answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.commerce.models.orders import Order
from laurel.commerce.rules import InboxStatus
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id


class StripeEvent(Base):
    """An event that Stripe sent, kept once under its own id, and what became of it."""

    __tablename__ = "stripe_events"
    __table_args__ = (Index("ix_stripe_events_status_next_at", "status", "next_at"),)

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    object_id: Mapped[str] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime]
    api_version: Mapped[str | None] = mapped_column(String(60))
    is_live: Mapped[bool]
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(20), default="webhook")
    status: Mapped[InboxStatus] = mapped_column(text_enum(InboxStatus), default=InboxStatus.RECEIVED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)


class ReviewTask(Base):
    """A question that a person must answer. One problem is one task."""

    __tablename__ = "review_tasks"
    __table_args__ = (UniqueConstraint("kind", "ref"), Index("ix_review_tasks_resolved_at_created_at", "resolved_at", "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(255))
    detail: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey(Order.id), index=True, default=None)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    resolution: Mapped[str | None] = mapped_column(Text, default=None)
