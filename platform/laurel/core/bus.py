"""Publishing events and delivering them: *together* in the same transaction, *afterwards* each in its own, until it works."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import event as sqlalchemy_events
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from laurel.core.events import Delivery, DeliveryStatus, Event, EventRecord

log = logging.getLogger("laurel.bus")

Handler = Callable[[Session, Any], None]
MAX_TRIES = 8
LEASE = timedelta(minutes=2)


def name_of(handler: Handler) -> str:
    """`credentials.issue_credential`: the name under which a handler's deliveries are kept."""
    function = handler.func if isinstance(handler, partial) else handler
    package = function.__module__.split(".")[1]
    return f"{package}.{function.__name__}"


@dataclass(frozen=True)
class Subscriptions:
    """Which handlers react to which event. Written on one page, `wiring.py`."""

    together: Mapping[type[Event], Sequence[Handler]] = field(default_factory=dict)
    afterwards: Mapping[type[Event], Sequence[Handler]] = field(default_factory=dict)

    def find_afterwards(self, event_name: str, handler_name: str) -> Handler | None:
        kind = Event.registry[event_name]
        return next((h for h in self.afterwards.get(kind, ()) if name_of(h) == handler_name), None)


class Bus:
    """The subscriptions in force, and whom to nudge when there is something to do for the worker."""

    def __init__(self) -> None:
        self.subscriptions = Subscriptions()
        self.nudge: Callable[[], None] = lambda: None


bus = Bus()


def publish(session: Session, event: Event, *, actor_id: UUID | None = None) -> None:
    """Keep the event, run what happens together with it now, and owe it to what happens afterwards."""
    record = EventRecord(
        name=type(event).__name__,
        occurred_at=event.occurred_at,
        facts=event.to_json(),
        actor_id=actor_id,
        subject_id=getattr(event, event.subject) if event.subject else None,
    )
    session.add(record)
    session.flush()
    for handler in bus.subscriptions.together.get(type(event), ()):
        handler(session, event)
    owed = bus.subscriptions.afterwards.get(type(event), ())
    session.add_all(Delivery(event_id=record.id, handler=name_of(handler), due_at=event.occurred_at) for handler in owed)
    session.flush()
    if owed:
        nudge_after_commit(session)


def nudge_after_commit(session: Session) -> None:
    """Tell the worker, once the session has committed, that there is something to do. A lost nudge costs a minute, no more."""
    session.info["laurel_nudge"] = True
    if not sqlalchemy_events.contains(session, "after_commit", _nudge):
        sqlalchemy_events.listen(session, "after_commit", _nudge)


def _nudge(session: Session) -> None:
    """Called for savepoints, too: what they release nobody else sees before the commit, so the worker would find nothing."""
    if session.in_nested_transaction() or not session.info.pop("laurel_nudge", False):
        return
    try:
        bus.nudge()
    except Exception:
        log.exception("The nudge was lost; the sweep will find what is due.")


def list_due(session: Session, *, now: datetime, limit: int = 100) -> list[UUID]:
    """Deliveries that wait and are nobody's at the moment, the longest due first."""
    return list(
        session.scalars(
            select(Delivery.id)
            .where(Delivery.status == DeliveryStatus.DUE, Delivery.due_at <= now)
            .where(or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now))
            .order_by(Delivery.due_at)
            .limit(limit)
        )
    )


def claim(session: Session, delivery_id: UUID, *, now: datetime) -> bool:
    """Take the delivery for two minutes. False if it is done, not yet due or somebody else's. The caller commits."""
    claimed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status == DeliveryStatus.DUE, Delivery.due_at <= now)
        .where(or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now))
        .values(leased_until=now + LEASE, tries=Delivery.tries + 1)
    )
    return claimed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def perform(session: Session, delivery_id: UUID, *, now: datetime) -> None:
    """Run the handler of a claimed delivery and mark it done, in the caller's one transaction: both or neither."""
    delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
    if delivery.status is not DeliveryStatus.DUE:
        return
    record = session.get_one(EventRecord, delivery.event_id)
    handler = bus.subscriptions.find_afterwards(record.name, delivery.handler)
    if handler is None:
        raise LookupError(f"Nothing called {delivery.handler} listens to {record.name} any more.")
    handler(session, Event.registry[record.name].from_json(record.facts))
    delivery.status, delivery.done_at, delivery.leased_until, delivery.error = DeliveryStatus.DONE, now, None, None


def postpone(session: Session, delivery_id: UUID, *, error: str, now: datetime) -> None:
    """Give a failed delivery its next time: 4, 16, 64 … seconds up to an hour; after 8 tries it stays, for staff to see."""
    delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
    delivery.error, delivery.leased_until = error[:2000], None
    if delivery.tries >= MAX_TRIES:
        delivery.status = DeliveryStatus.FAILED
    else:
        delivery.due_at = now + timedelta(seconds=min(4**delivery.tries, 3600))


def retry_delivery(session: Session, delivery_id: UUID, *, now: datetime) -> None:
    """Give a failed delivery eight more tries. One that is not failed stays as it is."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status == DeliveryStatus.FAILED)
        .values(status=DeliveryStatus.DUE, tries=0, due_at=now)
    )
    nudge_after_commit(session)


def deliver(open_session: Callable[[], Session], delivery_id: UUID, *, clock: Callable[[], datetime]) -> bool:
    """Claim one delivery and perform it; True if it is now done. A handler's failure is kept with its row, never raised."""
    with open_session() as session:
        if not claim(session, delivery_id, now=clock()):
            return False
        session.commit()
    try:
        with open_session() as session:
            perform(session, delivery_id, now=clock())
            session.commit()
    except Exception as error:
        log.exception("Delivery %s failed", delivery_id)
        with open_session() as session:
            postpone(session, delivery_id, error=f"{type(error).__name__}: {error}", now=clock())
            session.commit()
        return False
    return True
