"""Orders and their lines. (specs/payments.md §4)"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from laurel.accounts.models import User
from laurel.commerce.models.offers import Offering
from laurel.commerce.rules import OfferingKind, OrderState, OrderTerms, TaxBehavior
from laurel.core.db import Base, Minor, only_one, text_enum
from laurel.core.ids import new_id


class Order(Base):
    """One purchase at the prices of the moment it was placed. What was refunded or disputed is in the sums, not the state."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "subtotal >= 0 AND discount >= 0 AND tax >= 0 AND total >= 0 AND amount_paid >= 0 AND amount_disputed >= 0",
            name="amounts_not_negative",
        ),
        CheckConstraint("amount_refunded >= 0 AND amount_refunded <= amount_paid", name="refunded_at_most_paid"),
        only_one("uq_orders_buyer_id_purchase_key_open", "buyer_id", "purchase_key", where="state IN ('created', 'awaiting_payment')"),
        Index("ix_orders_state_created_at", "state", "created_at"),
        Index("ix_orders_buyer_id_created_at", "buyer_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    purchase_key: Mapped[str] = mapped_column(String(400))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal: Mapped[int] = mapped_column(Minor)
    discount: Mapped[int] = mapped_column(Minor, default=0)
    tax: Mapped[int] = mapped_column(Minor, default=0)
    tax_behavior: Mapped[TaxBehavior] = mapped_column(text_enum(TaxBehavior))
    total: Mapped[int] = mapped_column(Minor)
    amount_paid: Mapped[int] = mapped_column(Minor, default=0)
    amount_refunded: Mapped[int] = mapped_column(Minor, default=0)
    amount_disputed: Mapped[int] = mapped_column(Minor, default=0)
    is_live: Mapped[bool]
    click_token: Mapped[str | None] = mapped_column(String(100), default=None)
    state: Mapped[OrderState] = mapped_column(text_enum(OrderState), default=OrderState.CREATED)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(index=True)
    paid_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    discount_code_id: Mapped[UUID | None] = mapped_column(ForeignKey("discount_codes.id"), index=True, default=None)
    billing: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    """Who the receipt is made out to, as the payment page was told: name, address, tax_ids."""
    invoice_url: Mapped[str | None] = mapped_column(Text, default=None)
    invoice_pdf: Mapped[str | None] = mapped_column(Text, default=None)
    buyer: Mapped[User] = relationship(init=False, viewonly=True, lazy="raise")
    lines: Mapped[list["OrderLine"]] = relationship(init=False, viewonly=True, lazy="raise", order_by="OrderLine.line_no")

    @property
    def paid_beyond(self) -> int:
        """By how much a paid order's total is more (or less) than was asked for: staff took what came as it was."""
        on_top = self.tax if self.tax_behavior is TaxBehavior.EXCLUSIVE else 0
        return self.total - (self.subtotal - self.discount + on_top) if self.paid_at is not None else 0

    def terms(self, lines: "list[OrderLine]") -> OrderTerms:
        """What a checkout of this order must say."""
        return OrderTerms(
            order_ref=str(self.id),
            is_live=self.is_live,
            currency=self.currency,
            subtotal=self.subtotal,
            discount=self.discount,
            tax_behavior=self.tax_behavior,
            lines=tuple((line.quantity, line.unit_amount) for line in lines),
        )


class OrderLine(Base):
    """One thing in an order, with the title and the price it had then."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "line_no"),
        CheckConstraint("quantity > 0 AND amount = quantity * unit_amount", name="amount_is_product"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= amount", name="refunded_at_most_amount"),
        CheckConstraint("refunded_quantity >= 0 AND refunded_quantity <= quantity", name="refunded_at_most_quantity"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id))
    line_no: Mapped[int]
    kind: Mapped[OfferingKind] = mapped_column(text_enum(OfferingKind))
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), index=True)
    title: Mapped[str] = mapped_column(String(160))
    quantity: Mapped[int] = mapped_column(default=1)
    unit_amount: Mapped[int] = mapped_column(Minor)
    amount: Mapped[int] = mapped_column(Minor)
    refunded_amount: Mapped[int] = mapped_column(Minor, default=0)
    refunded_quantity: Mapped[int] = mapped_column(default=0)
    offering: Mapped[Offering] = relationship(init=False, viewonly=True, lazy="raise")
