"""How payments go, in a few figures."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce.models import Order, StripeEvent
from laurel.commerce.rules import InboxStatus, OrderState


def find_last_notice(session: Session) -> datetime | None:
    """When the last webhook came."""
    return session.scalar(select(func.max(StripeEvent.received_at)).where(StripeEvent.source == "webhook"))


def count_paid_orders_since(session: Session, since: datetime) -> int:
    """Orders that cost something and were paid since then."""
    statement = select(func.count()).select_from(Order)
    return session.scalar(statement.where(Order.state == OrderState.PAID, Order.total > 0, Order.created_at >= since)) or 0


def count_dead_events(session: Session) -> int:
    """Events that were given up after many tries."""
    return session.scalar(select(func.count()).select_from(StripeEvent).where(StripeEvent.status == InboxStatus.DEAD)) or 0
