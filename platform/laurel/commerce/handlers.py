"""What commerce does when something has happened."""

from typing import Any

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import OrderExpired, OrderPaid, PaymentFailed, RefundFailed, RefundSucceeded
from laurel.commerce.models import Order, Refund
from laurel.commerce.queries.receipts import find_receipt_of
from laurel.commerce.rules import AccessEffect, TaxBehavior
from laurel.commerce.services.reminders import remind_buyer, tell_of_failed_payment
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
        lines=[(title, format_money(amount, order.currency)) for title, amount in sums_of(order)],
        total=format_money(order.total, order.currency),
    )


def email_refund(session: Session, event: RefundSucceeded) -> None:
    """Whose money went back hears of it, with what became of the course."""
    order, refund = queries.get_order(session, event.order_id), queries.get_refund(session, event.refund_id)
    payment = queries.get_payment(session, refund.payment_id)
    title = ", ".join(line.title for line in order.lines)
    _mail_about(session, "refund", event, order, refund, bought_nothing=not queries.is_booked(session, payment), title=title)


def email_failed_refund(session: Session, event: RefundFailed) -> None:
    """A refund that did not arrive: what was taken with it is back, and a person looks for another way."""
    order, refund = queries.get_order(session, event.order_id), queries.get_refund(session, event.refund_id)
    _mail_about(session, "refund_failed", event, order, refund)


def _mail_about(session: Session, template: str, event: RefundSucceeded | RefundFailed, order: Order, refund: Refund, **more: Any) -> None:
    """To the buyer, once about each refund."""
    queue_mail(
        session,
        template,
        key=f"{template}:{refund.id}",
        recipient=order.buyer.email,
        now=event.occurred_at,
        name=order.buyer.name,
        number=order.number,
        order_id=str(order.id),
        amount=format_money(refund.amount, refund.currency),
        ends_access=refund.access_effect is AccessEffect.REVOKE,
        **more,
    )


def remind_of_unfinished_order(session: Session, event: OrderExpired) -> None:
    """Who asked for it hears once that their payment page has closed."""
    remind_buyer(session, queries.get_order(session, event.order_id), now=event.occurred_at)


def email_failed_payment(session: Session, event: PaymentFailed) -> None:
    """Whose bank did not carry out a debit hears of it, with a way to pay again."""
    tell_of_failed_payment(session, queries.get_order(session, event.order_id), event.attempt_id, now=event.occurred_at)


def sums_of(order: Order) -> list[tuple[str, int]]:
    """What adds up to the order's total: its lines, what a code took off, and taxes that come on top."""
    lines = [(line.title if line.quantity == 1 else f"{line.title} × {line.quantity}", line.amount) for line in order.lines]
    off = [("Discount", -order.discount)] if order.discount else []
    tax = [("Tax", order.tax)] if order.tax and order.tax_behavior is TaxBehavior.EXCLUSIVE else []
    return [*lines, *off, *tax]
