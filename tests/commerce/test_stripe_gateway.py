"""The adapter, with Stripe's own library, in front of the sandbox."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import stripe

from laurel.commerce.gateway import (
    CheckoutDetails,
    CheckoutLine,
    CheckoutNotFoundError,
    ForgedNoticeError,
    PaymentsRefusedError,
    PaymentsUnavailableError,
)
from laurel.commerce.rules import TaxBehavior
from laurel.commerce.stripe_gateway import StripeGateway, checkout_params, read_notice
from laurel.core.clock import now
from laurel.settings import Settings
from tests.commerce.conftest import event_body, sign
from tests.commerce.live import Sandbox


@pytest.fixture
def details(gateway: StripeGateway, sandbox: Sandbox) -> CheckoutDetails:
    sandbox.tell("delivery", mode="off")  # nobody listens here
    customer = gateway.create_customer(gateway.freeze_customer(email="ada@example.com", user_ref="u"), key="user")
    return CheckoutDetails(
        number="L-12345-67890",
        order_ref="order",
        attempt_ref="1",
        env="laurel.test",
        customer=customer,
        currency="usd",
        tax_behavior=TaxBehavior.INCLUSIVE,
        lines=(CheckoutLine(title="Bookkeeping", quantity=1, unit_amount=19500, offering_ref="offering"),),
        return_url="http://laurel.test/orders/1",
        expires_at=now() + timedelta(minutes=60),
    )


def test_a_page_says_what_was_asked_for(gateway: StripeGateway, details: CheckoutDetails) -> None:
    opened = gateway.open_checkout(gateway.freeze_checkout(details), key="k")
    seen = gateway.fetch_checkout(opened.session_id)

    assert (seen.status, seen.payment_status, seen.mode, seen.is_live) == ("open", "unpaid", "payment", False)
    assert (seen.currency, seen.amount_subtotal, seen.amount_total, seen.amount_tax, seen.amount_discount) == ("usd", 19500, 19500, 0, 0)
    assert (seen.number, seen.order_ref, seen.attempt_ref, seen.env) == ("L-12345-67890", "order", "1", "laurel.test")
    assert seen.lines == ((1, 19500),)
    assert seen.payment is None
    assert opened.lines is None
    assert seen.url == opened.url


def test_one_key_is_one_page_and_one_buyer(gateway: StripeGateway, details: CheckoutDetails) -> None:
    request = gateway.freeze_checkout(details)
    frozen = gateway.freeze_customer(email="ada@example.com", user_ref="u")

    assert gateway.open_checkout(request, key="k").session_id == gateway.open_checkout(request, key="k").session_id
    assert gateway.open_checkout(request, key="other").session_id != gateway.open_checkout(request, key="k").session_id
    assert gateway.create_customer(frozen, key="user") == details.customer


def test_a_frozen_request_is_the_same_text_every_time(details: CheckoutDetails, gateway: StripeGateway) -> None:
    assert gateway.freeze_checkout(details) == gateway.freeze_checkout(replace(details))
    assert json.loads(gateway.freeze_checkout(details)) == checkout_params(details)


def test_the_buyer_pays_our_price_and_stripe_fills_in_the_return_address(details: CheckoutDetails) -> None:
    asked = checkout_params(details)

    assert asked["adaptive_pricing"] == {"enabled": False}
    assert asked["success_url"] == "http://laurel.test/orders/1?session_id={CHECKOUT_SESSION_ID}"
    assert "payment_method_types" not in asked


def test_a_key_with_another_request_is_refused(gateway: StripeGateway, details: CheckoutDetails) -> None:
    gateway.open_checkout(gateway.freeze_checkout(details), key="k")

    with pytest.raises(PaymentsRefusedError):
        gateway.open_checkout(gateway.freeze_checkout(replace(details, number="L-OTHER")), key="k")


def test_an_unknown_buyer_is_told_apart_from_other_refusals(gateway: StripeGateway, details: CheckoutDetails) -> None:
    with pytest.raises(PaymentsRefusedError) as stranger:
        gateway.open_checkout(gateway.freeze_checkout(replace(details, customer="cus_unknown")), key="k")
    with pytest.raises(PaymentsRefusedError) as late:
        gateway.open_checkout(gateway.freeze_checkout(replace(details, expires_at=now())), key="k2")

    assert stranger.value.is_about_customer
    assert not late.value.is_about_customer


def test_an_open_page_can_be_closed_once(gateway: StripeGateway, details: CheckoutDetails) -> None:
    opened = gateway.open_checkout(gateway.freeze_checkout(details), key="k")

    assert gateway.expire_checkout(opened.session_id, key="k:expire").status == "expired"
    assert gateway.expire_checkout(opened.session_id, key="k:expire").status == "expired"
    with pytest.raises(PaymentsRefusedError):
        gateway.expire_checkout(opened.session_id, key="k:expire:again")


def test_what_stripe_does_not_know_is_not_found(gateway: StripeGateway) -> None:
    with pytest.raises(CheckoutNotFoundError):
        gateway.fetch_checkout("cs_test_unknown")
    assert gateway.find_checkout_of("pi_unknown") is None


def test_a_wrong_key_is_trouble_that_no_retry_heals(live_settings: Settings, sandbox: Sandbox, details: CheckoutDetails) -> None:
    stranger = StripeGateway(replace(live_settings, stripe_secret_key="sk_test_wrong"))
    before = len(sandbox.asked("/v1/checkout/sessions"))

    with pytest.raises(PaymentsUnavailableError) as refused:
        stranger.open_checkout(stranger.freeze_checkout(details), key="k")

    assert not refused.value.is_definite
    assert len(sandbox.asked("/v1/checkout/sessions")) == before + 1


@pytest.mark.parametrize(("kind", "is_definite"), [("500", True), ("429", False), ("malformed", False), ("down", False)])
def test_trouble_is_unavailable_whatever_it_looks_like(
    gateway: StripeGateway, sandbox: Sandbox, details: CheckoutDetails, kind: str, is_definite: bool
) -> None:
    sandbox.tell("faults", kind=kind, method="POST", times=None)

    with pytest.raises(PaymentsUnavailableError) as refused:
        gateway.open_checkout(gateway.freeze_checkout(details), key="k")

    assert refused.value.is_definite is is_definite
    assert "not answering" in refused.value.message


def test_reading_is_tried_once(gateway: StripeGateway, sandbox: Sandbox, details: CheckoutDetails) -> None:
    opened = gateway.open_checkout(gateway.freeze_checkout(details), key="k")
    sandbox.tell("faults", kind="down", method="GET", times=1)

    with pytest.raises(PaymentsUnavailableError):
        gateway.fetch_checkout(opened.session_id)
    assert gateway.fetch_checkout(opened.session_id).status == "open"


def test_nothing_is_reported_about_this_machine() -> None:
    assert stripe.enable_telemetry is False


def test_a_notice_is_read_with_any_configured_secret() -> None:
    payload = event_body("checkout.session.completed", "cs_1")
    signature = sign(payload, secret="whsec_new")

    assert read_notice(payload, signature, ("whsec_old", "whsec_new"), now=now()).object_id == "cs_1"
    for secrets in ((), ("",), ("whsec_old",)):
        with pytest.raises(ForgedNoticeError):
            read_notice(payload, signature, secrets, now=now())


def test_two_signatures_of_a_rotation_are_read() -> None:
    payload = event_body("checkout.session.completed", "cs_1")
    signature = f"{sign(payload, secret='whsec_old')},{sign(payload, secret='whsec_new').partition(',')[2]}"

    assert read_notice(payload, signature, ("whsec_new",), now=now()).id == "evt_1"
