"""Events and deliveries: together means together, afterwards means once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core import bus as buses
from laurel.core.bus import Subscriptions, bus, publish
from laurel.core.db import Database
from laurel.core.events import Delivery, DeliveryStatus, Event, EventRecord
from laurel.core.ids import new_id
from laurel.core.mail import Mail, MailStatus, add_mail

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class BellRang(Event):
    """Something that only this test knows."""

    bell_id: UUID
    by: UUID | None = None
    loud: bool = True


def write_note(session: Session, event: BellRang) -> None:
    add_mail(
        session, key=f"note:{new_id()}", recipient="ada@example.com", subject="Rang", text="It rang.", html=None, now=event.occurred_at
    )


def break_down(session: Session, event: BellRang) -> None:
    write_note(session, event)
    raise RuntimeError("the clapper fell out")


@pytest.fixture
def _own_subscriptions(app: object) -> Iterator[None]:
    kept = bus.subscriptions
    yield
    bus.subscriptions = kept


pytestmark = pytest.mark.usefixtures("_own_subscriptions")


def ring(session: Session) -> BellRang:
    event = BellRang(occurred_at=NOW, bell_id=new_id())
    publish(session, event)
    return event


def count_notes(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Mail)) or 0


def the_delivery(session: Session) -> Delivery:
    session.expire_all()
    return session.scalars(select(Delivery)).one()


def test_an_event_is_kept_with_its_facts(session: Session) -> None:
    bus.subscriptions = Subscriptions()

    event = ring(session)

    record = session.scalars(select(EventRecord)).one()
    assert record.name == "BellRang"
    assert BellRang.from_json(record.facts) == event


def test_what_happens_together_fails_together(session: Session) -> None:
    bus.subscriptions = Subscriptions(together={BellRang: [write_note, break_down]})

    with pytest.raises(RuntimeError):
        ring(session)
    session.rollback()

    assert count_notes(session) == 0


def test_what_happens_afterwards_waits_for_the_commit(database: Database, session: Session) -> None:
    bus.subscriptions = Subscriptions(afterwards={BellRang: [write_note]})
    ring(session)
    session.commit()

    assert count_notes(session) == 0
    delivery_id = the_delivery(session).id
    session.rollback()

    assert buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda: NOW)
    assert (count_notes(session), the_delivery(session).status) == (1, DeliveryStatus.DONE)


def test_a_delivery_that_is_done_is_not_done_again(database: Database, session: Session) -> None:
    bus.subscriptions = Subscriptions(afterwards={BellRang: [write_note]})
    ring(session)
    session.commit()
    delivery_id = the_delivery(session).id
    session.rollback()

    results = [buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda: NOW) for _ in range(3)]

    assert results == [True, False, False]
    assert count_notes(session) == 1


def test_workers_who_reach_for_the_same_delivery_do_it_once(database: Database, session: Session) -> None:
    bus.subscriptions = Subscriptions(afterwards={BellRang: [write_note]})
    ring(session)
    session.commit()
    delivery_id = the_delivery(session).id
    session.rollback()
    barrier = Barrier(6)

    def work() -> None:
        barrier.wait()
        buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda: NOW)

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count_notes(session) == 1


def test_a_failed_delivery_leaves_nothing_and_comes_again_later(database: Database, session: Session) -> None:
    bus.subscriptions = Subscriptions(afterwards={BellRang: [break_down]})
    ring(session)
    session.commit()
    delivery_id = the_delivery(session).id
    session.rollback()

    assert not buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda: NOW)

    delivery = the_delivery(session)
    assert count_notes(session) == 0
    assert (delivery.status, delivery.tries, delivery.error) == (DeliveryStatus.DUE, 1, "RuntimeError: the clapper fell out")
    assert delivery.due_at == NOW + timedelta(seconds=4)


def test_after_eight_tries_a_delivery_waits_for_staff(database: Database, session: Session) -> None:
    bus.subscriptions = Subscriptions(afterwards={BellRang: [break_down]})
    ring(session)
    session.commit()
    delivery_id = the_delivery(session).id
    session.rollback()

    for day in range(8):
        buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda day=day: NOW + timedelta(days=day))

    assert the_delivery(session).status is DeliveryStatus.FAILED
    session.rollback()
    with database.session(writes=True) as own:
        buses.retry_delivery(own, delivery_id, now=NOW)
        own.commit()
    assert (the_delivery(session).status, the_delivery(session).tries) == (DeliveryStatus.DUE, 0)


def test_a_worker_that_died_leaves_its_delivery_to_the_next_one(database: Database, session: Session) -> None:
    bus.subscriptions = Subscriptions(afterwards={BellRang: [write_note]})
    ring(session)
    session.commit()
    delivery_id = the_delivery(session).id
    session.rollback()
    with database.session(writes=True) as dying:
        assert buses.claim(dying, delivery_id, now=NOW)
        dying.commit()

    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=3)
    assert not buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda: soon)
    assert buses.deliver(lambda: database.session(writes=True), delivery_id, clock=lambda: later)


def test_a_commit_rings_the_bell_once_and_a_rollback_never(session: Session) -> None:
    rung: list[bool] = []
    bus.subscriptions = Subscriptions(afterwards={BellRang: [write_note]})
    kept, bus.nudge = bus.nudge, lambda: rung.append(True)
    try:
        ring(session)
        session.rollback()
        assert rung == []
        ring(session)
        ring(session)
        session.commit()
    finally:
        bus.nudge = kept

    assert rung == [True]


def test_a_savepoint_does_not_ring_the_bell_before_the_commit_that_others_see(session: Session) -> None:
    rung: list[bool] = []
    bus.subscriptions = Subscriptions(afterwards={BellRang: [write_note]})
    kept, bus.nudge = bus.nudge, lambda: rung.append(True)
    try:
        with session.begin_nested():
            ring(session)
        with session.begin_nested():
            session.flush()
        assert rung == []
        session.commit()
        assert rung == [True]
        session.commit()
    finally:
        bus.nudge = kept

    assert rung == [True]


def test_a_mail_with_two_recipients_in_one_is_refused(session: Session) -> None:
    from laurel.core.errors import InvalidInputError

    for hostile in (
        "a@example.com\nBcc: v@example.com",
        "a@example.com, v@example.com",
        "a@example.com;v@example.com",
        "Ada <a@example.com>",
    ):
        with pytest.raises(InvalidInputError):
            add_mail(session, key=hostile, recipient=hostile, subject="x", text="x", html=None, now=NOW)


def test_a_mail_waits_until_it_is_sent(session: Session) -> None:
    add_mail(session, key="one", recipient="a@example.com", subject="x\ny", text="x", html=None, now=NOW)

    mail = session.scalars(select(Mail)).one()
    assert (mail.status, mail.subject) == (MailStatus.DUE, "x y")
