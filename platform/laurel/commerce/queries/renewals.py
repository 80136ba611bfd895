"""Renewals that may be bought, and those that were."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce.models import Order, OrderLine, RenewalFee, RenewalPermit
from laurel.commerce.queries.orders import lock_order
from laurel.commerce.rules import UNDER_WAY_STATES
from laurel.core.errors import NotFoundError


def get_permit_of(session: Session, user_id: UUID, permit_id: UUID | None) -> RenewalPermit:
    """The person's permit, good or not. Somebody else's does not exist for them."""
    found = session.scalar(select(RenewalPermit).where(RenewalPermit.id == permit_id, RenewalPermit.user_id == user_id))
    if found is None:
        raise NotFoundError("There is no such renewal.")
    return found


def find_good_permit(session: Session, user_id: UUID, course_id: UUID, permit_id: UUID | None, *, now: datetime) -> RenewalPermit | None:
    """The permit by which the person may order a renewal in this course now."""
    found = session.scalar(select(RenewalPermit).filter_by(id=permit_id, user_id=user_id, course_id=course_id))
    return found if found is not None and found.is_good(now) else None


def find_open_permit(session: Session, about_id: UUID) -> RenewalPermit | None:
    """The permit to renew this that was not closed, as it is now."""
    statement = select(RenewalPermit).filter_by(about_id=about_id, closed_at=None)
    return session.scalar(statement.execution_options(populate_existing=True))


def find_fee_of_line(session: Session, order_line_id: UUID) -> RenewalFee | None:
    return session.scalar(select(RenewalFee).filter_by(order_line_id=order_line_id))


def get_fee(session: Session, order_line_id: UUID) -> tuple[RenewalFee, RenewalPermit]:
    """What a line buys, with what it is about; as they are now."""
    statement = select(RenewalFee, RenewalPermit).join(RenewalPermit, RenewalPermit.id == RenewalFee.permit_id)
    row = session.execute(statement.where(RenewalFee.order_line_id == order_line_id), execution_options={"populate_existing": True}).one()
    return row[0], row[1]


def lock_fee(session: Session, order_line_id: UUID) -> tuple[RenewalFee, RenewalPermit]:
    """The same, with their order locked until the transaction ends: before its buyer, as whoever sells does."""
    lock_order(session, session.scalars(select(OrderLine.order_id).where(OrderLine.id == order_line_id)).one())
    return get_fee(session, order_line_id)


def lock_fees(session: Session, line_ids: Collection[UUID]) -> list[RenewalFee]:
    """The paid renewals of these lines, locked until the transaction ends."""
    statement = select(RenewalFee).where(RenewalFee.order_line_id.in_(line_ids), RenewalFee.paid_at.is_not(None))
    statement = statement.order_by(RenewalFee.id).with_for_update()
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def find_renewal_under_way(session: Session, user_id: UUID, permit_id: UUID) -> Order | None:
    """The person's order of this renewal whose money is on its way or is being checked."""
    statement = select(Order).join(OrderLine, OrderLine.order_id == Order.id).join(RenewalFee, RenewalFee.order_line_id == OrderLine.id)
    statement = statement.where(RenewalFee.permit_id == permit_id, Order.buyer_id == user_id, Order.state.in_(UNDER_WAY_STATES))
    return session.scalar(statement.order_by(Order.created_at).limit(1).execution_options(populate_existing=True))
