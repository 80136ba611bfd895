"""Discount codes and who used them. (specs/payments.md §4, §9)"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.commerce.models.offers import Offering
from laurel.commerce.models.orders import Order
from laurel.commerce.rules import DiscountUseState
from laurel.core.db import Base, Minor, text_enum
from laurel.core.ids import new_id


class DiscountCode(Base):
    """A code that takes something off. `reserved` and `used` are counted by guarded statements, so that the limit holds."""

    __tablename__ = "discount_codes"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND used >= 0", name="counts_not_negative"),
        CheckConstraint("max_uses IS NULL OR reserved + used <= max_uses", name="at_most_max_uses"),
        CheckConstraint("(percent IS NULL) <> (amount IS NULL) AND (amount IS NULL) = (currency IS NULL)", name="percent_or_amount"),
        CheckConstraint("percent IS NULL OR (percent > 0 AND percent <= 100)", name="percent_in_range"),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    """Folded to upper case."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True)
    percent: Mapped[int | None] = mapped_column(default=None)
    amount: Mapped[int | None] = mapped_column(Minor, default=None)
    currency: Mapped[str | None] = mapped_column(String(3), default=None)
    max_uses: Mapped[int | None] = mapped_column(default=None)
    per_user: Mapped[int] = mapped_column(default=1)
    reserved: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[datetime | None] = mapped_column(default=None)
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)
    note: Mapped[str | None] = mapped_column(Text, default=None)
    stripe_coupon: Mapped[str | None] = mapped_column(String(255), unique=True, default=None)
    """The coupon by which Stripe's page shows it, once Stripe knows it."""


class DiscountCodeOffering(Base):
    """What a code may be used for. A code without any is for everything."""

    __tablename__ = "discount_code_offerings"

    code_id: Mapped[UUID] = mapped_column(ForeignKey(DiscountCode.id), primary_key=True)
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), primary_key=True, index=True)


class DiscountUse(Base):
    """One order that a code was used for."""

    __tablename__ = "discount_uses"
    __table_args__ = (Index("ix_discount_uses_code_id_user_id", "code_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    code_id: Mapped[UUID] = mapped_column(ForeignKey(DiscountCode.id))
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    state: Mapped[DiscountUseState] = mapped_column(text_enum(DiscountUseState), default=DiscountUseState.RESERVED)
