"""Objects have Stripe's fields: all of them, but those that its OpenAPI document calls optional.

stripe-python's classes are made from that document. They don't tell an optional field from a
null one, so the optional fields that we leave out are written down here.
"""

import ast
import re
from decimal import Decimal
from typing import Any

import pytest
import stripe

from stripesim.api.endpoint import Endpoint
from stripesim.api.routes import ENDPOINTS
from stripesim.events import TYPES
from stripesim.server import Server
from tests.stripesim.driver import Buyer, Control, Params, Shop, recorded
from tests.stripesim.tour import whole_tour

LEFT_OUT: dict[type[stripe.StripeObject], set[str]] = {
    stripe.Account: {"company", "deleted", "groups", "individual"},
    stripe.Balance: {"connect_reserved", "instant_available", "issuing", "refund_and_dispute_prefunding"},
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
    stripe.Coupon: {"applies_to", "currency_options", "deleted"},
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
    stripe.Discount: {"deleted"},
    stripe.Dispute: {"payment_method_details"},
    stripe.Event: {"account", "context"},
    stripe.Invoice: {"amount_paid_off_stripe", "confirmation_secret", "deleted", "payments", "status_details", "threshold_reason"},
    stripe.InvoiceLineItem: set(),
    stripe.LineItem: {"discounts", "taxes"},
    stripe.PaymentIntent: {"hooks", "payment_details", "presentment_details"},
    stripe.Price: {"currency_options", "deleted", "tiers"},
    stripe.Product: {"deleted"},
    stripe.PromotionCode: set(),
    stripe.radar.EarlyFraudWarning: set(),
    stripe.Refund: {
        "description",
        "failure_balance_transaction",
        "failure_reason",
        "instructions_email",
        "next_action",
        "pending_reason",
        "presentment_details",
    },
    stripe.TaxId: {"deleted"},
    stripe.TaxRate: set(),
    stripe.WebhookEndpoint: {"deleted", "secret"},
}
CLASSES = {cls.OBJECT_NAME: cls for cls in LEFT_OUT} | {"payment_method": stripe.PaymentMethod}  # type: ignore[attr-defined]
# Only on an early step, or only where it is asked for.
SOMETIMES = {
    "applies_to",
    "currency_options",
    "failure_balance_transaction",
    "failure_reason",
    "instructions_email",
    "line_items",
    "next_action",
    "payment_method_details",
    "pending_reason",
    "refunds",
    "secret",
}


@pytest.fixture
def documents(client: stripe.StripeClient, buyer: Buyer, control: Control, shop: Shop, server: Server) -> list[Params]:
    """Every object that the sandbox told, in answers and in events."""
    found = [thing.to_dict() for thing in whole_tour(client, buyer, control)]
    assert {kind for _, kind in _said(server)} == set(TYPES)
    return found + [event["data"]["object"] for event in found if event["object"] == "event"]


def _said(server: Server) -> list[tuple[str, str]]:
    with server.sandbox.work() as work:
        return [(event["id"], event["type"]) for event in work.books.list("event")]


def test_the_whole_tour_fits_the_library(documents: list[Params], server: Server) -> None:
    seen: set[type[stripe.StripeObject]] = set()
    problems: set[str] = set()
    for document in documents:
        problems |= set(_problems(document, seen))

    assert problems == set()
    assert set(LEFT_OUT) <= seen
    asked = {(line["method"], line["path"]) for line in recorded(server, "requests")}
    assert [endpoint.path for endpoint in ENDPOINTS if not any(_is_for(endpoint, *one) for one in asked)] == []


def _is_for(endpoint: Endpoint, method: str, path: str) -> bool:
    steps, given = endpoint.path.split("/"), path.split("/")
    return (
        method == endpoint.method and len(steps) == len(given) and all(a in (b, "<object_id>") for a, b in zip(steps, given, strict=True))
    )


