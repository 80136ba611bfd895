"""Stripe behind the gateway: the only module that imports `stripe`. (specs/payments.md §1, §6, §7, §8)"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import stripe
from stripe.checkout import Session as CheckoutSession

from laurel.commerce.gateway import (
    CheckoutDetails,
    CheckoutNotFoundError,
    ForgedNoticeError,
    Notice,
    PaymentsRefusedError,
    PaymentsUnavailableError,
)
from laurel.commerce.rules import SeenCheckout, SeenPayment
from laurel.settings import Settings

log = logging.getLogger("laurel.commerce")
stripe.enable_telemetry = False

TOLERANCE = timedelta(seconds=300)
PATIENT = (3.05, 20.0)
QUICK = (2.0, 4.0)
EXPANDED = ["line_items", "payment_intent.latest_charge", "total_details.breakdown"]


class StripeGateway:
    """Stripe, or the sandbox that speaks its API at `stripe_api_base`.

    What changes something is asked patiently and up to three times under one key. What only reads is asked once and quickly:
    a webhook or a page waits for it, and both come again.
    """

    def __init__(self, settings: Settings) -> None:
        self.webhook_secrets = settings.stripe_webhook_secrets
        self._patient = _client(settings, timeout=PATIENT, retries=2)
        self._quick = _client(settings, timeout=QUICK, retries=0)

    def freeze_customer(self, *, email: str, user_ref: str) -> str:
        return _frozen({"email": email, "metadata": {"user_id": user_ref}})

    def create_customer(self, request: str, *, key: str) -> str:
        """Introduce a buyer; returns Stripe's id of them."""
        with _plain_errors():
            return self._patient.v1.customers.create(json.loads(request), {"idempotency_key": key}).id

    def freeze_checkout(self, details: CheckoutDetails) -> str:
        return _frozen(checkout_params(details))

    def open_checkout(self, request: str, *, key: str) -> SeenCheckout:
        """Open the payment page that `request` describes; under the same key it is always the same page."""
        with _plain_errors():
            return read_checkout(self._patient.v1.checkout.sessions.create(json.loads(request), {"idempotency_key": key}))

    def expire_checkout(self, session_id: str, *, key: str) -> SeenCheckout:
        """Close an open payment page; PaymentsRefusedError if it is not open any more."""
        with _plain_errors():
            return read_checkout(self._patient.v1.checkout.sessions.expire(session_id, {}, {"idempotency_key": key}))

    def fetch_checkout(self, session_id: str) -> SeenCheckout:
        """The checkout as it is now, with its lines and its payment."""
        with _plain_errors():
            return read_checkout(self._quick.v1.checkout.sessions.retrieve(session_id, {"expand": list(EXPANDED)}))

    def find_checkout_of(self, intent_id: str) -> str | None:
        """The checkout that a payment belongs to."""
        with _plain_errors():
            found = self._quick.v1.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
        return found[0].id if found else None

    def read_notice(self, payload: bytes, signature: str, *, now: datetime) -> Notice:
        return read_notice(payload, signature, self.webhook_secrets, now=now)


def _client(settings: Settings, *, timeout: tuple[float, float], retries: int) -> stripe.StripeClient:
    key = settings.stripe_secret_key
    if not settings.uses_sandbox:
        return stripe.StripeClient(key, max_network_retries=retries, http_client=stripe.RequestsClient(timeout=timeout))
    direct = requests.Session()
    direct.trust_env = False  # the sandbox is on this machine: no proxy of the environment stands between
    return stripe.StripeClient(
        key,
        base_addresses={"api": settings.stripe_api_base},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=timeout, session=direct),
    )


def _frozen(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, separators=(",", ":"))


