"""Objects have Stripe's fields: all of them, but those that its OpenAPI document calls optional.

stripe-python's classes are made from that document. They don't tell an optional field from a
null one, so the optional fields that we leave out are written down here.
"""

from typing import Any

import pytest
import stripe

from tests.stripesim.driver import Buyer, Params, session_params

LEFT_OUT: dict[type[stripe.StripeObject], set[str]] = {
    stripe.Account: {"company", "deleted", "groups", "individual"},
    stripe.BalanceTransaction: set(),
    stripe.Charge: {"authorization_code", "level3", "presentment_details", "refunds", "transfer"},
    stripe.checkout.Session: {
        "branding_settings",
        "excluded_payment_method_types",
        "line_items",
        "name_collection",
        "optional_items",
        "presentment_details",
        "redirect_on_completion",
        "return_url",
    },
    stripe.Customer: {
        "business_name",
        "cash_balance",
        "deleted",
        "individual_name",
        "invoice_credit_balance",
        "sources",
        "subscriptions",
        "tax",
        "tax_ids",
    },
    stripe.Event: {"account", "context"},
    stripe.LineItem: {"discounts", "taxes"},
    stripe.PaymentIntent: {"hooks", "payment_details", "presentment_details"},
    stripe.Price: {"currency_options", "deleted", "tiers"},
    stripe.Product: {"deleted"},
    stripe.Refund: {
        "description",
        "failure_balance_transaction",
        "failure_reason",
        "instructions_email",
        "next_action",
        "pending_reason",
        "presentment_details",
    },
}


@pytest.fixture
def documents(client: stripe.StripeClient, buyer: Buyer) -> list[stripe.StripeObject]:
    """One object of every kind, after a decline, a payment and a refund."""
    customer = client.v1.customers.create({"email": "ada@example.com"})
    session = client.v1.checkout.sessions.create(session_params(customer=customer.id))  # type: ignore[arg-type]
    buyer.pay(session.url or "", "4000 0000 0000 0002")
    buyer.pay(session.url or "")
    paid = client.v1.checkout.sessions.retrieve(session.id)
    refund = client.v1.refunds.create({"payment_intent": str(paid.payment_intent)})
    items = client.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]})
    intent = client.v1.payment_intents.retrieve(str(paid.payment_intent), {"expand": ["latest_charge", "payment_method"]})
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    price = items.data[0].price
    assert price is not None
    assert isinstance(price.product, stripe.Product)
    charges = client.v1.charges.list().data
    events = client.v1.events.list({"limit": 100}).data
    transaction = client.v1.balance_transactions.retrieve(str(refund.balance_transaction))
    account = client.v1.accounts.retrieve_current()
    return [
        customer,
        session,
        paid,
        refund,
        *items.data,
        intent,
        intent.payment_method,
        price,
        price.product,
        *charges,
        *events,
        transaction,
        account,
    ]


def test_every_field_is_there(documents: list[stripe.StripeObject]) -> None:
    # A payment method has a field for each kind that exists, of which it shows its own.
    checked = [document for document in documents if not isinstance(document, stripe.PaymentMethod)]
    assert {type(document) for document in checked} == set(LEFT_OUT)
    for document in checked:
        cls = type(document)
        assert _fields(cls) - set(document.to_dict()) == LEFT_OUT[cls], cls.__name__


def test_no_part_has_a_field_that_stripe_does_not_know(documents: list[stripe.StripeObject]) -> None:
    for document in documents:
        _check_parts(type(document), document.to_dict(), type(document).__name__)


def _check_parts(cls: type[stripe.StripeObject], document: Params, name: str) -> None:
    assert set(document) <= _fields(cls), f"{name} has no {set(document) - _fields(cls)}"
    for key, part_class in cls._inner_class_types.items():
        parts: Any = document.get(key)
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict):
                _check_parts(part_class, part, f"{name}.{key}")


def _fields(cls: type[stripe.StripeObject]) -> set[str]:
    return set(cls.__annotations__) - {"OBJECT_NAME"}
