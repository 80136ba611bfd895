"""Receipts and credit notes: numbered without gaps, written once, never changed. (specs/payments.md §9)"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce import queries
from laurel.commerce.models import Order, OrderLine, Payment, Receipt, ReceiptSeries, Refund
from laurel.commerce.queries import receipts as found
from laurel.commerce.rules import PaymentKind
from laurel.commerce.rules.receipts import (
    ReceiptKind,
    Seller,
    address_lines,
    receipt_number,
    series_of,
    share_of_tax,
    tax_ids_of,
    unit_price,
)
from laurel.core.errors import ConflictError


class Letterhead:
    """Who the receipts of this process are from; `app.connect` puts them here."""

    seller = Seller(name="Laurel Academy", email="certificates@example.com")


letterhead = Letterhead()


def issue_receipt(session: Session, order: Order, now: datetime) -> Receipt:
    """The receipt of a paid order, made the first time. Lines, names and amounts are written down as they are at this moment.

    Call it last in a transaction: taking a number makes every other receipt wait until this one is committed.
    """
    existing = found.find_receipt_of(session, order.id)
    if existing is not None:
        return existing
    if order.paid_at is None:
        raise ConflictError("There is a receipt as soon as the order is paid.")
    lines = queries.list_lines(session, order.id)
    payments = [payment for payment in queries.list_payments(session, order.id) if payment.kind is not PaymentKind.DUPLICATE]
    content = {
        **_head(session, order),
        "paid_at": order.paid_at.isoformat(),
        "lines": [_line(line) for line in lines],
        "subtotal": order.subtotal,
        "discount": order.discount,
        "tax": order.tax,
        "total": order.amount_paid,
        "payments": [_payment(payment) for payment in payments],
    }
    return _issue(session, ReceiptKind.RECEIPT, order, content, now=now)


def issue_credit_note(session: Session, refund: Refund, now: datetime) -> Receipt:
    """The credit note of a refund that succeeded, made the first time. Call it last in a transaction, as `issue_receipt`."""
    existing = found.find_credit_note_of(session, refund.id)
    if existing is not None:
        return existing
    order = queries.get_order(session, refund.order_id)
    receipt = found.find_receipt_of(session, order.id)
    content = {
        **_head(session, order),
        "receipt": receipt.number if receipt is not None else None,
        "lines": _refunded_lines(session, refund),
        "tax": _tax_of(session, order, refund),
        "total": refund.amount,
        "reference": refund.stripe_refund,
    }
    return _issue(session, ReceiptKind.CREDIT_NOTE, order, content, now=now, refund=refund)


def _tax_of(session: Session, order: Order, refund: Refund) -> int:
    before = [note.content for note in found.list_credit_notes_in_force(session, order.id)]
    back = refund.amount + sum(content["total"] for content in before)
    told = sum(content.get("tax", 0) for content in before)
    return share_of_tax(order.tax, paid=order.amount_paid, back=back, told=told)


def _head(session: Session, order: Order) -> dict[str, Any]:
    seller, buyer, billing = letterhead.seller, session.get_one(User, order.buyer_id), order.billing or {}
    return {
        "order": order.number,
        "currency": order.currency,
        "is_live": order.is_live,
        "tax_behavior": order.tax_behavior.value,
        "seller": {
            "name": seller.name,
            "email": seller.email,
            "address": seller.address,
            "tax_ids": [seller.tax_id] if seller.tax_id else [],
        },
        "buyer": {
            "name": billing.get("name") or buyer.name,
            "email": buyer.email,
            "address": address_lines(billing),
            "tax_ids": tax_ids_of(billing),
        },
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {"title": line.title, "quantity": line.quantity, "unit_amount": line.unit_amount, "amount": line.amount}


def _payment(payment: Payment) -> dict[str, Any]:
    return {"reference": payment.payment_intent, "method": payment.method, "last4": payment.last4, "amount": payment.amount}


def _refunded_lines(session: Session, refund: Refund) -> list[dict[str, Any]]:
    """What went back, line by line. A refund that names no lines is one sum."""
    lines: Sequence[tuple[str, int, int]] = found.list_refunded_lines(session, refund.id)
    named = [
        {"title": title, "quantity": quantity, "unit_amount": unit_price(amount, quantity), "amount": amount}
        for title, quantity, amount in lines
    ]
    rest = refund.amount - sum(amount for _, _, amount in lines)
    return [*named, *([{"title": "Partial refund", "quantity": 1, "unit_amount": rest, "amount": rest}] if rest else [])]


def _issue(
    session: Session, kind: ReceiptKind, order: Order, content: dict[str, Any], *, now: datetime, refund: Refund | None = None
) -> Receipt:
    series = series_of(kind, now)
    receipt = Receipt(
        number=receipt_number(series, _next_number(session, series)),
        kind=kind.value,
        order_id=order.id,
        issued_at=now,
        content=content,
        refund_id=refund.id if refund is not None else None,
    )
    session.add(receipt)
    session.flush()
    return receipt


def _next_number(session: Session, series: str) -> int:
    """Count up. The series' row stays locked until the transaction ends, so a number that is rolled back is given out again."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    counted = (
        insert(ReceiptSeries)
        .values(name=series, last=1)
        .on_conflict_do_update(index_elements=[ReceiptSeries.name], set_={"last": ReceiptSeries.last + 1})
        .returning(ReceiptSeries.last)
    )
    return session.execute(counted).scalar_one()
