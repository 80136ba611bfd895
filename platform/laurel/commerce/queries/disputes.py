"""Payments that banks ask back."""

from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.models import Dispute, LedgerEntry, Order
from laurel.commerce.rules import FINAL, DisputeEffect, strongest
from laurel.core.errors import NotFoundError


def find_dispute(session: Session, stripe_dispute: str) -> Dispute | None:
    return session.scalar(select(Dispute).where(Dispute.stripe_dispute == stripe_dispute).execution_options(populate_existing=True))


def get_dispute(session: Session, dispute_id: UUID) -> Dispute:
    """The dispute as it is now; raises NotFoundError."""
    found = session.get(Dispute, dispute_id, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such dispute.")
    return found


def list_disputes(session: Session, order_id: UUID) -> list[Dispute]:
    return list(session.scalars(select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.created_at, Dispute.id)))


def list_statuses_of(session: Session, payment_id: UUID) -> list[str]:
    """Where the disputes of one payment stand, in Stripe's words."""
    return list(session.scalars(select(Dispute.status).where(Dispute.payment_id == payment_id)))


def is_disputed(session: Session, payment_id: UUID) -> bool:
    """Whether a bank has taken this payment back, or is deciding about it. An inquiry is not yet a dispute."""
    return strongest(list_statuses_of(session, payment_id)) in {DisputeEffect.SUSPEND, DisputeEffect.REVOKE}


def select_disputes(*, is_over: bool) -> Select[Dispute, Order, User]:
    """(dispute, order, buyer): those that wait, the most urgent first; or those that are over, the latest first."""
    statement = select(Dispute, Order, User).join(Order, Order.id == Dispute.order_id).join(User, User.id == Order.buyer_id)
    if is_over:
        return statement.where(Dispute.status.in_(FINAL)).order_by(Dispute.updated_at.desc(), Dispute.id)
    return statement.where(Dispute.status.not_in(FINAL)).order_by(Dispute.due_by.is_(None), Dispute.due_by, Dispute.id)


def sum_withdrawn(session: Session, order_id: UUID) -> int:
    """What banks hold or have kept of the order's money, in minor units."""
    moved = select(func.coalesce(func.sum(LedgerEntry.amount), 0))
    moved = moved.where(LedgerEntry.order_id == order_id, LedgerEntry.kind.in_(("dispute", "dispute_reversal")))
    return -(session.scalar(moved) or 0)
