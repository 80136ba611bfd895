"""Payment pages, the money that came by them, and the ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.commerce.models.orders import Order
from laurel.commerce.rules import ATTEMPT_FROM, AttemptFacts, AttemptState, PaymentKind, advance
from laurel.core.db import Base, Minor, only_one, text_enum
from laurel.core.ids import new_id


class PaymentCustomer(Base):
    """A buyer as the payment provider knows them. `stripe_customer` is empty until the provider answered `request`."""

    __tablename__ = "payment_customers"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), primary_key=True)
    idem_key: Mapped[str] = mapped_column(String(255), unique=True)
    request: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    n: Mapped[int] = mapped_column(default=1)
    stripe_customer: Mapped[str | None] = mapped_column(String(255), unique=True, default=None)


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
            self.state = advance(ATTEMPT_FROM, self.state, state, what="A checkout")


class Payment(Base):
    """Money that came for an order."""

    __tablename__ = "payments"
    __table_args__ = (only_one("uq_payments_order_id_primary", "order_id", where="kind = 'primary'"),)

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
