"""Receipts and credit notes."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import has_address_with
from laurel.commerce.models import Order, OrderLine, Receipt, Refund, RefundLine
from laurel.commerce.rules import OrderState, RefundState
from laurel.commerce.rules.receipts import ReceiptKind, Sheet, compose_sheet
from laurel.core.errors import NotFoundError


def find_receipt_of(session: Session, order_id: UUID) -> Receipt | None:
    """The order's receipt, if it was issued."""
    return session.scalar(select(Receipt).where(Receipt.order_id == order_id, Receipt.refund_id.is_(None)))


def find_credit_note_of(session: Session, refund_id: UUID) -> Receipt | None:
    return session.scalar(select(Receipt).where(Receipt.refund_id == refund_id))


def list_credit_notes_in_force(session: Session, order_id: UUID) -> list[Receipt]:
    """The order's credit notes whose money is back."""
    statement = select(Receipt).join(Refund, Refund.id == Receipt.refund_id)
    statement = statement.where(Receipt.order_id == order_id, Refund.state.not_in((RefundState.FAILED, RefundState.CANCELED)))
    return list(session.scalars(statement))


def list_receipts_of(session: Session, order_id: UUID) -> list[Receipt]:
    """The order's receipt and its credit notes, in the order in which they were issued."""
    return list(session.scalars(select(Receipt).where(Receipt.order_id == order_id).order_by(Receipt.issued_at, Receipt.number)))


def list_receipt_numbers(session: Session, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """The receipts' numbers of some orders, by order. One query."""
    statement = select(Receipt.order_id, Receipt.number).where(Receipt.order_id.in_(order_ids), Receipt.refund_id.is_(None))
    return dict(session.execute(statement).all())


def get_receipt_of(session: Session, buyer_id: UUID, number: str) -> Receipt:
    """The buyer's receipt or credit note of this number. Someone else's does not exist for them."""
    statement = select(Receipt).join(Order, Order.id == Receipt.order_id).where(Receipt.number == number, Order.buyer_id == buyer_id)
    return _there(session.scalar(statement))


def get_receipt(session: Session, number: str) -> Receipt:
    """Anybody's receipt or credit note: for staff."""
    return _there(session.scalar(select(Receipt).where(Receipt.number == number)))


def _there(receipt: Receipt | None) -> Receipt:
    if receipt is None:
        raise NotFoundError("There is no such receipt.")
    return receipt


def read_sheet(session: Session, receipt: Receipt) -> Sheet:
    """The words on a receipt or credit note. What was written on the day is never changed; that its refund failed is said on top."""
    refund = session.get(Refund, receipt.refund_id) if receipt.refund_id is not None else None
    is_void = refund is not None and refund.state in {RefundState.FAILED, RefundState.CANCELED}
    return compose_sheet(ReceiptKind(receipt.kind), receipt.number, receipt.issued_at, receipt.content, is_void=is_void)


def list_refunded_lines(session: Session, refund_id: UUID) -> Sequence[tuple[str, int, int]]:
    """(title, quantity, amount) of what a refund gives back."""
    statement = select(OrderLine.title, RefundLine.quantity, RefundLine.amount).join(RefundLine, RefundLine.order_line_id == OrderLine.id)
    rows = session.execute(statement.where(RefundLine.refund_id == refund_id).order_by(OrderLine.line_no))
    return [(title, quantity, amount) for title, quantity, amount in rows]


def list_orders_without_receipt(session: Session, *, limit: int) -> list[Order]:
    """Paid orders that have no receipt: those that were paid before receipts had numbers."""
    has_one = select(Receipt.id).where(Receipt.order_id == Order.id, Receipt.refund_id.is_(None)).exists()
    statement = select(Order).where(Order.state == OrderState.PAID, ~has_one).order_by(Order.paid_at, Order.id).limit(limit)
    return list(session.scalars(statement))


def select_receipts(*, words: str = "") -> Select[Receipt, Order, User]:
    """All receipts and credit notes with their orders and buyers, the latest first; `words` looks into numbers, name and addresses."""
    statement = select(Receipt, Order, User).join(Order, Order.id == Receipt.order_id).join(User, User.id == Order.buyer_id)
    if words:
        columns = (Receipt.number, Order.number, User.name)
        statement = statement.where(or_(has_address_with(words), *(column.icontains(words, autoescape=True) for column in columns)))
    return statement.order_by(Receipt.issued_at.desc(), Receipt.number.desc())
