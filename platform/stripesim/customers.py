"""Customers: who buys, as the shop told us."""

from typing import Any

from stripesim import addresses
from stripesim.api.endpoint import Call, Endpoint
from stripesim.api.shape import Email, Field, Group, ListOf, Metadata, Text, Unsettable
from stripesim.events import emit
from stripesim.ids import new_id, random_text
from stripesim.metadata import merged
from stripesim.store import Doc
from stripesim.work import Work

FIELDS: dict[str, Field] = {
    "address": Unsettable(addresses.SHAPE),
    "description": Unsettable(Text()),
    "email": Unsettable(Email()),
    "metadata": Metadata(),
    "name": Unsettable(Text(256)),
    "phone": Unsettable(Text(20)),
    "preferred_locales": ListOf(Text()),
}


def make_customer(work: Work, params: dict[str, Any]) -> Doc:
    customer: Doc = {
        "id": new_id("cus", length=14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": work.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    customer |= _changes(customer, params)
    work.books.insert(customer)
    emit(work, "customer.created", customer)
    return customer


def change_customer(work: Work, customer: Doc, params: dict[str, Any]) -> Doc:
    """Overwrite what the parameters name. A change of nothing is no event."""
    changed = customer | _changes(customer, params)
    if changed != customer:
        work.books.update(changed)
        emit(work, "customer.updated", changed, before=customer)
    return changed


def _changes(customer: Doc, params: dict[str, Any]) -> Doc:
    changes = {name: value for name, value in params.items() if name in FIELDS}
    if "address" in changes:
        changes["address"] = addresses.address(changes["address"])
    return changes | {"metadata": merged(customer["metadata"], params)}


def create_customer(call: Call) -> Doc:
    return make_customer(call.work, call.params)


def get_customer(call: Call) -> Doc:
    return call.subject("customer")


def update_customer(call: Call) -> Doc:
    return change_customer(call.work, call.subject("customer"), call.params)


ENDPOINTS = (
    Endpoint("POST", "/v1/customers", create_customer, Group(FIELDS)),
    Endpoint("GET", "/v1/customers/<object_id>", get_customer),
    Endpoint("POST", "/v1/customers/<object_id>", update_customer, Group(FIELDS)),
)
