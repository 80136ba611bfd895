"""Stripe's events: kept once, claimed by one worker at a time, acted on by asking Stripe. (specs/payments.md §7)"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import StripeEventReceived
from laurel.commerce.gateway import Notice
from laurel.commerce.models import StripeEvent
from laurel.commerce.rules import InboxStatus, next_try
from laurel.commerce.services.acting import ACTS, Told, act
from laurel.commerce.services.moving import ask_staff
from laurel.commerce.services.till import Till
from laurel.core.bus import publish

log = logging.getLogger("laurel.commerce")

KNOWN_TYPES = frozenset(ACTS)
"""The events that we act on: an endpoint registered at Stripe must ask for all of them."""
LEASE = timedelta(seconds=60)


def keep_notice(session: Session, notice: Notice, *, is_live: bool, now: datetime, source: str = "webhook") -> bool:
    """Keep the event under its own id; True if it waits to be acted on. A notice that was kept before is not kept again.

    Ignored are types we have no use for, the other mode (test or live), and other accounts; of those only the name is kept.
    """
    known = queries.find_stripe_event(session, notice.id)
    if known is not None:
        return known.status not in {InboxStatus.DONE, InboxStatus.IGNORED}
    concerns_us = notice.type in KNOWN_TYPES and notice.is_live == is_live and notice.account is None
    event = StripeEvent(
        id=notice.id,
        type=notice.type[:100],
        object_id=notice.object_id,
        created_at=notice.created_at,
        api_version=notice.api_version,
        is_live=notice.is_live,
        payload=notice.payload if concerns_us else {},
        received_at=now,
        source=source,
        status=InboxStatus.RECEIVED if concerns_us else InboxStatus.IGNORED,
    )
    session.add(event)
    session.flush()
    if concerns_us:
        publish(session, StripeEventReceived(occurred_at=now, stripe_event_id=event.id))
    return concerns_us


def process_event(till: Till, event_id: str) -> InboxStatus | None:
    """Act on a kept event; None if it is done or another worker has it. What goes wrong is kept with the event, never raised."""
    with till.transaction() as session:
        if not _claim(session, event_id, now=till.now):
            return None
        event = queries.get_stripe_event(session, event_id)
        told = Told(event_id=event.id, type=event.type, object_id=event.object_id, env=_env_in(event.payload))
    try:
        return _act(till, told)
    except Exception as error:
        log.warning("Stripe's event %s (%s) failed: %r", told.event_id, told.type, error)
        with till.transaction() as session:
            return _postpone(session, event_id, error=f"{type(error).__name__}: {error}", now=till.now)


def retry_due_events(till: Till, *, limit: int = 20) -> int:
    """Act on the events whose time has come again, or whose worker died; returns how many were done."""
    with till.transaction() as session:
        due = queries.list_due_stripe_events(session, now=till.now, limit=limit)
    return sum(process_event(till, event_id) is InboxStatus.DONE for event_id in due)


def _claim(session: Session, event_id: str, *, now: datetime) -> bool:
    is_abandoned = and_(StripeEvent.status == InboxStatus.PROCESSING, StripeEvent.locked_until < now)
    claimed = session.execute(
        update(StripeEvent)
        .where(StripeEvent.id == event_id)
        .where(or_(StripeEvent.status.in_((InboxStatus.RECEIVED, InboxStatus.FAILED)), is_abandoned))
        .values(status=InboxStatus.PROCESSING, locked_until=now + LEASE, attempts=StripeEvent.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return claimed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _act(till: Till, told: Told) -> InboxStatus:
    status = InboxStatus.DONE if act(till, told) else InboxStatus.IGNORED
    with till.transaction() as session:
        return _finish(session, told.event_id, status)


def _env_in(payload: dict[str, Any]) -> str:
    thing = payload.get("data", {}).get("object", {})
    return str((thing.get("metadata") or {}).get("env", ""))


def _finish(session: Session, event_id: str, status: InboxStatus) -> InboxStatus:
    event = queries.get_stripe_event(session, event_id)
    event.status, event.locked_until, event.next_at, event.error = status, None, None, None
    return status


def _postpone(session: Session, event_id: str, *, error: str, now: datetime) -> InboxStatus:
    event = queries.get_stripe_event(session, event_id)
    wait = next_try(event.attempts)
    event.error, event.locked_until = error[:2000], None
    event.status = InboxStatus.FAILED if wait is not None else InboxStatus.DEAD
    event.next_at = now + wait if wait is not None else None
    if wait is None:
        ask_staff(session, None, kind="dead_event", ref=event.id, detail=f"{event.type}: {event.error}", now=now)
    return event.status
