"""Buyers and payment pages at Stripe. (specs/payments.md §6, §8)"""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from stripe.checkout import Session as CheckoutSession

from laurel.commerce.gateway import CheckoutDetails
from laurel.commerce.rules import SeenCheckout, SeenPayment
from laurel.commerce.stripe_gateway.client import StripeConnection, frozen, plain_errors, when_not_busy, whole_amount
from laurel.settings import PaymentOption

EXPANDED = ["line_items", "payment_intent.latest_charge", "total_details.breakdown"]


class Checkouts(StripeConnection):
    """Introducing buyers; opening, closing and looking up payment pages."""

    def freeze_customer(self, *, email: str, user_ref: str) -> str:
        return frozen({"email": email, "metadata": {"user_id": user_ref}})

    def create_customer(self, request: str, *, key: str) -> str:
        """Introduce a buyer; returns Stripe's id of them."""
        with plain_errors():
            return when_not_busy(lambda: self.patient.v1.customers.create(json.loads(request), {"idempotency_key": key})).id

    def freeze_checkout(self, details: CheckoutDetails) -> str:
        return frozen(checkout_params(details, self.options))

    def open_checkout(self, request: str, *, key: str) -> SeenCheckout:
        """Open the payment page that `request` describes; under the same key it is always the same page."""
        with plain_errors():
            create = self.patient.v1.checkout.sessions.create
            return read_checkout(when_not_busy(lambda: create(json.loads(request), {"idempotency_key": key})))

    def expire_checkout(self, session_id: str, *, key: str) -> SeenCheckout:
        """Close an open payment page; PaymentsRefusedError if it is not open any more."""
        with plain_errors():
            expire = self.patient.v1.checkout.sessions.expire
            return read_checkout(when_not_busy(lambda: expire(session_id, {}, {"idempotency_key": key})))

    def fetch_checkout(self, session_id: str) -> SeenCheckout:
        """The checkout as it is now, with its lines and its payment."""
        with plain_errors():
            return read_checkout(self.quick.v1.checkout.sessions.retrieve(session_id, {"expand": list(EXPANDED)}))

    def find_checkout_of(self, intent_id: str) -> str | None:
        """The checkout that a payment belongs to."""
        with plain_errors():
            found = self.quick.v1.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
        return found[0].id if found else None


def checkout_params(details: CheckoutDetails, options: Collection[PaymentOption] = ()) -> dict[str, Any]:
    """The parameters of `POST /v1/checkout/sessions`. Laurel's own prices, in Laurel's currency, whatever the buyer's is."""
    names = {"order_id": details.order_ref, "env": details.env}
    return {
        **_discount_params(details, options),
        **_business_params(options, names),
        "mode": "payment",
        "ui_mode": "hosted_page",
        "success_url": f"{details.return_url}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": details.return_url,
        "client_reference_id": details.number,
        "customer": details.customer,
        "customer_update": {"name": "auto", "address": "auto"},
        "line_items": [
            {
                "quantity": line.quantity,
                "price_data": {
                    "currency": details.currency,
                    "unit_amount": line.unit_amount,
                    "tax_behavior": details.tax_behavior.value,
                    "product_data": {"name": line.title, "metadata": {"offering_id": line.offering_ref}},
                },
            }
            for line in details.lines
        ],
        "payment_intent_data": {
            "description": f"Laurel order {details.number}",
            "statement_descriptor_suffix": "LAUREL",
            "metadata": names,
        },
        "metadata": {**names, "attempt": details.attempt_ref},
        "expires_at": int(details.expires_at.timestamp()),
        "adaptive_pricing": {"enabled": False},
        "locale": "auto",
    }


def _discount_params(details: CheckoutDetails, options: Collection[PaymentOption]) -> dict[str, Any]:
    """Our own discount, or else a field for Stripe's promotion codes: a page can have one of the two."""
    if details.coupon is not None:
        return {"discounts": [{"coupon": details.coupon}]}
    return {"allow_promotion_codes": True} if PaymentOption.PROMOTION_CODES in options else {}


def _business_params(options: Collection[PaymentOption], names: dict[str, str]) -> dict[str, Any]:
    """What the law of the seller's country may ask for."""
    asked: dict[PaymentOption, dict[str, Any]] = {
        PaymentOption.TAX: {"automatic_tax": {"enabled": True}},
        PaymentOption.TAX_IDS: {"tax_id_collection": {"enabled": True}},
        PaymentOption.ADDRESS: {"billing_address_collection": "required"},
        PaymentOption.INVOICES: {"invoice_creation": {"enabled": True, "invoice_data": {"metadata": names}}},
        PaymentOption.TERMS: {"consent_collection": {"terms_of_service": "required"}},
    }
    return {key: value for option, params in asked.items() if option in options for key, value in params.items()}


def read_checkout(found: CheckoutSession) -> SeenCheckout:
    """Stripe's session as our own frozen value."""
    data = found.to_dict()
    details = data["total_details"] or {}
    names = data["metadata"] or {}
    lines = data.get("line_items")
    return SeenCheckout(
        session_id=data["id"],
        status=data["status"] or "",
        payment_status=data["payment_status"],
        is_live=data["livemode"],
        mode=data["mode"],
        currency=data["currency"] or "",
        amount_subtotal=whole_amount(data["amount_subtotal"]),
        amount_discount=whole_amount(details.get("amount_discount")),
        amount_tax=whole_amount(details.get("amount_tax")),
        amount_shipping=whole_amount(details.get("amount_shipping")),
        amount_total=whole_amount(data["amount_total"]),
        url=data["url"],
        expires_at=datetime.fromtimestamp(data["expires_at"], UTC),
        number=data["client_reference_id"] or "",
        order_ref=names.get("order_id", ""),
        attempt_ref=names.get("attempt", ""),
        env=names.get("env", ""),
        lines=_lines(lines) if lines is not None else None,
        payment=_payment(data["payment_intent"]),
        allows_promotion_codes=data.get("allow_promotion_codes") is True,
        billing=_billing(data.get("customer_details")),
    )


def _billing(details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Who the buyer said that they are, as a receipt needs it."""
    if details is None:
        return None
    address = {key: value for key, value in (details.get("address") or {}).items() if value}
    tax_ids = [{"type": entry["type"], "value": entry["value"]} for entry in details.get("tax_ids") or []]
    name = details.get("business_name") or details.get("name")
    return {"name": name or "", "email": details.get("email") or "", "address": address, "tax_ids": tax_ids}


def _lines(listed: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """(quantity, unit amount) of each line. More lines than fit into one answer cannot be compared: (0, 0) matches nothing."""
    lines = [(whole_amount(line["quantity"]), whole_amount((line["price"] or {}).get("unit_amount"))) for line in listed["data"]]
    return tuple([*lines, (0, 0)] if listed["has_more"] else lines)


def _payment(intent: dict[str, Any] | str | None) -> SeenPayment | None:
    """The payment where it was expanded; None where there is none."""
    if not isinstance(intent, dict):
        return None
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    method = charge.get("payment_method_details") or {}
    kind = method.get("type")
    return SeenPayment(
        intent_id=intent["id"],
        status=intent["status"],
        amount_received=whole_amount(intent["amount_received"]),
        currency=intent["currency"],
        order_ref=(intent["metadata"] or {}).get("order_id", ""),
        charge_id=charge.get("id"),
        method=kind,
        last4=(method.get(kind) or {}).get("last4") if kind else None,
        receipt_url=charge.get("receipt_url"),
    )
