"""Disputes: the money leaves, the shop answers, the bank decides."""

import pytest
import stripe

from tests.stripesim.driver import Buyer, Control, Shop
from tests.stripesim.tour import paid_intent

DAY = 24 * 3600


@pytest.fixture
def intent_id(client: stripe.StripeClient, buyer: Buyer) -> str:
    return paid_intent(client, buyer)


def _kinds(shop: Shop) -> list[str]:
    return [event["type"] for event in shop.events() if event["type"].startswith("charge.dispute")]


def test_a_card_that_disputes_does_so_after_the_payment(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    intent_id = paid_intent(client, buyer, "4000 0000 0000 0259")

    dispute = client.v1.disputes.list({"payment_intent": intent_id}).data[0]

    assert (dispute.status, dispute.amount, dispute.is_charge_refundable) == ("needs_response", 4900, False)
    assert [(moved.amount, moved.fee, moved.net) for moved in dispute.balance_transactions] == [(-4900, 1500, -6400)]
    assert client.v1.charges.retrieve(str(dispute.charge)).disputed is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent_id})
    assert refused.value.code == "charge_disputed"
    shop.wait_for("charge.dispute.funds_withdrawn")
    assert [event["type"] for event in shop.events()][-3:] == [
        "checkout.session.completed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]


def test_evidence_is_staged_and_then_handed_in(client: stripe.StripeClient, control: Control, shop: Shop, intent_id: str) -> None:
    dispute_id = control.post(f"payments/{intent_id}/dispute", reason="product_not_received")["id"]

    staged = client.v1.disputes.update(dispute_id, {"evidence": {"access_activity_log": "opened 12 lessons"}, "submit": False})
    assert (staged.status, staged.evidence.access_activity_log, staged.evidence_details.has_evidence) == (
        "needs_response",
        "opened 12 lessons",
        True,
    )
    assert staged.evidence_details.submission_count == 0
    handed_in = client.v1.disputes.update(dispute_id, {"submit": True})

    assert (handed_in.status, handed_in.evidence_details.submission_count) == ("under_review", 1)
    updates = shop.wait_for("charge.dispute.updated", count=2)
    assert updates[1]["data"]["previous_attributes"]["status"] == "needs_response"


@pytest.mark.parametrize(("outcome", "nets"), [("won", [-6400, 4900]), ("lost", [-6400]), ("prevented", [-6400, 4900])])
def test_the_bank_decides(client: stripe.StripeClient, control: Control, shop: Shop, intent_id: str, outcome: str, nets: list[int]) -> None:
    dispute_id = control.post(f"payments/{intent_id}/dispute")["id"]

    control.post(f"disputes/{dispute_id}/close", outcome=outcome)

    closed = client.v1.disputes.retrieve(dispute_id)
    assert closed.status == outcome
    assert [moved.net for moved in closed.balance_transactions] == nets
    shop.wait_for("charge.dispute.closed")
    if outcome != "lost":
        shop.wait_for("charge.dispute.funds_reinstated")
        assert client.v1.refunds.create({"payment_intent": intent_id}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute_id)


@pytest.mark.parametrize(("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_some_evidence_decides_at_once(client: stripe.StripeClient, control: Control, intent_id: str, text: str, status: str) -> None:
    dispute_id = control.post(f"payments/{intent_id}/dispute")["id"]

    assert client.v1.disputes.update(dispute_id, {"evidence": {"uncategorized_text": text}}).status == status


def test_an_inquiry_takes_no_money_and_a_refund_ends_it(client: stripe.StripeClient, control: Control, shop: Shop, intent_id: str) -> None:
    inquiry = control.post(f"payments/{intent_id}/dispute", inquiry=True)
    assert (inquiry["status"], inquiry["balance_transactions"], inquiry["is_charge_refundable"]) == ("warning_needs_response", [], True)

    client.v1.refunds.create({"payment_intent": intent_id})

    assert client.v1.disputes.retrieve(inquiry["id"]).status == "warning_closed"
    shop.wait_for("charge.dispute.closed")
    assert _kinds(shop) == ["charge.dispute.created", "charge.dispute.closed"]


def test_a_dispute_that_nobody_answers_is_lost(client: stripe.StripeClient, control: Control, buyer: Buyer, intent_id: str) -> None:
    silent = control.post(f"payments/{intent_id}/dispute")["id"]
    answered = control.post(f"payments/{paid_intent(client, buyer)}/dispute")["id"]
    client.v1.disputes.update(answered, {"evidence": {"customer_name": "Ada"}})

    control.post("clock", advance=10 * DAY)

    assert (client.v1.disputes.retrieve(silent).status, client.v1.disputes.retrieve(answered).status) == ("lost", "won")
    assert client.v1.disputes.retrieve(silent).evidence_details.past_due is True


def test_a_network_may_warn_before_a_dispute(client: stripe.StripeClient, control: Control, shop: Shop, intent_id: str) -> None:
    warning = control.post(f"payments/{intent_id}/warn")

    assert shop.wait_for("radar.early_fraud_warning.created")[0]["data"]["object"] == warning
    assert client.v1.radar.early_fraud_warnings.retrieve(warning["id"]).actionable is True


def test_a_file_is_no_evidence_here(client: stripe.StripeClient, control: Control, intent_id: str) -> None:
    dispute_id = control.post(f"payments/{intent_id}/dispute")["id"]

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.disputes.update(dispute_id, {"evidence": {"receipt": "file_1"}})
    assert refused.value.param == "evidence[receipt]"
