"""Stripe's events: kept once, acted on once, tried again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import Notice, PaymentsUnavailableError
from laurel.commerce.models import Entitlement, Order, ReviewTask, StripeEvent
from laurel.commerce.rules import EntitlementStatus, InboxStatus, OrderState, SeenWarning
from laurel.commerce.services import Till
from laurel.core.events import EventRecord
from tests.commerce.conftest import ENV, Transaction
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.fakes import FakePayments

NOTICE = Notice(
    id="evt_1",
    type="checkout.session.completed",
    object_id="cs_unknown",
    is_live=False,
    account=None,
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
    api_version="2026-10-28.endive",
    payload={"data": {"object": {"id": "cs_unknown", "metadata": {}}}},
)


@pytest.fixture
def paid(till: Till, transaction: Transaction, payments: FakePayments) -> str:
    """The checkout of an order that was paid at the provider, of which we know nothing yet."""
    with transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    return payments.pay(next(iter(payments.checkouts))).session_id


@pytest.fixture
def keep(transaction: Transaction, till: Till) -> Callable[..., bool]:
    def keep_notice(**changes: Any) -> bool:
        with transaction() as session:
            return services.keep_notice(session, replace(NOTICE, **changes), is_live=False, now=till.now)

    return keep_notice


def event(session: Session) -> StripeEvent:
    return session.scalars(select(StripeEvent)).one()


def order(session: Session) -> Order:
    return session.scalars(select(Order)).one()


def test_an_event_is_kept_once_and_acted_on_once(till: Till, paid: str, keep: Callable[..., bool], session: Session) -> None:
    assert keep(object_id=paid)
    assert keep(object_id=paid)

    assert services.process_event(till, "evt_1") is InboxStatus.DONE
    assert services.process_event(till, "evt_1") is None
    assert not keep(object_id=paid)

    assert order(session).state is OrderState.PAID
    assert event(session).attempts == 1
    assert session.scalar(select(func.count()).select_from(EventRecord).where(EventRecord.name == "StripeEventReceived")) == 1


@pytest.mark.parametrize(
    "changes",
    [{"type": "customer.created"}, {"type": "charge.updated"}, {"is_live": True}, {"account": "acct_other"}],
)
def test_what_does_not_concern_us_is_kept_and_ignored(
    till: Till, keep: Callable[..., bool], session: Session, payments: FakePayments, changes: dict[str, Any]
) -> None:
    assert not keep(**changes)

    assert services.process_event(till, "evt_1") is None
    assert event(session).status is InboxStatus.IGNORED
    assert payments.asked == []


def test_a_payment_found_by_its_intent_is_the_same_payment(till: Till, paid: str, keep: Callable[..., bool], session: Session) -> None:
    keep(type="payment_intent.succeeded", object_id=f"pi_{paid}")

    assert services.process_event(till, "evt_1") is InboxStatus.DONE
    assert order(session).state is OrderState.PAID


def test_the_intent_of_a_stranger_is_ignored(till: Till, keep: Callable[..., bool]) -> None:
    keep(type="payment_intent.succeeded", object_id="pi_stranger")

    assert services.process_event(till, "evt_1") is InboxStatus.IGNORED


def test_a_declined_card_changes_nothing(till: Till, paid: str, keep: Callable[..., bool], session: Session) -> None:
    keep(type="payment_intent.payment_failed", object_id=f"pi_{paid}")

    assert services.process_event(till, "evt_1") is InboxStatus.DONE
    assert order(session).state is OrderState.AWAITING_PAYMENT


def test_a_checkout_of_another_installation_is_ignored(till: Till, paid: str, keep: Callable[..., bool], payments: FakePayments) -> None:
    payments.checkouts["cs_foreign"] = replace(
        payments.checkouts[paid], session_id="cs_foreign", order_ref="another", number="L-OTHER", env="staging.example"
    )
    keep(object_id="cs_foreign")

    assert services.process_event(till, "evt_1") is InboxStatus.IGNORED


def test_a_checkout_that_stripe_does_not_know_and_that_does_not_name_us_is_ignored(till: Till, keep: Callable[..., bool]) -> None:
    keep()

    assert services.process_event(till, "evt_1") is InboxStatus.IGNORED


def test_an_event_that_names_us_but_cannot_be_matched_is_tried_again_and_given_up_at_last(
    till: Till, keep: Callable[..., bool], session: Session
) -> None:
    keep(payload={"data": {"object": {"id": "cs_unknown", "metadata": {"env": ENV}}}})
    at = till.now
    statuses = []
    for _ in range(13):
        statuses.append(services.process_event(replace(till, now=at), "evt_1"))
        at += timedelta(days=2)

    assert statuses == [InboxStatus.FAILED] * 11 + [InboxStatus.DEAD, None]
    assert session.scalars(select(ReviewTask)).one().kind == "dead_event"
    assert "CheckoutNotFoundError" in (event(session).error or "")


def test_a_failed_event_is_retried_when_its_time_has_come(
    till: Till, paid: str, keep: Callable[..., bool], session: Session, payments: FakePayments
) -> None:
    keep(object_id=paid)
    payments.failures = [PaymentsUnavailableError("timeout")]
    assert services.process_event(till, "evt_1") is InboxStatus.FAILED

    assert services.retry_due_events(replace(till, now=till.now + timedelta(seconds=59))) == 0
    assert services.retry_due_events(replace(till, now=till.now + timedelta(seconds=61))) == 1

    assert order(session).state is OrderState.PAID
    assert event(session).error is None


def test_an_event_whose_worker_died_is_taken_over(
    till: Till, paid: str, keep: Callable[..., bool], session: Session, transaction: Transaction
) -> None:
    keep(object_id=paid)
    with transaction() as other:
        held = queries.get_stripe_event(other, "evt_1")
        held.status, held.locked_until = InboxStatus.PROCESSING, till.now + timedelta(seconds=60)

    assert services.process_event(till, "evt_1") is None
    assert services.retry_due_events(replace(till, now=till.now + timedelta(seconds=61))) == 1
    assert session.scalar(select(func.count()).select_from(Entitlement)) == 1


def test_an_event_that_was_kept_but_never_acted_on_is_found(till: Till, paid: str, keep: Callable[..., bool], session: Session) -> None:
    keep(object_id=paid)

    assert services.retry_due_events(till) == 0
    assert services.retry_due_events(replace(till, now=till.now + timedelta(minutes=2))) == 1
    assert order(session).state is OrderState.PAID


@pytest.mark.parametrize("first", ["checkout.session.completed", "refund.created", "charge.refunded", "refund.updated"])
def test_a_refund_that_is_told_before_its_payment_ends_like_one_told_after_it(
    till: Till, paid: str, keep: Callable[..., bool], session: Session, payments: FakePayments, first: str
) -> None:
    refund = payments.add_refund(f"pi_{paid}", 19500)
    objects = {"checkout.session.completed": paid, "charge.refunded": f"ch_{paid}"}
    types = ["checkout.session.completed", "refund.created", "charge.refunded", "refund.updated"]
    for number, kind in enumerate([first, *(kind for kind in types if kind != first)]):
        keep(id=f"evt_{number}", type=kind, object_id=objects.get(kind, refund.id))
        assert services.process_event(till, f"evt_{number}") is InboxStatus.DONE

    assert order(session).state is OrderState.PAID
    assert order(session).amount_refunded == 19500
    assert session.scalars(select(Entitlement)).one().status is EntitlementStatus.REVOKED


def test_an_old_event_that_is_acted_on_again_after_a_refund_gives_nothing_back(
    till: Till, paid: str, keep: Callable[..., bool], session: Session, payments: FakePayments
) -> None:
    keep(object_id=paid)
    services.process_event(till, "evt_1")
    payments.add_refund(f"pi_{paid}", 19500)
    services.sync_refunds(till, f"pi_{paid}")

    keep(id="evt_again", object_id=paid)

    assert services.process_event(till, "evt_again") is InboxStatus.DONE
    assert session.scalars(select(Entitlement)).one().status is EntitlementStatus.REVOKED


@pytest.mark.parametrize("kind", ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated"])
def test_a_dispute_that_is_told_before_its_payment_finds_it(
    till: Till, paid: str, keep: Callable[..., bool], session: Session, payments: FakePayments, kind: str
) -> None:
    dispute = payments.add_dispute(f"pi_{paid}", 19500)
    keep(type=kind, object_id=dispute.id)

    assert services.process_event(till, "evt_1") is InboxStatus.DONE
    assert session.scalars(select(Entitlement)).one().status is EntitlementStatus.SUSPENDED


@pytest.mark.parametrize("kind", ["refund.created", "charge.refunded", "charge.dispute.created", "radar.early_fraud_warning.created"])
def test_what_happens_to_a_strangers_payment_is_ignored(till: Till, keep: Callable[..., bool], payments: FakePayments, kind: str) -> None:
    refund, dispute = payments.add_refund("pi_stranger", 100), payments.add_dispute("pi_stranger", 100)
    payments.warnings["issfr_1"] = SeenWarning(
        id="issfr_1", charge_id="ch_stranger", intent_id="pi_stranger", fraud_type="misc", is_actionable=True
    )
    named = {"refund": refund.id, "charge": "ch_stranger", "radar": "issfr_1"}
    keep(type=kind, object_id=dispute.id if "dispute" in kind else named[kind.partition(".")[0]])

    assert services.process_event(till, "evt_1") is InboxStatus.IGNORED


def test_a_fraud_warning_becomes_a_task(till: Till, paid: str, keep: Callable[..., bool], session: Session, payments: FakePayments) -> None:
    payments.warnings["issfr_1"] = SeenWarning(
        id="issfr_1", charge_id="", intent_id=f"pi_{paid}", fraud_type="made_with_stolen_card", is_actionable=True
    )
    keep(type="radar.early_fraud_warning.created", object_id="issfr_1")

    assert services.process_event(till, "evt_1") is InboxStatus.DONE
    assert session.scalars(select(ReviewTask)).one().kind == "fraud_warning"
