"""Payment pages and the money that came by them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce.models import (
    CheckoutAttempt,
    Payment,
    PaymentCustomer,
)
from laurel.commerce.rules import LIVE_ATTEMPTS


def find_customer(session: Session, user_id: UUID) -> PaymentCustomer | None:
    """The buyer as the payment provider knows them, if they were introduced."""
    return session.get(PaymentCustomer, user_id, populate_existing=True)


def get_customer(session: Session, user_id: UUID) -> PaymentCustomer:
    return session.get_one(PaymentCustomer, user_id, populate_existing=True)


def list_attempts(session: Session, order_id: UUID) -> list[CheckoutAttempt]:
    """The order's attempts as they are now, the latest first."""
    statement = select(CheckoutAttempt).where(CheckoutAttempt.order_id == order_id).order_by(CheckoutAttempt.n.desc())
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def find_last_attempt(session: Session, order_id: UUID) -> CheckoutAttempt | None:
    return next(iter(list_attempts(session, order_id)), None)


def find_live_attempt(session: Session, order_id: UUID) -> CheckoutAttempt | None:
    """The order's attempt whose payment page is open, or may be."""
    return next((attempt for attempt in list_attempts(session, order_id) if attempt.state in LIVE_ATTEMPTS), None)


def get_attempt(session: Session, attempt_id: UUID) -> CheckoutAttempt:
    return session.get_one(CheckoutAttempt, attempt_id)


def find_attempt(session: Session, session_id: str) -> CheckoutAttempt | None:
    """The attempt that opened this checkout."""
    statement = select(CheckoutAttempt).where(CheckoutAttempt.session_id == session_id)
    return session.scalar(statement.execution_options(populate_existing=True))


def list_payments(session: Session, order_id: UUID) -> list[Payment]:
    """The money that came for the order, the first first."""
    return list(session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.created_at)))


def find_payment(session: Session, payment_intent: str) -> Payment | None:
    return session.scalar(select(Payment).where(Payment.payment_intent == payment_intent))


def get_payment(session: Session, payment_id: UUID) -> Payment:
    return session.get_one(Payment, payment_id)


def find_payment_by_charge(session: Session, charge: str) -> Payment | None:
    return session.scalar(select(Payment).where(Payment.charge == charge))
