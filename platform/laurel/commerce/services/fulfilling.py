"""What a paid order brings about, in the transaction that marks it paid: all of it, once. (specs/payments.md §5)"""

from datetime import datetime

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import OrderPaid
from laurel.commerce.models import ExamCredit, LedgerEntry, Order, OrderLine
from laurel.commerce.rules import EntitlementSource, OfferingKind, OrderState
from laurel.commerce.services.discounts import use_up
from laurel.commerce.services.entitling import entitle
from laurel.commerce.services.moving import ask_staff, move_order
from laurel.commerce.services.receipts import issue_receipt
from laurel.commerce.services.renewals import pay_fee
from laurel.commerce.services.seats import make_seats
from laurel.core.bus import publish


def settle(session: Session, order: Order, *, amount_paid: int, now: datetime, tax: int = 0, ref: str = "") -> bool:
    """Mark the order paid and do all that follows. False, and nothing done, if it was paid before.

    `ref` names the payment in the ledger; `tax` is the part of `amount_paid` that is tax.
    """
    paid = move_order(session, order, OrderState.PAID, paid_at=now, amount_paid=amount_paid, tax=tax, total=amount_paid, expires_at=None)
    if not paid:
        return False
    lines = queries.list_lines(session, order.id)
    for line in lines:
        _give(session, order, line, now=now)
    if not use_up(session, order):
        detail = f"Order {order.number} was paid after its code had been given back and used up by others. It kept its price."
        ask_staff(session, order, kind="code_overused", ref=order.number, detail=detail, now=now)
    if amount_paid:
        session.add(LedgerEntry(order_id=order.id, kind="payment", ref=ref, amount=amount_paid, currency=order.currency, created_at=now))
    for line in lines:
        publish(session, OrderPaid(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id, course_id=line.offering.course_id))
    issue_receipt(session, order, now)  # the last thing: from here on all other receipts wait for this transaction
    return True


def _give(session: Session, order: Order, line: OrderLine, *, now: datetime) -> None:
    """What one line bought: the course, seats for others, a further attempt at the exam, or the renewal of a certificate."""
    if line.kind is OfferingKind.SEATS:
        make_seats(session, order, line, now=now)
    elif line.kind is OfferingKind.EXAM_RETAKE:
        session.add(ExamCredit(order_line_id=line.id, user_id=order.buyer_id, course_id=line.offering.course_id, created_at=now))
        session.flush()
    elif line.kind is OfferingKind.RENEWAL:
        pay_fee(session, order, line, now=now)
    else:
        source = EntitlementSource.ORDER_LINE if order.total else EntitlementSource.FREE
        entitle(session, order.buyer_id, line.offering, source=source, source_id=line.id, now=now)
