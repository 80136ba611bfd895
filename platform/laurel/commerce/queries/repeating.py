"""Money that was to go back, did not, and may be sent again."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce.models import Order, Payment, Refund, ReviewTask
from laurel.commerce.queries.disputes import is_disputed
from laurel.commerce.queries.payments import get_payment
from laurel.commerce.queries.refunds import count_held, find_refund, find_refund_at_stripe, is_booked
from laurel.commerce.rules import OrderState, PaymentKind


def find_stranded_payment(session: Session, task: ReviewTask) -> Payment | None:
    """The payment of which an open task says that its refund came to nothing, if it bought nothing and is still with us.

    Money of a paid order is none: that goes back by line. Nor is money that a person has yet to decide about, or a bank.
    """
    refund = _refund_of(session, task)
    if refund is None or task.resolved_at is not None:
        return None
    payment = get_payment(session, refund.payment_id)
    is_undecided = payment.kind is not PaymentKind.DUPLICATE and _is_held(session, payment.order_id)
    if is_undecided or is_booked(session, payment) or is_disputed(session, payment.id):
        return None
    return payment if count_held(session, payment) else None


def _is_held(session: Session, order_id: UUID) -> bool:
    """As it is now. Only the state is read: whoever shows the order goes on with what they have loaded of it."""
    return session.scalar(select(Order.state).where(Order.id == order_id)) is OrderState.REVIEW


def _refund_of(session: Session, task: ReviewTask) -> Refund | None:
    if task.kind == "refund_failed":
        return find_refund_at_stripe(session, task.ref)
    return find_refund(session, task.ref) if task.kind == "refund_refused" else None
