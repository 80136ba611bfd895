"""From the session to the paid order, as a shop and a buyer go through it."""

import threading
import time

import pytest
import requests
import stripe

from tests.stripesim.driver import Buyer, Control, Params, Shop, line, session_params


def test_a_paid_session_is_told_and_can_be_read_in_full(client: stripe.StripeClient, buyer: Buyer, shop: Shop, webhook_secret: str) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com", "metadata": {"user": "1"}})
    session = client.v1.checkout.sessions.create(
        session_params(customer=customer.id, customer_update={"name": "auto", "address": "auto"}),  # type: ignore[arg-type]  # a plain dict
        {"idempotency_key": "laurel:test:order:01JORDER:cs:1"},
    )
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 4900)
    assert session.url is not None

    paid = buyer.pay(session.url)

    assert paid.status_code == 303
    assert paid.headers["Location"] == f"http://127.0.0.1:9/checkout/done?session_id={session.id}"
    shop.wait_for("checkout.session.completed")
    payload, signature = next(pair for pair in shop.received if b"checkout.session.completed" in pair[0])
    event = stripe.Webhook.construct_event(payload, signature, webhook_secret)
    assert event.data.object["id"] == session.id

    expand = ["line_items", "payment_intent.latest_charge.balance_transaction", "customer", "total_details.breakdown"]
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": expand})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    intent = done.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received, intent.metadata["order_id"]) == ("succeeded", 4900, "01JORDER")
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.last4 == "4242"
    transaction = charge.balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert (transaction.fee, transaction.net) == (172, 4728)
    assert done.line_items is not None
    assert [(item.quantity, item.amount_total) for item in done.line_items.data] == [(1, 4900)]
    assert isinstance(done.customer, stripe.Customer)
    assert done.customer.name == "Ada Lovelace"


