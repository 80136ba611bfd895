"""What is for sale, who bought it, what was paid, and which rights that gave. (specs/payments.md §4)

Refunds, disputes, vouchers and discount codes get tables of their own; their sums have columns here already.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce import rules
from laurel.commerce.rules import (
    AttemptFacts,
    AttemptState,
    EntitlementSource,
    EntitlementStatus,
    InboxStatus,
    OfferingKind,
    OrderState,
    OrderTerms,
    PaymentKind,
    TaxBehavior,
)
from laurel.core.db import Base, Minor, text_enum
from laurel.core.ids import new_id


def _only_one(name: str, *columns: str, where: str) -> Index:
    """A unique index over the rows that `where` selects, on both databases."""
    return Index(name, *columns, unique=True, postgresql_where=text(where), sqlite_where=text(where))


class Offering(Base):
    """A course that is for sale. Withdrawn offerings stay: orders point at them."""

    __tablename__ = "offerings"
    __table_args__ = (_only_one("uq_offerings_course_id_current", "course_id", where="withdrawn_at IS NULL"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[OfferingKind] = mapped_column(text_enum(OfferingKind), default=OfferingKind.COURSE)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    title: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


class Price(Base):
    """What an offering costs in one currency, from one moment to another. A price is never changed, only followed."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("unit_amount >= 0", name="unit_amount_not_negative"),
        _only_one("uq_prices_offering_id_currency_current", "offering_id", "currency", where="valid_until IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    unit_amount: Mapped[int] = mapped_column(Minor)
    tax_behavior: Mapped[TaxBehavior] = mapped_column(text_enum(TaxBehavior), default=TaxBehavior.INCLUSIVE)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None] = mapped_column(default=None)


class PaymentCustomer(Base):
    """A buyer as the payment provider knows them. `stripe_customer` is empty until the provider answered `request`."""

    __tablename__ = "payment_customers"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), primary_key=True)
    idem_key: Mapped[str] = mapped_column(String(255), unique=True)
    request: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    n: Mapped[int] = mapped_column(default=1)
    stripe_customer: Mapped[str | None] = mapped_column(String(255), unique=True, default=None)


class Order(Base):
    """One purchase at the prices of the moment it was placed. What was refunded or disputed is in the sums, not the state."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "subtotal >= 0 AND discount >= 0 AND tax >= 0 AND total >= 0 AND amount_paid >= 0 AND amount_disputed >= 0",
            name="amounts_not_negative",
        ),
        CheckConstraint("amount_refunded >= 0 AND amount_refunded <= amount_paid", name="refunded_at_most_paid"),
        _only_one("uq_orders_buyer_id_purchase_key_open", "buyer_id", "purchase_key", where="state IN ('created', 'awaiting_payment')"),
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
    buyer: Mapped[User] = relationship(init=False, viewonly=True, lazy="raise")
    lines: Mapped[list["OrderLine"]] = relationship(init=False, viewonly=True, lazy="raise", order_by="OrderLine.line_no")

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


class CheckoutAttempt(Base):
    """One try to open a payment page. `request` and `idem_key` are stored before the call and never changed."""

    __tablename__ = "checkout_attempts"
    __table_args__ = (UniqueConstraint("order_id", "n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id))
    n: Mapped[int]
    idem_key: Mapped[str] = mapped_column(String(255), unique=True)
    request: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[AttemptState] = mapped_column(text_enum(AttemptState), default=AttemptState.CREATING)
    session_id: Mapped[str | None] = mapped_column(String(255), unique=True, default=None)
    url: Mapped[str | None] = mapped_column(Text, default=None)
    stripe_amount_total: Mapped[int | None] = mapped_column(Minor, default=None)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text, default=None)
    synced_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def facts(self) -> AttemptFacts:
        return AttemptFacts(state=self.state, created_at=self.created_at, expires_at=self.expires_at, failures=self.failures)

    def become(self, state: AttemptState) -> None:
        """Move on to `state`; raises ConflictError if that cannot follow."""
        if self.state is not state:
            self.state = rules.advance(self.state, state)


class Payment(Base):
    """Money that came for an order."""

    __tablename__ = "payments"
    __table_args__ = (_only_one("uq_payments_order_id_primary", "order_id", where="kind = 'primary'"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), index=True)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(CheckoutAttempt.id), index=True)
    payment_intent: Mapped[str] = mapped_column(String(255), unique=True)
    charge: Mapped[str | None] = mapped_column(String(255), index=True)
    amount: Mapped[int] = mapped_column(Minor)
    currency: Mapped[str] = mapped_column(String(3))
    kind: Mapped[PaymentKind] = mapped_column(text_enum(PaymentKind))
    status: Mapped[str] = mapped_column(String(40))
    method: Mapped[str | None] = mapped_column(String(40))
    last4: Mapped[str | None] = mapped_column(String(4))
    receipt_url: Mapped[str | None] = mapped_column(Text)
    fee: Mapped[int | None] = mapped_column(Minor, default=None)
    created_at: Mapped[datetime]


class Entitlement(Base):
    """The right to a course. One source gives one right, however often its story is told."""

    __tablename__ = "entitlements"
    __table_args__ = (
        UniqueConstraint("source_kind", "source_id", "offering_id"),
        Index("ix_entitlements_user_id_offering_id", "user_id", "offering_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), index=True)
    source_kind: Mapped[EntitlementSource] = mapped_column(text_enum(EntitlementSource))
    source_id: Mapped[UUID]
    created_at: Mapped[datetime]
    status: Mapped[EntitlementStatus] = mapped_column(text_enum(EntitlementStatus), default=EntitlementStatus.ACTIVE)
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)


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


class LedgerEntry(Base):
    """Money in or out, signed, written once and never changed: what revenue reports add up."""

    __tablename__ = "ledger_entries"
    __table_args__ = (UniqueConstraint("kind", "ref"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(255))
    amount: Mapped[int] = mapped_column(Minor)
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime] = mapped_column(index=True)


class ReviewTask(Base):
    """A question that a person must answer. One problem is one task."""

    __tablename__ = "review_tasks"
    __table_args__ = (UniqueConstraint("kind", "ref"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(255))
    detail: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey(Order.id), index=True, default=None)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
