"""Numbered receipts and credit notes: what was written on the day, whatever changes later. (specs/payments.md §9)"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.commerce.models.orders import Order
from laurel.commerce.models.refunds import Refund
from laurel.core.db import Base, only_one
from laurel.core.ids import new_id


class ReceiptSeries(Base):
    """The last number given out in a series, such as `R-2026`: numbers follow each other without a gap."""

    __tablename__ = "receipt_series"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Receipt(Base):
    """A receipt for an order, or a credit note for a refund. `content` is never changed."""

    __tablename__ = "receipts"
    __table_args__ = (
        only_one("uq_receipts_order_id_receipt", "order_id", where="refund_id IS NULL"),
        CheckConstraint("kind IN ('receipt', 'credit_note') AND (kind = 'credit_note') = (refund_id IS NOT NULL)", name="kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), index=True)
    issued_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    """Seller, buyer, lines, amounts, tax: as they were when it was issued."""
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey(Refund.id), unique=True, default=None)
