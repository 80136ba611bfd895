"""Disputes and early fraud warnings at Stripe. (specs/payments.md §9)"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from laurel.commerce.rules import DisputeFee, SeenDispute, SeenWarning
from laurel.commerce.stripe_gateway.client import StripeConnection, plain_errors, when_not_busy, whole_amount
from laurel.commerce.stripe_gateway.refunds import name_of


class Disputes(StripeConnection):
    """Looking disputes up, answering them, giving in."""

    def fetch_dispute(self, dispute_id: str) -> SeenDispute:
        """The dispute as it is now, with the movements of money that it caused."""
        with plain_errors():
            return read_dispute(self.quick.v1.disputes.retrieve(dispute_id).to_dict())

    def send_evidence(self, dispute_id: str, evidence: Mapping[str, str], *, key: str) -> SeenDispute:
        """Hand the evidence in for good; the bank decides on it. Fields are Stripe's."""
        with plain_errors():
            params: Any = {"evidence": dict(evidence), "submit": True}
            return read_dispute(
                when_not_busy(lambda: self.patient.v1.disputes.update(dispute_id, params, {"idempotency_key": key})).to_dict()
            )

    def accept_dispute(self, dispute_id: str, *, key: str) -> SeenDispute:
        """Give in: the buyer keeps the money."""
        with plain_errors():
            return read_dispute(when_not_busy(lambda: self.patient.v1.disputes.close(dispute_id, {}, {"idempotency_key": key})).to_dict())

    def fetch_warning(self, warning_id: str) -> SeenWarning:
        with plain_errors():
            data = self.quick.v1.radar.early_fraud_warnings.retrieve(warning_id).to_dict()
        return SeenWarning(
            id=data["id"],
            charge_id=name_of(data["charge"]) or "",
            intent_id=name_of(data.get("payment_intent")) or "",
            fraud_type=data["fraud_type"],
            is_actionable=data["actionable"] is True,
        )


def read_dispute(data: dict[str, Any]) -> SeenDispute:
    """Stripe's dispute as our own frozen value."""
    due_by = (data["evidence_details"] or {}).get("due_by")
    moves = data["balance_transactions"] or []
    categories = {move.get("reporting_category") for move in moves}
    return SeenDispute(
        id=data["id"],
        intent_id=name_of(data["payment_intent"]) or "",
        charge_id=name_of(data["charge"]) or "",
        amount=whole_amount(data["amount"]),
        currency=data["currency"],
        status=data["status"],
        reason=data["reason"],
        is_live=data["livemode"],
        created_at=datetime.fromtimestamp(data["created"], UTC),
        due_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
        is_withdrawn="dispute" in categories,
        is_reinstated="dispute_reversal" in categories,
        fees=tuple(
            DisputeFee(ref=move["id"], amount=whole_amount(move["fee"]), currency=move["currency"]) for move in moves if move["fee"]
        ),
    )
