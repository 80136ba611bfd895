"""Bringing an order from one state to the next, and asking a person where a machine should not decide."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import Order, ReviewTask
from laurel.commerce.rules import LET_GO_STATES, ORDER_FROM, OrderState
from laurel.commerce.services.discounts import release


def move_order(session: Session, order: Order, to: OrderState, **values: Any) -> bool:
    """Bring the order to a state in one guarded statement. True: it came there just now, and what follows is yours to do.

    `values` are columns that change with the state. An order that is let go gives back what it held of a discount code.
    """
    moved = session.execute(
        update(Order)
        .where(Order.id == order.id, Order.state.in_(ORDER_FROM[to]))
        .values(state=to, version=Order.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(order)
    has_moved: bool = moved.rowcount == 1  # type: ignore[attr-defined]
    if has_moved and to in LET_GO_STATES:
        release(session, order)
    return has_moved


def free_code(session: Session, order: Order) -> None:
    """Give back what an order that was let go held of its code for a new page, once that page has come to nothing.

    Call it with the order locked whenever an attempt ends unpaid. While another page is open, or may be, nothing happens.
    """
    if order.state in LET_GO_STATES and queries.find_live_attempt(session, order.id) is None:
        release(session, order)


def ask_staff(session: Session, order: Order | None, *, kind: str, ref: str, detail: str, now: datetime) -> None:
    """Put a question before a person, once. Call it with the order locked."""
    if queries.find_review_task(session, kind, ref) is None:
        session.add(ReviewTask(kind=kind, ref=ref, detail=detail, created_at=now, order_id=order.id if order is not None else None))
        session.flush()


def close_task(session: Session, kind: str, ref: str, *, answer: str, now: datetime) -> None:
    """Answer a question that has answered itself. One that was never asked, or that a person answered, stays as it is."""
    task = queries.find_review_task(session, kind, ref)
    if task is not None and task.resolved_at is None:
        task.resolved_at, task.resolution = now, answer
        session.flush()