def checkout_params(details: CheckoutDetails) -> dict[str, Any]:
    """The parameters of `POST /v1/checkout/sessions`. Laurel's own prices, in Laurel's currency, whatever the buyer's is."""
    names = {"order_id": details.order_ref, "env": details.env}
    return {
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


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Stripe's errors in our words. Its own text is for the log: it may hold what no buyer should read."""
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.critical("Stripe does not accept our key: %s", error)
        raise PaymentsUnavailableError(str(error)) from error
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            raise CheckoutNotFoundError from error
        raise PaymentsRefusedError(str(error), is_about_customer=error.param == "customer") from error
    except (stripe.IdempotencyError, stripe.CardError) as error:
        raise PaymentsRefusedError(str(error)) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        raise PaymentsUnavailableError(str(error), is_definite=status >= 500) from error


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
        amount_subtotal=_amount(data["amount_subtotal"]),
        amount_discount=_amount(details.get("amount_discount")),
        amount_tax=_amount(details.get("amount_tax")),
        amount_shipping=_amount(details.get("amount_shipping")),
        amount_total=_amount(data["amount_total"]),
        url=data["url"],
        expires_at=datetime.fromtimestamp(data["expires_at"], UTC),
        number=data["client_reference_id"] or "",
        order_ref=names.get("order_id", ""),
        attempt_ref=names.get("attempt", ""),
        env=names.get("env", ""),
        lines=_lines(lines) if lines is not None else None,
        payment=_payment(data["payment_intent"]),
    )


def _amount(value: object) -> int:
    """Whole minor units. None is nothing; a fraction is never rounded."""
    if value is None:
        return 0
    if type(value) is not int:
        raise PaymentsUnavailableError(f"{value!r} is no amount")
    return value


def _lines(listed: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """(quantity, unit amount) of each line. More lines than fit into one answer cannot be compared: (0, 0) matches nothing."""
    lines = [(_amount(line["quantity"]), _amount((line["price"] or {}).get("unit_amount"))) for line in listed["data"]]
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
        amount_received=_amount(intent["amount_received"]),
        currency=intent["currency"],
        order_ref=(intent["metadata"] or {}).get("order_id", ""),
        charge_id=charge.get("id"),
        method=kind,
        last4=(method.get(kind) or {}).get("last4") if kind else None,
        receipt_url=charge.get("receipt_url"),
    )


def read_notice(payload: bytes, signature: str, secrets: Sequence[str], *, now: datetime) -> Notice:
    """The event in a webhook's body, if one of `secrets` signed it within the last five minutes; ForgedNoticeError else.

    Hostile bodies and headers make stripe-python raise many kinds of errors: all of them mean the same.
    """
    try:
        _check_signature(payload, signature, secrets, now=now)
        return _notice(json.loads(payload.decode()))
    except Exception as error:
        raise ForgedNoticeError from error


def _check_signature(payload: bytes, signature: str, secrets: Sequence[str], *, now: datetime) -> None:
    refused: Exception = ValueError("no webhook secret is configured")
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(payload, signature, secret, int(TOLERANCE.total_seconds()))
        except stripe.SignatureVerificationError as error:
            refused = error
        else:
            break
    else:
        raise refused
    stamp = next(part.partition("=")[2] for part in signature.split(",") if part.startswith("t="))
    if int(stamp) > (now + TOLERANCE).timestamp():
        raise ValueError("signed in the future")


def _notice(event: dict[str, Any]) -> Notice:
    if event["object"] == "v2.core.event":  # a thin event names its object and nothing else
        return Notice(
            id=_text(event["id"]),
            type=_text(event["type"]).removeprefix("v1."),
            object_id=_text(event["related_object"]["id"]),
            is_live=event["livemode"] is True,
            account=event.get("context"),
            created_at=datetime.fromisoformat(event["created"]).astimezone(UTC),
            api_version=None,
            payload=event,
        )
    if event["object"] != "event":
        raise ValueError("not an event")
    return Notice(
        id=_text(event["id"]),
        type=_text(event["type"]),
        object_id=_text(event["data"]["object"].get("id") or ""),
        is_live=event["livemode"] is True,
        account=event.get("account"),
        created_at=datetime.fromtimestamp(event["created"], UTC),
        api_version=event.get("api_version"),
        payload=event,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 255:
        raise ValueError("not a name")
    return value
