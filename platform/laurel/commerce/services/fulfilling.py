"""What a paid order brings about, in the transaction that marks it paid: all of it, once. (specs/payments.md §5)"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import OrderPaid
from laurel.commerce.models import Entitlement, LedgerEntry, Order, OrderLine
from laurel.commerce.rules import EntitlementSource, OrderState
from laurel.commerce.services.moving import move_order
from laurel.commerce.services.receipts import issue_receipt
from laurel.core.bus import publish


def settle(session: Session, order: Order, *, amount_paid: int, now: datetime, tax: int = 0, ref: str = "") -> bool:
    """Mark the order paid and do all that follows. False, and nothing done, if it was paid before.

    `ref` names the payment in the ledger; `tax` is the part of `amount_paid` that is tax.
    """
    paid = move_order(session, order, OrderState.PAID, paid_at=now, amount_paid=amount_paid, tax=tax, total=amount_paid, expires_at=None)
    if not paid:
        return False
    lines = queries.list_lines(session, order.id)
    _grant(session, order, lines, now=now)
    if amount_paid:
        session.add(LedgerEntry(order_id=order.id, kind="payment", ref=ref, amount=amount_paid, currency=order.currency, created_at=now))
    for line in lines:
        publish(session, OrderPaid(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id, course_id=line.offering.course_id))
    issue_receipt(session, order, now)  # the last thing: from here on all other receipts wait for this transaction
    return True


def _grant(session: Session, order: Order, lines: Sequence[OrderLine], *, now: datetime) -> None:
    source = EntitlementSource.ORDER_LINE if order.total else EntitlementSource.FREE
    session.add_all(
        Entitlement(user_id=order.buyer_id, offering_id=line.offering_id, source_kind=source, source_id=line.id, created_at=now)
        for line in lines
    )
    session.flush()
