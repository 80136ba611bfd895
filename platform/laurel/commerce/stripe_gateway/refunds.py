"""Refunds at Stripe. (specs/payments.md §9)"""

from datetime import UTC, datetime
from typing import Any

from laurel.commerce.gateway import CheckoutNotFoundError, RefundDetails
from laurel.commerce.rules import SeenRefund
from laurel.commerce.stripe_gateway.client import StripeConnection, plain_errors, when_not_busy, whole_amount

PAGE = 100


class Refunds(StripeConnection):
    """Sending money back, and looking up what became of it."""

    def create_refund(self, details: RefundDetails, *, key: str) -> SeenRefund:
        """Send the money back; under the same key it is always the same refund."""
        with plain_errors():
            create, params = self.patient.v1.refunds.create, refund_params(details)
            return read_refund(when_not_busy(lambda: create(params, {"idempotency_key": key})).to_dict())  # type: ignore[arg-type]

    def fetch_refund(self, refund_id: str) -> SeenRefund:
        with plain_errors():
            return read_refund(self.quick.v1.refunds.retrieve(refund_id).to_dict())

    def list_refunds(self, intent_id: str) -> list[SeenRefund]:
        """Every refund of a payment, whoever made it."""
        with plain_errors():
            pages = self.quick.v1.refunds.list({"payment_intent": intent_id, "limit": PAGE}).auto_paging_iter()
            return [read_refund(found.to_dict()) for found in pages]

    def find_intent_of_charge(self, charge_id: str) -> str | None:
        """The payment that a charge belongs to; None if Stripe knows no such charge."""
        try:
            with plain_errors():
                return name_of(self.quick.v1.charges.retrieve(charge_id).to_dict()["payment_intent"])
        except CheckoutNotFoundError:
            return None


def refund_params(details: RefundDetails) -> dict[str, Any]:
    """The parameters of `POST /v1/refunds`."""
    names = {"refund_id": details.refund_ref, "order_id": details.order_ref, "env": details.env}
    params: dict[str, Any] = {"payment_intent": details.intent_id, "amount": details.amount, "metadata": names}
    return {**params, "reason": details.reason} if details.reason else params


def read_refund(data: dict[str, Any]) -> SeenRefund:
    """Stripe's refund as our own frozen value."""
    names = data["metadata"] or {}
    return SeenRefund(
        id=data["id"],
        intent_id=name_of(data["payment_intent"]) or "",
        amount=whole_amount(data["amount"]),
        currency=data["currency"],
        status=data["status"] or "",
        reason=data["reason"] or "",
        refund_ref=names.get("refund_id", ""),
        env=names.get("env", ""),
        failure=data.get("failure_reason") or "",
        created_at=datetime.fromtimestamp(data["created"], UTC),
    )


def name_of(thing: dict[str, Any] | str | None) -> str | None:
    """The id of what Stripe names by its id, or shows in full."""
    return thing["id"] if isinstance(thing, dict) else thing
