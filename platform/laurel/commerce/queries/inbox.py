"""What Stripe told us, and what waits for a person."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.commerce.models import (
    Order,
    ReviewTask,
    StripeEvent,
)
from laurel.commerce.rules import InboxStatus
from laurel.core.errors import NotFoundError

FORGOTTEN_AFTER = timedelta(minutes=1)


def list_review_tasks(session: Session, order_id: UUID) -> list[ReviewTask]:
    """What a person must look at in this order."""
    return list(session.scalars(select(ReviewTask).where(ReviewTask.order_id == order_id).order_by(ReviewTask.created_at)))


def find_review_task(session: Session, kind: str, ref: str) -> ReviewTask | None:
    return session.scalar(select(ReviewTask).filter_by(kind=kind, ref=ref))


def find_stripe_event(session: Session, event_id: str) -> StripeEvent | None:
    return session.get(StripeEvent, event_id, populate_existing=True)


def get_stripe_event(session: Session, event_id: str) -> StripeEvent:
    return session.get_one(StripeEvent, event_id, populate_existing=True)


def list_due_stripe_events(session: Session, *, now: datetime, limit: int) -> list[str]:
    """Events that wait for another try, or that were never or only half acted on, the oldest first."""
    is_due = and_(StripeEvent.status == InboxStatus.FAILED, StripeEvent.next_at <= now)
    is_abandoned = and_(StripeEvent.status == InboxStatus.PROCESSING, StripeEvent.locked_until < now)
    is_forgotten = and_(StripeEvent.status == InboxStatus.RECEIVED, StripeEvent.received_at < now - FORGOTTEN_AFTER)
    statement = select(StripeEvent.id).where(or_(is_due, is_abandoned, is_forgotten))
    return list(session.scalars(statement.order_by(StripeEvent.received_at).limit(limit)))


def list_stripe_events_of(session: Session, object_ids: Collection[str], *, limit: int = 50) -> list[StripeEvent]:
    """What Stripe told us about these objects, the latest first."""
    statement = select(StripeEvent).where(StripeEvent.object_id.in_(object_ids))
    return list(session.scalars(statement.order_by(StripeEvent.received_at.desc()).limit(limit)))


def get_review_task(session: Session, task_id: UUID) -> ReviewTask:
    """The task as it is now; raises NotFoundError."""
    found = session.get(ReviewTask, task_id, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such task.")
    return found


def lock_review_task(session: Session, task_id: UUID) -> ReviewTask:
    """The task, locked until the transaction ends; raises NotFoundError."""
    statement = select(ReviewTask).where(ReviewTask.id == task_id).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFoundError("There is no such task.")
    return found


def lock_latest_task(session: Session, order_id: UUID, kind: str) -> ReviewTask | None:
    """The order's last task of this kind, locked until the transaction ends."""
    mine = select(ReviewTask).where(ReviewTask.order_id == order_id, ReviewTask.kind == kind)
    latest = mine.order_by(ReviewTask.created_at.desc(), ReviewTask.id.desc()).limit(1)
    return session.scalar(latest.with_for_update().execution_options(populate_existing=True))


def select_review_tasks(*, is_resolved: bool) -> Select[ReviewTask, Order]:
    """(task, order or None): those that wait, the oldest first; or those that are answered, the latest first."""
    statement = select(ReviewTask, Order).outerjoin(Order, Order.id == ReviewTask.order_id)
    if is_resolved:
        return statement.where(ReviewTask.resolved_at.is_not(None)).order_by(ReviewTask.resolved_at.desc(), ReviewTask.id)
    return statement.where(ReviewTask.resolved_at.is_(None)).order_by(ReviewTask.created_at, ReviewTask.id)


def count_open_tasks(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ReviewTask).where(ReviewTask.resolved_at.is_(None))) or 0
