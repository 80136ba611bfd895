"""Comparing our books with Stripe's: what is behind is brought forward, what differs is said, and nothing is invented."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from laurel.commerce import services
from laurel.commerce.gateway import KeyRefusedError, PaymentsUnavailableError
from laurel.commerce.models import CheckoutAttempt, LedgerEntry, Order, ReconcileRun, StripeEvent
from laurel.commerce.queries import count_entitlements, list_lines
from laurel.commerce.rules import AttemptState, InboxStatus, OrderState
from laurel.commerce.rules.reconciling import Difference
from laurel.commerce.services.reconcile import Audit, reconcile
from tests.commerce.comparing import RETURN, begin_checkout, run, state_of, told
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_paid_order
from tests.fakes import FakePayments


def test_books_without_anything_agree(audit: Audit) -> None:
    found = run(audit)

    assert (found.differences, found.error, found.is_running) == ([], None, False)
    assert found.events_until == audit.till.now


def test_a_payment_of_which_no_webhook_told_is_found_when_the_page_is_five_minutes_old(
    audit: Audit, payments: FakePayments, session: Session
) -> None:
    order, session_id = begin_checkout(audit, session)
    payments.pay(session_id)

    run(audit, after=timedelta(minutes=4))
    assert state_of(session, order) is OrderState.AWAITING_PAYMENT  # too young to be asked about
    found = run(audit, after=timedelta(minutes=5))

    assert state_of(session, order) is OrderState.PAID
    assert count_entitlements(session, order.buyer_id) == 1
    assert found.counts == {"checkouts_asked": 1}
    assert found.differences == []


def test_an_event_that_was_never_delivered_is_read_from_stripes_list(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, session_id = begin_checkout(audit, session)
    payments.pay(session_id)
    payments.notices.append(told(payments, session_id, audit.till.now))

    first = run(audit, after=timedelta(minutes=1))
    second = run(audit, after=timedelta(minutes=6))

    assert state_of(session, order) is OrderState.PAID
    assert (first.counts or {})["events_missed"] == 1
    assert "events_missed" not in (second.counts or {})
    event = session.scalars(select(StripeEvent)).one()
    assert (event.source, event.status) == ("poll", InboxStatus.DONE)


def test_the_list_is_read_again_from_where_it_was_read_to_the_end(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, session_id = begin_checkout(audit, session)
    run(audit)
    payments.pay(session_id)
    payments.notices.append(told(payments, session_id, audit.till.now - timedelta(hours=2)))

    run(audit, after=timedelta(minutes=1))
    assert state_of(session, order) is OrderState.AWAITING_PAYMENT  # told long before we stopped reading: not looked for again
    payments.notices.append(replace(told(payments, session_id, audit.till.now - timedelta(minutes=30)), id="evt_late"))
    run(audit, after=timedelta(minutes=2))

    assert state_of(session, order) is OrderState.PAID


def test_a_page_of_which_no_answer_came_is_asked_for_again_under_its_key(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, _ = begin_checkout(audit, session)
    session.execute(update(CheckoutAttempt).values(state=AttemptState.UNKNOWN, session_id=None, url=None))
    session.execute(update(Order).values(state=OrderState.CREATED))
    session.commit()

    found = run(audit, after=timedelta(minutes=3))

    assert state_of(session, order) is OrderState.AWAITING_PAYMENT
    assert len(payments.checkouts) == 1
    assert found.counts == {"attempts_sent_again": 1}


def test_a_page_that_cannot_be_had_any_more_is_given_up_and_its_order_lapses(
    audit: Audit, payments: FakePayments, session: Session
) -> None:
    order, _ = begin_checkout(audit, session)
    session.execute(update(CheckoutAttempt).values(state=AttemptState.UNKNOWN, session_id=None))
    session.execute(update(Order).values(state=OrderState.CREATED))
    session.commit()

    run(audit, after=timedelta(hours=25))
    assert state_of(session, order) is OrderState.CREATED
    found = run(audit, after=timedelta(hours=26))

    assert state_of(session, order) is OrderState.EXPIRED
    assert (found.counts or {})["orders_expired"] == 1
    assert session.scalars(select(CheckoutAttempt.state)).one() is AttemptState.DEAD


def test_a_page_is_asked_about_less_and_less_often(audit: Audit, payments: FakePayments, session: Session) -> None:
    _, session_id = begin_checkout(audit, session)
    for minutes in range(0, 300, 5):
        run(audit, after=timedelta(minutes=minutes))

    assert 8 <= payments.asked.count(f"fetch:{session_id}") <= 16


def test_a_key_that_stripe_refuses_is_tried_once(audit: Audit, payments: FakePayments, session: Session) -> None:
    for _ in range(3):
        begin_checkout(audit, session)
    payments.failures = [KeyRefusedError("Invalid API Key provided")] * 5

    found = run(audit, after=timedelta(minutes=20))

    assert (found.error or "").startswith("key_refused: ")
    assert len(payments.failures) == 4


def test_a_stripe_that_is_down_does_not_keep_us_from_checking_our_own_books(audit: Audit, payments: FakePayments, session: Session) -> None:
    begin_checkout(audit, session)
    order = make_paid_order(session)
    session.execute(update(Order).where(Order.id == order.id).values(amount_paid=1))
    session.commit()
    payments.failures = [PaymentsUnavailableError("down")]

    found = run(audit, after=timedelta(minutes=20))

    assert (found.error or "").startswith("unavailable: ")
    assert {difference["rule"] for difference in found.differences or []} == {"paid_sum", "ledger"}


def test_only_one_runs_at_a_time(audit: Audit) -> None:
    runs: list[ReconcileRun | None] = []
    barrier = threading.Barrier(8)

    def go() -> None:
        own = Audit(till=audit.till, read=audit.read)
        barrier.wait()
        runs.append(reconcile(own))

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(runs) == 8
    assert all(found is None or found.error is None for found in runs)
    with audit.read() as session:
        assert session.scalars(select(ReconcileRun).where(ReconcileRun.is_running)).all() == []
        assert len(session.scalars(select(ReconcileRun)).all()) == sum(found is not None for found in runs) >= 1


def test_a_run_that_died_is_taken_over_after_its_lease(audit: Audit, session: Session) -> None:
    now = audit.till.now
    session.add(ReconcileRun(started_at=now, locked_until=now + timedelta(minutes=10)))
    session.commit()

    assert reconcile(audit) is None
    assert run(audit, after=timedelta(minutes=11)).error is None
    session.rollback()
    dead = session.scalars(select(ReconcileRun).order_by(ReconcileRun.started_at)).first()
    assert dead is not None
    assert (dead.error or "").startswith("died: ")


def test_paid_orders_from_before_receipts_get_theirs(audit: Audit, session: Session) -> None:
    make_paid_order(session)
    session.execute(text("DELETE FROM receipts"))
    session.execute(text("DELETE FROM receipt_series"))
    session.commit()

    found = run(audit)

    assert found.counts == {"receipts_written": 1}
    assert found.differences == []


BREAKS = {
    "paid_without_right": "DELETE FROM entitlements",
    "right_without_paid": "UPDATE orders SET state = 'expired'",
    "paid_sum": "UPDATE payments SET amount = amount - 1",
    "total": "UPDATE orders SET discount = 1",
    "refunded_sum": "UPDATE orders SET amount_refunded = 1",
    "line_refunded_sum": "UPDATE order_lines SET refunded_amount = 1",
    "ledger": "UPDATE ledger_entries SET amount = amount + 1",
    "currency": "UPDATE ledger_entries SET currency = 'eur'",
    "receipt_gap": "UPDATE receipt_series SET last = last + 1",
    "right_without_enrollment": "DELETE FROM enrollments",
}


@pytest.mark.parametrize(("rule", "statement"), BREAKS.items(), ids=BREAKS)
def test_every_broken_rule_is_found(audit: Audit, session: Session, rule: str, statement: str) -> None:
    order = make_paid_order(session, buyer=make_user(session), offering=make_offering(session))
    session.commit()
    assert run(audit).differences == []

    session.execute(text(statement))
    session.commit()
    found = [Difference(**difference) for difference in run(audit, after=timedelta(minutes=1)).differences or []]

    assert rule in {difference.rule for difference in found}
    assert order.number in {difference.ref for difference in found} or rule in {"receipt_gap", "right_without_enrollment"}


def test_the_ledger_is_never_written_by_a_comparison(audit: Audit, session: Session) -> None:
    make_paid_order(session)
    session.execute(text("UPDATE ledger_entries SET amount = 1"))
    session.commit()

    run(audit)

    session.rollback()
    assert session.scalars(select(LedgerEntry.amount)).one() == 1


def test_a_late_answer_for_an_order_that_was_given_up_stops_nothing(audit: Audit, payments: FakePayments, session: Session) -> None:
    """The page of an expired order is asked for while Stripe is down; then its buyer orders anew, and pays unheard."""
    first, session_id = begin_checkout(audit, session)
    course_id = list_lines(session, first.id)[0].offering.course_id
    session.rollback()
    payments.change(session_id, status="expired", url=None)
    services.sync_checkout(audit.till, session_id)
    payments.failures = [PaymentsUnavailableError("down")]
    with pytest.raises(PaymentsUnavailableError):
        services.open_checkout(audit.till, first.id, return_url=RETURN)
    later = replace(audit.till, now=audit.till.now + timedelta(seconds=30))
    again = services.buy(later, buyer_id=first.buyer_id, course_id=course_id, currency="usd", click_token=None)
    services.open_checkout(later, again.id, return_url=RETURN)
    payments.pay(list(payments.checkouts)[-1])

    found = run(audit, after=timedelta(minutes=6))

    assert found.error is None
    session.rollback()
    assert state_of(session, session.get_one(Order, again.id)) is OrderState.PAID
