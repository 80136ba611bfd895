"""What Stripe told us, and what waits for a person."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from laurel.commerce.models import (
    ReviewTask,
    StripeEvent,
)
from laurel.commerce.rules import InboxStatus

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
