"""One mail to who began a payment, asked for a reminder, and did not finish. (specs/payments.md §5)"""

from datetime import datetime

from sqlalchemy.orm import Session

from laurel.commerce.events import OrderExpired
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


def remind_buyer(session: Session, order: Order, *, now: datetime) -> None:
    """Write the reminder, if the buyer asked for one and still has neither paid nor got the course from elsewhere."""
    if order.state is not OrderState.EXPIRED or session.get(CheckoutReminder, order.id) is None:
        return
    if owns_already(session, order.buyer_id, order.lines):
        return
    queue_mail(
        session,
        "unfinished_order",
        key=f"unfinished:{order.id}",
        recipient=order.buyer.email,
        now=now,
        name=order.buyer.name,
        number=order.number,
        order_id=str(order.id),
        titles=[line.title for line in order.lines],
        total=format_money(order.total, order.currency),
    )