def test_the_events_of_a_payment_come_in_order(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    buyer.pay(_open(client).url or "")

    shop.wait_for("checkout.session.completed")

    kinds = [event["type"] for event in shop.events()]
    assert kinds == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    assert {event["api_version"] for event in shop.events()} == {"2026-10-28.endive"}


@pytest.mark.parametrize(
    ("number", "code"),
    [("4000 0000 0000 0002", "generic_decline"), ("4000 0000 0000 9995", "insufficient_funds")],
)
def test_a_declined_card_leaves_the_session_open(client: stripe.StripeClient, buyer: Buyer, shop: Shop, number: str, code: str) -> None:
    session = _open(client)

    page = buyer.pay(session.url or "", number)

    assert page.status_code == 402
    assert 'role="alert"' in page.text
    assert 'aria-describedby="number-hint number-error"' in page.text
    assert 'value="Ada Lovelace"' in page.text
    shop.wait_for("payment_intent.payment_failed")
    again = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert again.status == "open"
    assert isinstance(again.payment_intent, stripe.PaymentIntent)
    assert again.payment_intent.last_payment_error is not None
    assert again.payment_intent.last_payment_error.decline_code == code
    assert buyer.pay(session.url or "").status_code == 303


def test_any_other_card_is_refused_and_forgotten(client: stripe.StripeClient, buyer: Buyer) -> None:
    page = buyer.pay(_open(client).url or "", "4111 1111 1111 1111")

    assert page.status_code == 422
    assert "The sandbox accepts test cards only" in page.text
    assert "4111" not in page.text


def test_a_form_with_gaps_names_each_of_them(client: stripe.StripeClient, buyer: Buyer) -> None:
    page = buyer.pay(_open(client).url or "", email="ada", expiry="13 / 34", cvc="x", name="", country="XX")

    assert page.status_code == 422
    for name in ("email", "expiry", "cvc", "name", "country"):
        assert f'<a href="#{name}">' in page.text
        assert f'id="{name}-error"' in page.text


def test_three_d_secure_asks_the_bank_before_it_pays(client: stripe.StripeClient, buyer: Buyer) -> None:
    session = _open(client)
    url = session.url or ""

    asked = buyer.pay(url, "4000 0025 0000 3155")
    assert "Your bank asks" in asked.text
    assert "Your bank asks" in buyer.look(url).text
    assert buyer.post(url, {"decision": "refuse"}).status_code == 402

    assert "Your bank asks" in buyer.pay(url, "4000 0025 0000 3155").text
    assert buyer.post(url, {"decision": "approve"}).status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_form_sent_twice_pays_once(client: stripe.StripeClient, buyer: Buyer) -> None:
    session = _open(client)
    answers: list[requests.Response] = []
    clicks = [threading.Thread(target=lambda: answers.append(buyer.pay(session.url or ""))) for _ in range(8)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert [answer.status_code for answer in answers] == [303] * 8
    assert len(client.v1.charges.list().data) == 1
    assert len(client.v1.payment_intents.list().data) == 1


def test_an_expired_session_takes_no_money(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    session = _open(client)
    buyer.pay(session.url or "", "4000 0000 0000 0002")

    expired = client.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    shop.wait_for("checkout.session.expired")
    page = buyer.pay(session.url or "")
    assert page.status_code == 410
    assert "You were not charged" in page.text
    assert client.v1.payment_intents.list().data[0].status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        client.v1.checkout.sessions.expire(session.id)


def test_time_expires_a_session_by_itself(client: stripe.StripeClient, control: Control, shop: Shop) -> None:
    session = _open(client, expires_at=int(time.time()) + 3600)  # noqa: TID251 (the client's clock)

    control.post("clock", advance=3601)

    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    shop.wait_for("checkout.session.expired")


def test_after_the_clock_was_moved_the_shop_sells_as_before(client: stripe.StripeClient, control: Control, buyer: Buyer) -> None:
    control.post("clock", advance=100 * 3600)
    in_an_hour = int(time.time()) + 3600  # noqa: TID251 (the client's clock, which nobody moves)

    paid, left = _open(client, expires_at=in_an_hour), _open(client, expires_at=in_an_hour)
    buyer.pay(paid.url or "")

    states = {session.id: session.status for session in client.v1.checkout.sessions.list().data}
    assert (states[paid.id], states[left.id], left.expires_at) == ("complete", "open", in_an_hour)
    control.post("clock", advance=3601)
    assert client.v1.checkout.sessions.retrieve(left.id).status == "expired"


def test_an_order_of_nothing_needs_no_card(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    session = _open(client, line_items=[line(0)])
    assert "Card number" not in buyer.look(session.url or "").text

    assert buyer.pay(session.url or "", number="").status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id)
    assert (done.payment_status, done.payment_intent) == ("no_payment_required", None)
    assert [event["type"] for event in shop.events()] == ["checkout.session.completed"]


def test_tax_is_shown_before_it_is_paid(client: stripe.StripeClient, buyer: Buyer) -> None:
    item = line(10000, currency="eur", tax_behavior="exclusive")
    session = _open(client, line_items=[item], automatic_tax={"enabled": True})

    seen = buyer.post(session.url or "", {"country": "FR", "action": "update"})
    assert "€120.00" in seen.text
    assert '<option value="FR" selected>' in buyer.look(session.url or "").text
    first = buyer.pay(session.url or "", country="DE")
    assert "€119.00" in first.text
    assert "Nothing was charged yet" in first.text
    assert buyer.pay(session.url or "", country="DE").status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["total_details.breakdown"]})
    assert (done.amount_subtotal, done.amount_total, done.automatic_tax.status) == (10000, 11900, "complete")
    assert done.total_details is not None
    assert done.total_details.breakdown is not None
    assert [tax.amount for tax in done.total_details.breakdown.taxes] == [1900]


def test_the_terms_must_be_accepted_where_the_shop_asks(client: stripe.StripeClient, buyer: Buyer) -> None:
    session = _open(client, consent_collection={"terms_of_service": "required"})

    assert buyer.pay(session.url or "").status_code == 422
    assert buyer.pay(session.url or "", terms="yes").status_code == 303

    consent = client.v1.checkout.sessions.retrieve(session.id).consent
    assert consent is not None
    assert consent.terms_of_service == "accepted"


def test_the_page_works_below_any_prefix(client: stripe.StripeClient, buyer: Buyer, base: str) -> None:
    session = _open(client)
    page = buyer.look(f"{base}/c/pay/{session.id}")

    assert page.status_code == 200
    assert "action=" not in page.text.replace('name="action"', "")
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert 'href="/sandbox/assets/pay.css"' in page.text
    assert buyer.look(f"{base}/assets/pay.css").status_code == 200
    assert "Sandbox: no real money" in page.text
    assert buyer.look(f"{base}/c/pay/cs_test_unknown").status_code == 404


def test_a_paid_page_says_so(client: stripe.StripeClient, buyer: Buyer) -> None:
    session = _open(client)
    buyer.pay(session.url or "")

    page = buyer.look(session.url or "")

    assert page.status_code == 200
    assert "This order is paid" in page.text
    assert f"session_id={session.id}" in page.text


def _open(client: stripe.StripeClient, **more: object) -> stripe.checkout.Session:
    params: Params = session_params(**more)
    return client.v1.checkout.sessions.create(params)  # type: ignore[arg-type]  # a plain dict
