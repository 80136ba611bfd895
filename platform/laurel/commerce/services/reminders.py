"""Payments that came to nothing, and the mails about them: who asked for it is reminded once, whose bank refused hears of it.

(specs/payments.md §5)
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import OrderExpired, PaymentFailed
from laurel.commerce.models import CheckoutReminder, Order
from laurel.commerce.rules import OrderState
from laurel.commerce.services.moving import move_order
from laurel.commerce.services.quoting import owns_already
from laurel.core.bus import publish
from laurel.core.mail import queue_mail
from laurel.core.money import format_money


def ask_for_reminder(session: Session, order: Order, *, now: datetime) -> None:
    """The buyer wants to be reminded of this order, once. Doing it twice changes nothing."""
    if session.get(CheckoutReminder, order.id) is None:
        session.add(CheckoutReminder(order_id=order.id, asked_at=now))
        session.flush()


def expire_order(session: Session, order: Order, *, now: datetime) -> bool:
    """Nobody can pay the order any more, unless they open a new page. False if it was no longer waiting."""
    if not move_order(session, order, OrderState.EXPIRED, expires_at=None):
        return False
    publish(session, OrderExpired(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id))
    return True


def fail_payment(session: Session, order: Order, *, attempt_id: UUID, now: datetime) -> bool:
    """The bank did not carry out the debit that the order waited for. False if it did not wait for one any more."""
    if not move_order(session, order, OrderState.PAYMENT_FAILED):
        return False
    publish(session, PaymentFailed(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id, attempt_id=attempt_id))
    return True


def remind_buyer(session: Session, order: Order, *, now: datetime) -> None:
    """Write the reminder, if the buyer asked for one and still has neither paid, nor ordered anew, nor got the course from elsewhere."""
    if order.state is not OrderState.EXPIRED or session.get(CheckoutReminder, order.id) is None:
        return
    if _is_settled_otherwise(session, order):
        return
    queue_mail(
        session,
        "unfinished_order",
        key=f"unfinished:{order.id}",
        recipient=order.buyer.email,
        now=now,
        **_facts(order),
    )


def tell_of_failed_payment(session: Session, order: Order, attempt_id: UUID, *, now: datetime) -> None:
    """Write that the bank refused, once for each try, unless the buyer is trying again already."""
    if order.state is not OrderState.PAYMENT_FAILED:
        return
    queue_mail(
        session,
        "payment_failed",
        key=f"payment_failed:{attempt_id}",
        recipient=order.buyer.email,
        now=now,
        **_facts(order),
        may_pay_again=not _is_settled_otherwise(session, order),
    )


def _facts(order: Order) -> dict[str, Any]:
    """What every mail about an order that is not paid says of it."""
    return {
        "name": order.buyer.name,
        "number": order.number,
        "order_id": str(order.id),
        "titles": [line.title for line in order.lines],
        "total": format_money(order.total, order.currency),
    }


def _is_settled_otherwise(session: Session, order: Order) -> bool:
    """Whether the buyer has no use for this order any more: they ordered the same anew, or have it from elsewhere."""
    return queries.has_newer_order(session, order) or owns_already(session, order.buyer_id, order.lines)