def _problems(document: Params, seen: set[type[stripe.StripeObject]]) -> list[str]:
    """What is wrong with an object of its own, its parts, and the objects within."""
    cls = CLASSES[document["object"]]
    seen.add(cls)
    name = cls.__name__
    missing = set() if cls is stripe.PaymentMethod else _fields(cls) - set(document) - LEFT_OUT[cls]
    extra = set(document) & LEFT_OUT.get(cls, set()) - SOMETIMES
    return [
        *(f"{name} lacks {field}" for field in missing),
        *(f"{name} has {field}" for field in extra),
        *_part_problems(cls, document, name, seen),
    ]


def _part_problems(cls: type[stripe.StripeObject], part: Params, name: str, seen: set[type[stripe.StripeObject]]) -> list[str]:
    found = [f"{name} has no {field}" for field in set(part) - _fields(cls)]
    for field in set(part) & _fields(cls):
        found += _value_problems(cls, field, part[field], f"{name}.{field}", seen)
    return found


def _value_problems(cls: type[stripe.StripeObject], field: str, value: Any, name: str, seen: set[type[stripe.StripeObject]]) -> list[str]:
    values: list[Any] = value if isinstance(value, list) else [value]
    if "UntypedStripeObject" in _annotation(cls, field) and isinstance(value, dict):
        values = list(value.values())
    within = [one for one in values if isinstance(one, dict)]
    found = [] if _fits(value, _annotation(cls, field)) else [f"{name} is {value!r}, not {_annotation(cls, field)}"]
    for one in within:
        if not isinstance(one.get("object", ""), str):  # an event's `data`
            continue
        if one.get("object") == "list":
            found += [problem for item in one["data"] for problem in _problems(item, seen)]
        elif one.get("object") in CLASSES:
            found += _problems(one, seen)
        elif field in cls._inner_class_types:
            found += _part_problems(cls._inner_class_types[field], one, name, seen)
    return found


def _annotation(cls: type[stripe.StripeObject], field: str) -> str:
    found = cls.__annotations__[field]
    return found.__qualname__ if isinstance(found, type) else str(found)


def _fits(value: Any, annotation: str) -> bool:
    """Whether a value is one that the annotation allows: null, a known literal, the right plain type."""
    plain = re.sub(r"<class '([^']+)'>", r"\1", annotation)
    return _allows(ast.parse(plain, mode="eval").body, value)


def _allows(node: ast.expr, value: Any) -> bool:
    if isinstance(node, ast.Constant):
        return value is None if node.value is None else _allows(ast.parse(str(node.value), mode="eval").body, value)
    if isinstance(node, ast.Call):  # ForwardRef('…'), as its name is left out
        return _allows(node.args[0], value)
    if isinstance(node, ast.BinOp):  # Literal[…] | str: what the library knows today is all we say
        return _allows(node.left, value)
    if isinstance(node, ast.Subscript):
        return _allows_subscript(node, value)
    if isinstance(node, ast.Name | ast.Attribute):
        plain = {"str": str, "int": int, "bool": bool, "float": (int, float), "Decimal": Decimal, "NoneType": type(None)}
        expected = plain.get(ast.unparse(node).rpartition(".")[2], dict)
        return isinstance(value, expected) and (isinstance(value, bool) <= (expected is bool))
    return isinstance(node, ast.Tuple) and any(_allows(one, value) for one in node.elts)


def _allows_subscript(node: ast.Subscript, value: Any) -> bool:
    outer = ast.unparse(node.value).rpartition(".")[2]
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if outer == "Optional":
        return value is None or _allows(inner[0], value)
    if outer == "Union":
        literals = [one for one in inner if isinstance(one, ast.Subscript) and ast.unparse(one.value).endswith("Literal")]
        open_ended = [one for one in inner if literals and ast.unparse(one) == "str"]
        return any(_allows(one, value) for one in inner if one not in open_ended)
    if outer == "Literal":
        return value in [ast.literal_eval(one) for one in inner]
    if outer == "List":
        return isinstance(value, list) and all(_allows(inner[0], one) for one in value)
    if outer == "ExpandableField":
        return isinstance(value, str | dict)
    return isinstance(value, dict)


def _fields(cls: type[stripe.StripeObject]) -> set[str]:
    return set(cls.__annotations__) - {"OBJECT_NAME"}
