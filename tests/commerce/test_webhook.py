"""The door for machines: what is signed is kept and acted on, everything else leaves no trace."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.commerce import services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Entitlement, Order, Payment, StripeEvent
from laurel.commerce.rules import InboxStatus, OrderState
from laurel.commerce.services import Till
from laurel.core.bus import deliver, list_due
from laurel.core.clock import now
from laurel.core.db import Database
from laurel.core.mail import Mail
from tests.commerce.conftest import Transaction, event_body, sign
from tests.commerce.patience import until_served
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.fakes import FakePayments

COMPLETED = "checkout.session.completed"


@pytest.fixture
def paid(till: Till, transaction: Transaction, payments: FakePayments) -> str:
    """A checkout that the buyer has just paid."""
    with transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    return payments.pay(next(iter(payments.checkouts))).session_id


def post(client: FlaskClient, payload: bytes, signature: str | None = None, **more: Any) -> TestResponse:
    headers = {"Stripe-Signature": sign(payload) if signature is None else signature}
    return client.post("/stripe/webhook", data=payload, headers=headers, content_type=more.pop("content_type", "application/json"))


def state(session: Session) -> OrderState:
    session.rollback()
    return session.scalars(select(Order)).one().state


def test_a_signed_event_entitles(client: FlaskClient, paid: str, session: Session) -> None:
    answer = post(client, event_body(COMPLETED, paid))

    assert answer.status_code == 200
    assert state(session) is OrderState.PAID
    assert session.scalar(select(func.count()).select_from(Entitlement)) == 1
    assert "Set-Cookie" not in answer.headers


def test_an_event_that_lies_entitles_nobody(client: FlaskClient, paid: str, session: Session, payments: FakePayments) -> None:
    payments.change(paid, status="open", payment_status="unpaid", payment=None)

    assert post(client, event_body(COMPLETED, paid)).status_code == 200
    assert state(session) is OrderState.AWAITING_PAYMENT


def test_twenty_copies_at_once_are_one_grant_and_one_receipt(
    app: Flask, client: FlaskClient, database: Database, paid: str, session: Session
) -> None:
    payload = event_body(COMPLETED, paid)

    def send(_number: int) -> int:
        return until_served(lambda: post(app.test_client(), payload)).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(send, range(20)))
    for delivery_id in list_due(session, now=now()):
        deliver(lambda: database.session(writes=True), delivery_id, clock=now)
    session.rollback()

    assert statuses == {200}
    assert [session.scalar(select(func.count()).select_from(model)) for model in (StripeEvent, Entitlement, Payment)] == [1, 1, 1]
    assert [mail.key.partition(":")[0] for mail in session.scalars(select(Mail))].count("receipt") == 1


def test_different_events_about_one_payment_are_one_grant(app: Flask, client: FlaskClient, paid: str, session: Session) -> None:
    bodies = [event_body(COMPLETED, paid, event_id=f"evt_{n}") for n in range(5)]
    bodies += [event_body("payment_intent.succeeded", f"pi_{paid}", event_id=f"evt_pi_{n}") for n in range(5)]

    def send(body: bytes) -> int:
        return until_served(lambda: post(app.test_client(), body)).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = set(pool.map(send, bodies))

    assert statuses == {200}
    assert session.scalar(select(func.count()).select_from(Entitlement)) == 1


HOSTILE = {
    "no header": (event_body(COMPLETED, "cs"), ""),
    "forged": (event_body(COMPLETED, "cs"), sign(event_body(COMPLETED, "cs"), secret="whsec_forged")),
    "another body": (event_body(COMPLETED, "cs"), sign(b"{}")),
    "empty body": (b"", sign(b"")),
    "no json": (b"completed", sign(b"completed")),
    "a json array": (b"[]", sign(b"[]")),
    "a json number": (b"1", sign(b"1")),
    "no event": (b'{"object": "customer", "id": "cus"}', sign(b'{"object": "customer", "id": "cus"}')),
    "no id": (b'{"object": "event"}', sign(b'{"object": "event"}')),
    "not utf-8": (b"\xff\xfe", sign(b"\xff\xfe")),
    "a signature that is no ascii": (event_body(COMPLETED, "cs"), "t=1,v1=\u00e9\u00e9"),
    "a stamp that is no number": (event_body(COMPLETED, "cs"), "t=now,v1=00"),
    "an endless stamp": (event_body(COMPLETED, "cs"), f"t={'9' * 400},v1=00"),
    "stale": (event_body(COMPLETED, "cs"), sign(event_body(COMPLETED, "cs"), age=301)),
    "from the future": (event_body(COMPLETED, "cs"), sign(event_body(COMPLETED, "cs"), age=-3600)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_refused_and_leaves_no_row(client: FlaskClient, session: Session, payments: FakePayments, name: str) -> None:
    payload, signature = HOSTILE[name]

    assert post(client, payload, signature).status_code == 400
    assert session.scalar(select(func.count()).select_from(StripeEvent)) == 0
    assert payments.asked == []


def test_an_endless_body_is_refused(client: FlaskClient, session: Session) -> None:
    payload = b'{"object": "event", "padding": "' + b"x" * (10 * 1024 * 1024) + b'"}'

    assert post(client, payload).status_code == 413
    assert session.scalar(select(func.count()).select_from(StripeEvent)) == 0


def test_a_large_event_is_accepted(client: FlaskClient, paid: str, session: Session) -> None:
    assert post(client, event_body(COMPLETED, paid, padding="x" * 400_000)).status_code == 200
    assert state(session) is OrderState.PAID


def test_only_json_is_read(client: FlaskClient) -> None:
    assert post(client, b"{}", content_type="application/x-www-form-urlencoded").status_code == 415


def test_a_rotated_secret_is_accepted_as_long_as_it_is_configured(client: FlaskClient, paid: str, session: Session) -> None:
    payload = event_body(COMPLETED, paid)

    assert post(client, payload, sign(payload, secret="whsec_before")).status_code == 200
    assert state(session) is OrderState.PAID


def test_live_events_never_fulfil_test_orders(client: FlaskClient, paid: str, session: Session) -> None:
    assert post(client, event_body(COMPLETED, paid, livemode=True)).status_code == 200
    assert session.scalars(select(StripeEvent)).one().status is InboxStatus.IGNORED
    assert state(session) is OrderState.AWAITING_PAYMENT


def test_events_of_another_account_never_fulfil(client: FlaskClient, paid: str, session: Session) -> None:
    assert post(client, event_body(COMPLETED, paid, account="acct_other")).status_code == 200
    assert state(session) is OrderState.AWAITING_PAYMENT


def test_an_event_about_a_strangers_checkout_is_answered_and_ignored(client: FlaskClient, session: Session) -> None:
    assert post(client, event_body(COMPLETED, "cs_stranger")).status_code == 200
    assert session.scalars(select(StripeEvent)).one().status is InboxStatus.IGNORED


def test_a_thin_event_is_as_good_as_a_full_one(client: FlaskClient, paid: str, session: Session) -> None:
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": f"v1.{COMPLETED}",
        "created": "2026-11-20T09:30:00.000Z",
        "livemode": False,
        "context": None,
        "related_object": {"id": paid, "type": "checkout.session", "url": f"/v1/checkout/sessions/{paid}"},
    }

    assert post(client, json.dumps(thin).encode()).status_code == 200
    assert state(session) is OrderState.PAID


def test_what_fails_after_keeping_is_ours_to_try_again(
    client: FlaskClient, paid: str, session: Session, payments: FakePayments, till: Till
) -> None:
    payload = event_body(COMPLETED, paid)
    payments.failures = [PaymentsUnavailableError("timeout")]

    assert post(client, payload).status_code == 200
    assert session.scalars(select(StripeEvent)).one().status is InboxStatus.FAILED
    assert state(session) is OrderState.AWAITING_PAYMENT

    assert post(client, payload).status_code == 200  # Stripe sends it again before we do
    assert state(session) is OrderState.PAID


def test_a_browser_finds_no_page_there(client: FlaskClient) -> None:
    assert client.get("/stripe/webhook").status_code == 405
