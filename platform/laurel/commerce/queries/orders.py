"""Orders, their lines and their buyers."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from laurel.accounts.models import User
from laurel.accounts.queries import has_address_with
from laurel.commerce.models import (
    Offering,
    Order,
    OrderLine,
)
from laurel.commerce.rules import OPEN_STATES, UNDER_WAY_STATES, OfferingKind, OrderState
from laurel.core.errors import NotFoundError


def find_open_order(session: Session, buyer_id: UUID, purchase_key: str) -> Order | None:
    """The buyer's one order for this purchase that can still be paid."""
    return session.scalar(
        select(Order)
        .where(Order.buyer_id == buyer_id, Order.purchase_key == purchase_key, Order.state.in_(OPEN_STATES))
        .execution_options(populate_existing=True)
    )


def find_order_under_way(session: Session, buyer_id: UUID, course_id: UUID, kind: OfferingKind) -> Order | None:
    """The buyer's order of this kind for this course whose money is on its way or is being checked."""
    return session.scalar(
        select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Offering, Offering.id == OrderLine.offering_id)
        .where(Order.buyer_id == buyer_id, Order.state.in_(UNDER_WAY_STATES))
        .where(OrderLine.kind == kind, Offering.course_id == course_id)
        .order_by(Order.created_at)
        .limit(1)
        .execution_options(populate_existing=True)
    )


def has_newer_order(session: Session, order: Order) -> bool:
    """Whether its buyer has ordered the same anew since, whatever came of that."""
    newer = select(Order.id).where(Order.buyer_id == order.buyer_id, Order.created_at > order.created_at)
    return session.scalar(newer.where(Order.purchase_key == order.purchase_key).limit(1)) is not None


def find_paid_order(session: Session, buyer_id: UUID, purchase_key: str) -> Order | None:
    """The order by which the buyer got it, the latest first."""
    return session.scalar(
        select(Order)
        .where(Order.buyer_id == buyer_id, Order.purchase_key == purchase_key, Order.state == OrderState.PAID)
        .order_by(Order.created_at.desc())
        .limit(1)
    )


def get_order_of(session: Session, buyer_id: UUID, order_id: UUID) -> Order:
    """The buyer's order with its lines. Someone else's order does not exist for them."""
    order = session.scalar(
        select(Order)
        .where(Order.id == order_id, Order.buyer_id == buyer_id)
        .options(selectinload(Order.lines).joinedload(OrderLine.offering))
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFoundError("There is no such order.")
    return order


def get_order(session: Session, order_id: UUID) -> Order:
    """Anybody's order with its lines and its buyer: for staff and for what happens afterwards."""
    order = session.scalar(
        select(Order)
        .where(Order.id == order_id)
        .options(selectinload(Order.lines).joinedload(OrderLine.offering), joinedload(Order.buyer))
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFoundError("There is no such order.")
    return order


def find_order(session: Session, order_ref: str) -> Order | None:
    """The order that a text from outside names by its id; None if it names none."""
    try:
        order_id = UUID(order_ref)
    except ValueError:
        return None
    return session.get(Order, order_id)


def get_bare_order(session: Session, order_id: UUID) -> Order:
    """The order as it is now, by itself and without a lock."""
    return session.get_one(Order, order_id, populate_existing=True)


def select_orders_of(buyer_id: UUID) -> Select[Any]:
    """The buyer's orders with their lines, the latest first."""
    return select(Order).where(Order.buyer_id == buyer_id).options(selectinload(Order.lines)).order_by(Order.created_at.desc(), Order.id)


def select_orders(*, state: OrderState | None = None, words: str = "") -> Select[Any]:
    """All orders with lines and buyers, the latest first; `words` looks into number, name and e-mail addresses."""
    statement = select(Order).join(User, User.id == Order.buyer_id)
    if state is not None:
        statement = statement.where(Order.state == state)
    if words:
        statement = statement.where(
            or_(
                Order.number.icontains(words, autoescape=True),
                has_address_with(words),
                User.name.icontains(words, autoescape=True),
            )
        )
    statement = statement.options(selectinload(Order.lines), joinedload(Order.buyer))
    return statement.order_by(Order.created_at.desc(), Order.id)


def lock_order(session: Session, order_id: UUID) -> Order:
    """The order as it is now, locked until the transaction ends."""
    return session.scalars(select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)).one()


def lock_buyer(session: Session, user_id: UUID) -> User:
    """The buyer, locked until the transaction ends: their purchases happen one after the other."""
    return session.scalars(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()


def list_lines(session: Session, order_id: UUID) -> list[OrderLine]:
    """The order's lines with their offerings, in order."""
    statement = select(OrderLine).where(OrderLine.order_id == order_id).options(joinedload(OrderLine.offering))
    return list(session.scalars(statement.order_by(OrderLine.line_no)))
