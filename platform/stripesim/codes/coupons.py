"""Coupons: a percentage or a sum off, once."""

from typing import Any

from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.errors import exclusive, invalid, missing_param
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import ByCurrency, Choice, Currency, Field, Group, Integer, ListOf, Metadata, Percent, Range, Text, Unsettable
from stripesim.events import emit
from stripesim.ids import random_text
from stripesim.metadata import merged
from stripesim.store import Condition, Doc
from stripesim.work import Work

AMOUNT_OFF = Group({"amount_off": Integer(1)}, ("amount_off",))
FIELDS: dict[str, Field] = {
    "amount_off": Integer(1),
    "applies_to": Group({"products": ListOf(Text())}),
    "currency": Currency(),
    "currency_options": ByCurrency(AMOUNT_OFF),
    "duration": Choice(("forever", "once", "repeating")),
    "duration_in_months": Integer(1),
    "id": Text(500),
    "max_redemptions": Integer(1),
    "metadata": Metadata(),
    "name": Text(40),
    "percent_off": Percent(),
    "redeem_by": Integer(0),
}
CHANGES: dict[str, Field] = {
    "currency_options": ByCurrency(AMOUNT_OFF),
    "metadata": Metadata(),
    "name": Unsettable(Text(40)),
}


def create_coupon(call: Call) -> Doc:
    work, params = call.work, call.params
    _check(work, params)
    coupon = {
        "id": params.get("id") or random_text(8),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": work.now,
        "currency": params["currency"] if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged({}, params),
        "name": params.get("name"),
        "percent_off": params.get("percent_off"),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    work.books.insert(coupon, {"products": params.get("applies_to", {}).get("products", []), "options": params.get("currency_options", {})})
    emit(work, "coupon.created", coupon)
    return coupon


def _check(work: Work, params: dict[str, Any]) -> None:
    if "percent_off" in params and "amount_off" in params:
        raise exclusive("percent_off", "amount_off")
    if "percent_off" not in params and "amount_off" not in params:
        raise missing_param("percent_off")
    if "amount_off" in params and "currency" not in params:
        raise missing_param("currency")
    if params.get("duration") == "repeating" and "duration_in_months" not in params:
        raise missing_param("duration_in_months")
    if params.get("redeem_by", work.now + 1) <= work.now:
        raise invalid("The `redeem_by` timestamp must be in the future.", param="redeem_by")
    if "id" in params and work.books.find_any(params["id"]) is not None:
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")


def is_past(work: Work, coupon: Doc) -> bool:
    """Whether nobody can redeem it any more."""
    is_late = coupon["redeem_by"] is not None and coupon["redeem_by"] <= work.now
    is_used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return is_late or is_used_up


def refresh(work: Work) -> None:
    """Mark the coupons whose time is over; Stripe tells nobody."""
    for coupon in work.books.list("coupon", [Condition("valid", "=", True)]):
        if is_past(work, coupon):
            work.books.update(coupon | {"valid": False})


def get_coupon(call: Call) -> Doc:
    refresh(call.work)
    return call.subject("coupon")


def update_coupon(call: Call) -> Doc:
    """Its name, its metadata, more currencies. What it takes off never changes."""
    work, coupon = call.work, call.subject("coupon")
    changed = coupon | {"metadata": merged(coupon["metadata"], call.params)}
    if "name" in call.params:
        changed["name"] = call.params["name"]
    if "currency_options" in call.params:
        private = work.books.private(coupon["id"])
        work.books.update_private(coupon["id"], private | {"options": call.params["currency_options"] | private["options"]})
    work.books.update(changed)
    emit(work, "coupon.updated", changed, before=coupon)
    return changed


def delete_coupon(call: Call) -> Doc:
    """Nobody can use it any more; discounts that were given stay."""
    coupon = call.subject("coupon")
    call.work.books.retire(coupon)
    emit(call.work, "coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def list_coupons(call: Call) -> Doc:
    refresh(call.work)
    return page(call, "coupon", conditions_of(call.params, "created"))


def products_of(work: Work, coupon: Doc) -> Doc:
    return {"products": work.books.private(coupon["id"])["products"]}


def options_of(work: Work, coupon: Doc) -> Doc:
    own = {coupon["currency"]: {"amount_off": coupon["amount_off"]}} if coupon["currency"] else {}
    options: Doc = own | work.books.private(coupon["id"])["options"]
    return options


PARTS = {"coupon": {"applies_to": products_of, "currency_options": options_of}}
ENDPOINTS = (
    Endpoint("POST", "/v1/coupons", create_coupon, Group(FIELDS)),
    Endpoint("GET", "/v1/coupons/<object_id>", get_coupon),
    Endpoint("POST", "/v1/coupons/<object_id>", update_coupon, Group(CHANGES)),
    Endpoint("DELETE", "/v1/coupons/<object_id>", delete_coupon),
    listing("/v1/coupons", list_coupons, {"created": Range()}),
)
