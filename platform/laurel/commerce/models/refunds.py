"""Money that went back, or was taken back by a bank. (specs/payments.md §4, §9)"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.commerce.models.orders import Order, OrderLine
from laurel.commerce.models.payments import Payment
from laurel.commerce.rules import WARNINGS, AccessEffect, RefundOrigin, RefundReason, RefundState
from laurel.core.db import Base, Minor, text_enum
from laurel.core.ids import new_id


class Refund(Base):
    """Money of one payment that goes back. The row is there, with its key, before Stripe is asked."""

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), index=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey(Payment.id), index=True)
    idem_key: Mapped[str] = mapped_column(String(255), unique=True)
    amount: Mapped[int] = mapped_column(Minor)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[RefundReason] = mapped_column(text_enum(RefundReason))
    access_effect: Mapped[AccessEffect] = mapped_column(text_enum(AccessEffect))
    origin: Mapped[RefundOrigin] = mapped_column(text_enum(RefundOrigin))
    created_at: Mapped[datetime]
    state: Mapped[RefundState] = mapped_column(text_enum(RefundState), default=RefundState.REQUESTED, index=True)
    stripe_refund: Mapped[str | None] = mapped_column(String(255), unique=True, default=None)
    note: Mapped[str | None] = mapped_column(Text, default=None)
    requested_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    failure: Mapped[str | None] = mapped_column(Text, default=None)


class RefundLine(Base):
    """Which part of a refund belongs to which line of the order."""

    __tablename__ = "refund_lines"
    __table_args__ = (
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint("amount >= 0 AND quantity >= 0", name="not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    refund_id: Mapped[UUID] = mapped_column(ForeignKey(Refund.id))
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey(OrderLine.id), index=True)
    amount: Mapped[int] = mapped_column(Minor)
    quantity: Mapped[int] = mapped_column(default=0)


class Dispute(Base):
    """A buyer's bank asks for a payment back. `status` is Stripe's word."""

    __tablename__ = "disputes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    stripe_dispute: Mapped[str] = mapped_column(String(255), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), index=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey(Payment.id), index=True)
    amount: Mapped[int] = mapped_column(Minor)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(60), index=True)
    reason: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    due_by: Mapped[datetime | None] = mapped_column(default=None)
    evidence_sent_at: Mapped[datetime | None] = mapped_column(default=None)
    evidence_sent_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)

    @property
    def waits_for_us(self) -> bool:
        """Whether the bank still hears what we say."""
        return self.status in {"needs_response", "warning_needs_response"}

    @property
    def is_inquiry(self) -> bool:
        """The bank only asks; no money was taken."""
        return self.status in WARNINGS
