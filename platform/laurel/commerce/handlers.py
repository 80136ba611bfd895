"""What commerce does when something has happened."""

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import OrderExpired, OrderPaid
from laurel.commerce.queries.receipts import find_receipt_of
from laurel.commerce.services.reminders import remind_buyer
from laurel.core.mail import queue_mail
from laurel.core.money import format_money


def email_receipt(session: Session, event: OrderPaid) -> None:
    """Every order that cost something gets one receipt by mail."""
    order = queries.get_order(session, event.order_id)
    if order.total == 0:
        return
    receipt = find_receipt_of(session, order.id)
    queue_mail(
        session,
        "receipt",
        key=f"receipt:{order.id}",
        recipient=order.buyer.email,
        now=event.occurred_at,
        name=order.buyer.name,
        number=order.number,
        order_id=str(order.id),
        receipt_number=receipt.number if receipt is not None else None,
        paid_on=f"{event.occurred_at.day} {event.occurred_at:%B %Y}",
        lines=[(line.title, format_money(line.amount, order.currency)) for line in order.lines],
        total=format_money(order.total, order.currency),
    )


def remind_of_unfinished_order(session: Session, event: OrderExpired) -> None:
    """Who asked for it hears once that their payment page has closed."""
    remind_buyer(session, queries.get_order(session, event.order_id), now=event.occurred_at)
