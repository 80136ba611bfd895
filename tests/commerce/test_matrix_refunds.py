"""The rows of the failure matrix about money that goes back (specs/payments.md §11), over real HTTP against the sandbox."""

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import CheckoutAttempt, Dispute, Entitlement, Payment, Refund, StripeEvent
from laurel.commerce.rules import EntitlementSource, EntitlementStatus, InboxStatus, OrderState, PaymentKind, RefundState
from laurel.commerce.services import Till
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.core.clock import now
from laurel.core.ids import new_id
from laurel.settings import Settings
from tests.commerce.conftest import Transaction, sign
from tests.commerce.counter import Corner, Counter, Shared, fields_of
from tests.commerce.live import PATIENCE, Browser, Sandbox, Site
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course
from tests.faults.processes import free_port

PENDING_REFUND_CARD = "4000 0000 0000 7726"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def bank(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests of this file: each has orders of its own."""
    sandbox = Sandbox(tmp_path_factory.mktemp("bank"), f"http://127.0.0.1:{port}")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def site(port: int) -> Iterator[Site]:
    site = Corner(port)
    yield site
    site.stop()


@pytest.fixture
def sandbox(bank: Sandbox) -> Sandbox:
    bank.heal()
    bank.tell("delivery", mode="normal")
    return Shared(bank)


@pytest.fixture
def counter(
    buyers_browser: Browser,
    sandbox: Sandbox,
    session: Session,
    sign_in: SignIn,
    transaction: Transaction,
    gateway: StripeGateway,
    live_settings: Settings,
) -> Iterator[Counter]:
    course, buyer, staff = make_sellable_course(session), make_user(session), make_user(session, roles=["admin"])
    make_offering(session, course=course)
    desk = Browser(buyers_browser.site)
    sign_in(buyer, client=buyers_browser)  # type: ignore[arg-type]
    sign_in(staff, client=desk)  # type: ignore[arg-type]
    till = Till(transaction=transaction, payments=gateway, env=live_settings.host, is_live=False, now=now())
    yield Counter(buyers_browser, desk, sandbox, session, course, buyer, till)
    desk.close()


def test_row_08_two_pages_that_were_both_paid_are_one_course_and_one_refund(counter: Counter, gateway: StripeGateway) -> None:
    first = counter.checkout()
    counter.session.rollback()
    attempt = counter.session.scalars(select(CheckoutAttempt)).one()
    second = gateway.open_checkout(attempt.request, key=f"{attempt.idem_key}:another-tab").url
    assert second is not None

    counter.browser.pay(first)
    counter.browser.pay(second)

    counter.wait_until(lambda: len(counter.session.scalars(select(Payment)).all()) == 2 or bool(counter.session.rollback()), "both came")
    order = counter.order()
    twice = next(p for p in queries.list_payments(counter.session, order.id) if p.kind is PaymentKind.DUPLICATE)
    counter.wait_until(lambda: [r["status"] for r in counter.refunds_at_stripe(twice)] == ["succeeded"], "the second goes back")
    services.sync_refunds(counter.till, twice.payment_intent)
    services.submit_waiting_refunds(counter.till)
    assert len(counter.refunds_at_stripe(twice)) == 1
    assert counter.refunds_at_stripe(counter.payment(order)) == []
    assert counter.session.scalar(select(func.count()).select_from(Entitlement)) == 1
    assert counter.order().amount_refunded == 0
    assert counter.tasks() == ["duplicate_payment"]


def events_of(counter: Counter, kinds: tuple[str, ...], *objects: str) -> dict[str, dict[str, Any]]:
    """The sandbox's events of these kinds about these objects, by kind."""
    found = counter.ask("/v1/events?limit=100")["data"]
    return {event["type"]: event for event in found if event["type"] in kinds and event["data"]["object"]["id"] in objects}


def deliver(counter: Counter, event: dict[str, Any]) -> int:
    """Post an event to the webhook as Stripe does, signed at this moment."""
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": sign(body, secret=counter.sandbox.keys["webhook_secret"]), "Content-Type": "application/json"}
    return requests.post(f"{counter.browser.site}/stripe/webhook", data=body, headers=headers, timeout=PATIENCE).status_code


def test_row_11_whatever_is_told_first_the_end_is_the_same(counter: Counter) -> None:
    kinds = ("checkout.session.completed", "payment_intent.succeeded", "refund.created", "charge.refunded")
    counter.sandbox.tell("delivery", mode="off")
    for order_of_news in list(permutations(kinds))[::3]:
        page = counter.checkout()
        counter.browser.pay(page)
        session_id = page.rpartition("/")[2]
        intent = counter.ask(f"/v1/checkout/sessions/{session_id}")["payment_intent"]
        counter.sandbox.tell(f"payments/{intent}/refund")
        charge = counter.ask(f"/v1/payment_intents/{intent}")["latest_charge"]
        refund = counter.ask(f"/v1/refunds?payment_intent={intent}")["data"][0]["id"]
        news = events_of(counter, kinds, session_id, intent, charge, refund)

        assert [deliver(counter, news[kind]) for kind in order_of_news] == [200] * 4

        order = counter.order()
        assert (order.state, order.amount_paid, order.amount_refunded) == (OrderState.PAID, 19500, 19500)
        assert not counter.has_course()
        told = [event["id"] for event in news.values()]
        assert set(counter.session.scalars(select(StripeEvent.status).where(StripeEvent.id.in_(told)))) == {InboxStatus.DONE}


def test_row_12_an_old_event_that_is_sent_again_after_the_refund_changes_nothing(counter: Counter) -> None:
    page = counter.checkout()
    counter.browser.pay(page)
    counter.wait_until(lambda: counter.order().state is OrderState.PAID, "the order is paid")
    assert counter.refund(counter.order()).status_code == 303
    assert not counter.has_course()
    completed = events_of(counter, ("checkout.session.completed",), page.rpartition("/")[2])["checkout.session.completed"]

    assert deliver(counter, completed) == 200
    assert deliver(counter, {**completed, "id": f"{completed['id']}_again"}) == 200

    assert not counter.has_course()
    assert counter.order().amount_refunded == 19500


def test_row_26_who_has_the_course_is_not_sold_it_and_who_got_it_meanwhile_is_refunded(counter: Counter, transaction: Transaction) -> None:
    page = counter.checkout()
    with transaction() as other:
        offering = queries.find_current_offering(other, counter.course.id)
        assert offering is not None
        other.add(
            Entitlement(
                user_id=counter.buyer.id,
                offering_id=offering.id,
                source_kind=EntitlementSource.GRANT,
                source_id=new_id(),
                created_at=now(),
            )
        )
    assert "You already have this course" in counter.browser.get(f"/courses/{counter.course.slug}/enroll").text

    counter.browser.pay(page)

    counter.wait_until(lambda: counter.order().state is OrderState.PAID, "the order is paid")
    assert counter.session.scalar(select(func.count()).select_from(Entitlement)) == 2
    assert counter.tasks() == ["owned_meanwhile"]
    assert counter.refund(counter.order()).status_code == 303
    assert counter.order().amount_refunded == 19500
    assert counter.has_course()


def test_row_27_what_is_withdrawn_while_it_is_being_paid_is_still_the_buyers(counter: Counter, transaction: Transaction) -> None:
    page = counter.checkout()
    with transaction() as other:
        offering = queries.find_current_offering(other, counter.course.id)
        assert offering is not None
        services.withdraw_offering(other, offering.id, now=now())

    counter.browser.pay(page)

    counter.wait_until(lambda: counter.order().state is OrderState.PAID, "the order is paid")
    assert counter.has_course()
    assert counter.session.scalars(select(Refund)).all() == []


def test_row_32_a_refund_that_is_sent_twice_is_one_refund(counter: Counter) -> None:
    order = counter.buy()
    path = f"/backoffice/orders/{order.id}/refund"
    fields = fields_of(counter.desk.get(path))
    shown = counter.desk.post(path, **{**fields, "amount_1": "50.00", "act": "look"})
    for _ in range(2):
        counter.desk.post(path, **{**fields_of(shown), "act": "refund"})

    assert [refund["amount"] for refund in counter.refunds_at_stripe(counter.payment(order))] == [5000]
    assert counter.order().amount_refunded == 5000


def test_row_32_a_crash_after_stripe_did_it_is_found_by_its_name(counter: Counter) -> None:
    order = counter.buy()
    counter.sandbox.tell("faults", kind="timeout_after", method="POST", path_prefix="/v1/refunds", times=3)
    counter.sandbox.tell("delivery", mode="off")
    counter.refund(order)
    counter.session.rollback()
    assert counter.session.scalars(select(Refund.state)).one() is RefundState.SUBMITTING
    assert counter.has_course()
    counter.sandbox.heal()

    services.submit_refunds_of(counter.till, order.id)

    assert len(counter.refunds_at_stripe(counter.payment(order))) == 1
    assert counter.order().amount_refunded == 19500
    assert not counter.has_course()


def test_row_32_more_than_is_left_is_refused_by_us_and_by_stripe(counter: Counter) -> None:
    order = counter.buy()
    too_much = {**fields_of(counter.desk.get(f"/backoffice/orders/{order.id}/refund")), "amount_1": "195.01", "act": "look"}
    assert counter.desk.post(f"/backoffice/orders/{order.id}/refund", **too_much).status_code == 400
    payment = counter.payment(order)
    counter.sandbox.tell("delivery", mode="off")
    counter.sandbox.tell(f"payments/{payment.payment_intent}/refund", amount=10000)

    counter.refund(order)

    assert "Nothing went back" in counter.desk.get(f"/backoffice/orders/{order.id}").text
    assert [refund["amount"] for refund in counter.refunds_at_stripe(payment)] == [10000]
    assert counter.order().amount_refunded == 10000  # we learned of the other one by asking
    assert counter.has_course()


def test_row_32_a_refund_that_fails_in_the_end_gives_the_course_back(counter: Counter) -> None:
    order = counter.buy(card=PENDING_REFUND_CARD)
    counter.refund(order)
    assert counter.has_course()
    refund = counter.refunds_at_stripe(counter.payment(order))[0]["id"]
    counter.sandbox.tell(f"refunds/{refund}/settle", outcome="succeeded")
    counter.wait_until(lambda: not counter.has_course(), "access ends with the money")

    counter.sandbox.tell(f"refunds/{refund}/settle", outcome="failed")

    counter.wait_until(counter.has_course, "access returns")
    assert counter.order().amount_refunded == 0
    assert counter.tasks() == ["refund_failed"]


@pytest.mark.parametrize(("outcome", "status"), [("won", EntitlementStatus.ACTIVE), ("lost", EntitlementStatus.REVOKED)])
def test_row_33_a_dispute_pauses_access_and_its_end_returns_or_takes_it(counter: Counter, outcome: str, status: EntitlementStatus) -> None:
    order = counter.buy()
    payment = counter.payment(order)
    counter.sandbox.tell(f"payments/{payment.payment_intent}/dispute")
    counter.wait_until(lambda: not counter.has_course(), "access is paused")
    assert counter.session.scalars(select(Entitlement)).one().status is EntitlementStatus.SUSPENDED
    counter.wait_until(lambda: counter.order().amount_disputed == 19500, "the money is noted as taken")

    path = f"/backoffice/orders/{order.id}/refund"
    shown = counter.desk.post(path, **{**fields_of(counter.desk.get(path)), "act": "look"})
    refused = counter.desk.post(path, **{**fields_of(shown), "act": "refund"})
    assert refused.status_code == 409
    assert "by the dispute" in refused.text

    dispute = counter.session.scalars(select(Dispute)).one()
    counter.sandbox.tell(f"disputes/{dispute.stripe_dispute}/close", outcome=outcome)

    def is_over() -> bool:
        counter.session.rollback()
        counter.session.expire_all()
        return counter.session.scalars(select(Entitlement)).one().status is status

    counter.wait_until(is_over, "access follows")
    kinds = {entry.kind for entry in queries.list_ledger(counter.session, order.id)}
    assert kinds >= {"payment", "dispute", "dispute_fee"}


def test_row_33_evidence_reaches_the_bank_and_wins(counter: Counter) -> None:
    order = counter.buy()
    counter.sandbox.tell(f"payments/{counter.payment(order).payment_intent}/dispute")
    counter.wait_until(lambda: not counter.has_course(), "access is paused")
    dispute = counter.session.scalars(select(Dispute)).one()

    page = counter.desk.get(f"/backoffice/disputes/{dispute.id}")
    typed = {**fields_of(page), "access_activity_log": "They read it all.", "uncategorized_text": "winning_evidence"}
    assert counter.desk.post(f"/backoffice/disputes/{dispute.id}/evidence", **typed).status_code == 303

    counter.wait_until(counter.has_course, "access returns")
    assert counter.ask(f"/v1/disputes/{dispute.stripe_dispute}")["evidence"]["access_activity_log"] == "They read it all."


def test_row_33_a_fraud_warning_is_a_task(counter: Counter) -> None:
    order = counter.buy()
    counter.sandbox.tell(f"payments/{counter.payment(order).payment_intent}/warn")

    counter.wait_until(lambda: counter.tasks() == ["fraud_warning"], "a person is asked")
    assert counter.has_course()
