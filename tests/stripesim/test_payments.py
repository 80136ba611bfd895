"""Refunds and what follows a payment."""

import pytest
import stripe

from tests.stripesim.driver import Buyer, Control, Shop, session_params
from tests.stripesim.tour import paid_intent

DAY = 24 * 3600


@pytest.fixture
def intent_id(client: stripe.StripeClient, buyer: Buyer) -> str:
    """A payment of $49.00."""
    session = client.v1.checkout.sessions.create(session_params())  # type: ignore[arg-type]
    assert buyer.pay(session.url or "").status_code == 303
    paid = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(paid, str)
    return paid


def test_a_refund_gives_the_money_back_in_parts(client: stripe.StripeClient, shop: Shop, intent_id: str) -> None:
    first = client.v1.refunds.create(
        {"payment_intent": intent_id, "amount": 1900, "reason": "requested_by_customer", "metadata": {"refund_id": "1"}},
        {"idempotency_key": "laurel:test:refund:1"},
    )

    assert (first.status, first.amount, first.currency, first.metadata and first.metadata["refund_id"]) == ("succeeded", 1900, "usd", "1")
    charge = client.v1.charges.retrieve(str(first.charge), {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (1900, False)
    assert charge.refunds is not None
    assert [refund.id for refund in charge.refunds.data] == [first.id]
    rest = client.v1.refunds.create({"charge": charge.id})
    assert rest.amount == 3000
    assert client.v1.charges.retrieve(charge.id).refunded is True
    assert [refund.id for refund in client.v1.refunds.list({"payment_intent": intent_id}).data] == [rest.id, first.id]
    shop.wait_for("refund.created", count=2)
    changes = [event["data"]["previous_attributes"] for event in shop.wait_for("charge.refunded", count=2)]
    assert changes == [{"amount_refunded": 0}, {"amount_refunded": 1900, "refunded": False}]
    shop.wait_for("refund.updated", count=2)


def test_more_than_was_paid_never_goes_back(client: stripe.StripeClient, intent_id: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent_id, "amount": 4901})
    client.v1.refunds.create({"payment_intent": intent_id})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent_id})

    assert refused.value.code == "charge_already_refunded"


def test_a_refund_costs_no_fee(client: stripe.StripeClient, intent_id: str) -> None:
    refund = client.v1.refunds.create({"payment_intent": intent_id}, {"idempotency_key": "k"})

    transaction = client.v1.balance_transactions.retrieve(str(refund.balance_transaction), {"expand": ["source"]})

    assert (transaction.amount, transaction.fee, transaction.net, transaction.type) == (-4900, 0, -4900, "refund")
    assert isinstance(transaction.source, stripe.Refund)


def test_a_session_is_found_by_its_payment(client: stripe.StripeClient, intent_id: str) -> None:
    found = client.v1.checkout.sessions.list({"payment_intent": intent_id})

    assert len(found.data) == 1


def test_metadata_of_a_payment_can_be_added_later(client: stripe.StripeClient, intent_id: str) -> None:
    changed = client.v1.payment_intents.update(intent_id, {"metadata": {"note": "late"}})

    assert changed.metadata.to_dict() == {"order_id": "01JORDER", "note": "late"}
    assert [charge.payment_intent for charge in client.v1.charges.list({"payment_intent": intent_id}).data] == [intent_id]


def test_a_refund_may_fail_days_later(client: stripe.StripeClient, buyer: Buyer, control: Control, shop: Shop) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid_intent(client, buyer, "4000 0000 0000 5126")})
    assert refund.status == "succeeded"

    control.post("clock", advance=DAY)

    failed = client.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert isinstance(failed.failure_balance_transaction, stripe.BalanceTransaction)
    assert failed.failure_balance_transaction.amount == 4900
    charge = client.v1.charges.retrieve(str(refund.charge))
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    shop.wait_for("refund.failed")
    assert client.v1.refunds.create({"charge": charge.id}).amount == 4900


def test_a_refund_may_wait_and_then_arrive(client: stripe.StripeClient, buyer: Buyer, control: Control, shop: Shop) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid_intent(client, buyer, "4000 0000 0000 7726")})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    with pytest.raises(stripe.InvalidRequestError, match="requires action"):
        client.v1.refunds.cancel(refund.id)

    control.post("clock", advance=DAY)

    arrived = client.v1.refunds.retrieve(refund.id)
    assert (arrived.status, "pending_reason" in arrived) == ("succeeded", False)
    assert shop.wait_for("refund.updated")[0]["data"]["previous_attributes"]["status"] == "pending"


def test_a_refund_that_waits_for_the_buyer_can_be_canceled(client: stripe.StripeClient, buyer: Buyer, control: Control) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid_intent(client, buyer, "4000 0000 0000 7726")})
    asking = control.post(f"refunds/{refund.id}/settle", outcome="requires_action")
    assert asking["next_action"]["display_details"]["email_sent"]["email_sent_to"] == "ada@example.com"

    assert client.v1.refunds.cancel(refund.id).status == "canceled"

    assert client.v1.charges.retrieve(str(refund.charge)).amount_refunded == 0


def test_the_dashboard_refunds_without_our_numbers(client: stripe.StripeClient, control: Control, shop: Shop, intent_id: str) -> None:
    control.post(f"payments/{intent_id}/refund", amount=900)

    assert [(one.amount, one.metadata and one.metadata.to_dict()) for one in client.v1.refunds.list().data] == [(900, {})]
    assert shop.wait_for("refund.created")[0]["request"] == {"id": None, "idempotency_key": None}


def test_the_balance_is_what_is_left(client: stripe.StripeClient, control: Control, intent_id: str) -> None:
    client.v1.refunds.create({"payment_intent": intent_id, "amount": 1000})

    before = client.v1.balance.retrieve()
    control.post("clock", advance=3 * DAY)
    after = client.v1.balance.retrieve()

    left = 4900 - 172 - 1000
    assert [(one.currency, one.amount) for one in before.pending] == [("usd", left)]
    assert [(one.currency, one.amount) for one in after.available] == [("usd", left)]
    assert [one.type for one in client.v1.balance_transactions.list().data] == ["refund", "charge"]
