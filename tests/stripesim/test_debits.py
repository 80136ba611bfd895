"""Bank debits: the order is placed, and the money comes days later or not at all."""

import pytest
import stripe

from tests.stripesim.driver import Buyer, Control, Shop, line
from tests.stripesim.tour import open_session

GOOD, BAD = "000123456789", "000222222227"
DAY = 24 * 3600


def _debited(client: stripe.StripeClient, buyer: Buyer, account: str) -> str:
    session = open_session(client)
    assert buyer.pay(session.url or "", number="", method="bank", account=account).status_code == 303
    return session.id


@pytest.mark.parametrize(
    ("account", "payment_status", "intent_status", "ending"),
    [
        (GOOD, "paid", "succeeded", ["charge.succeeded", "payment_intent.succeeded", "checkout.session.async_payment_succeeded"]),
        (
            BAD,
            "unpaid",
            "requires_payment_method",
            ["charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed"],
        ),
    ],
)
def test_the_bank_answers_after_four_days(
    client: stripe.StripeClient,
    buyer: Buyer,
    control: Control,
    shop: Shop,
    account: str,
    payment_status: str,
    intent_status: str,
    ending: list[str],
) -> None:
    session_id = _debited(client, buyer, account)
    waiting = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert isinstance(waiting.payment_intent, stripe.PaymentIntent)
    assert waiting.payment_intent.status == "processing"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": waiting.payment_intent.id})

    control.post("clock", advance=4 * DAY)

    done = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
    assert isinstance(done.payment_intent, stripe.PaymentIntent)
    assert (done.status, done.payment_status, done.payment_intent.status) == ("complete", payment_status, intent_status)
    shop.wait_for(ending[-1])
    began = ["payment_intent.created", "charge.pending", "checkout.session.completed", "payment_intent.processing"]
    assert [event["type"] for event in shop.events()] == began + ending


@pytest.mark.parametrize(("outcome", "status"), [("succeeded", "paid"), ("failed", "unpaid")])
def test_the_answer_can_be_given_at_once_and_only_once(
    client: stripe.StripeClient, buyer: Buyer, control: Control, shop: Shop, outcome: str, status: str
) -> None:
    session_id = _debited(client, buyer, GOOD)

    control.post(f"payments/{session_id}/settle", outcome=outcome)
    control.post("clock", advance=5 * DAY)

    assert client.v1.checkout.sessions.retrieve(session_id).payment_status == status
    shop.wait_for(f"checkout.session.async_payment_{outcome}")
    assert len([event for event in shop.events() if "async_payment" in event["type"]]) == 1


def test_euros_are_debited_by_iban_and_other_money_by_nobody(client: stripe.StripeClient, buyer: Buyer) -> None:
    euros = open_session(client, line_items=[line(currency="eur")])
    assert euros.payment_method_types == ["card", "sepa_debit"]
    assert "AT61" in buyer.look(euros.url or "").text
    assert buyer.pay(euros.url or "", number="", method="bank", account=GOOD).status_code == 422
    pounds = open_session(client, line_items=[line(currency="gbp")])
    assert pounds.payment_method_types == ["card"]
    assert "Bank debit" not in buyer.look(pounds.url or "").text
