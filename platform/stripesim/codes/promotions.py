"""Promotion codes: what a buyer types to get a coupon's discount."""

from typing import Any

from stripesim import money
from stripesim.api.endpoint import Call, Endpoint, find_named, listing
from stripesim.api.errors import invalid, missing_param
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Boolean, ByCurrency, Choice, Currency, Field, Group, Integer, Metadata, Range, Text
from stripesim.codes import coupons
from stripesim.events import emit
from stripesim.ids import new_id, random_text
from stripesim.metadata import merged
from stripesim.store import Condition, Doc
from stripesim.work import Work

KIND = "promotion_code"
LABEL = "promotion code"
MINIMUM = Group({"minimum_amount": Integer(0, money.MAXIMUM)})
RESTRICTIONS = Group(
    {
        "currency_options": ByCurrency(MINIMUM),
        "first_time_transaction": Boolean(),
        "minimum_amount": Integer(0, money.MAXIMUM),
        "minimum_amount_currency": Currency(),
    }
)
FIELDS: dict[str, Field] = {
    "active": Boolean(),
    "code": Text(500),
    "customer": Text(),
    "expires_at": Integer(0),
    "max_redemptions": Integer(1),
    "metadata": Metadata(),
    "promotion": Group({"coupon": Text(), "type": Choice(("coupon",))}, ("type",)),
    "restrictions": RESTRICTIONS,
}
CHANGES: dict[str, Field] = {
    "active": Boolean(),
    "metadata": Metadata(),
    "restrictions": Group({"currency_options": ByCurrency(MINIMUM)}),
}
FILTERS: dict[str, Field] = {
    "active": Boolean(),
    "code": Text(),
    "coupon": Text(),
    "created": Range(),
    "customer": Text(),
}


def create_promotion(call: Call) -> Doc:
    work, params = call.work, call.params
    coupon = _check(work, params)
    asked = params.get("restrictions", {})
    promotion = {
        "id": new_id("promo"),
        "object": KIND,
        "active": params.get("active", True),
        "code": params.get("code") or random_text(8).upper(),
        "created": work.now,
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged({}, params),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": asked.get("first_time_transaction", False),
            "minimum_amount": asked.get("minimum_amount"),
            "minimum_amount_currency": asked.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }
    work.books.insert(promotion, {"options": asked.get("currency_options", {})})
    emit(work, "promotion_code.created", promotion)
    return promotion


def _check(work: Work, params: dict[str, Any]) -> Doc:
    """Raise the first refusal, or return the coupon."""
    coupon_id = params["promotion"].get("coupon")
    if coupon_id is None:
        raise missing_param("promotion[coupon]")
    coupons.refresh(work)
    coupon = find_named(work, "coupon", coupon_id, param="promotion[coupon]")
    if not coupon["valid"]:
        raise invalid("This coupon can no longer be redeemed.", param="promotion[coupon]", code="coupon_expired")
    if "customer" in params:
        find_named(work, "customer", params["customer"], param="customer")
    if params.get("expires_at", work.now + 1) <= work.now:
        raise invalid("The `expires_at` timestamp must be in the future.", param="expires_at")
    asked = params.get("restrictions", {})
    if ("minimum_amount" in asked) != ("minimum_amount_currency" in asked):
        raise missing_param("restrictions[minimum_amount_currency]" if "minimum_amount" in asked else "restrictions[minimum_amount]")
    if "code" in params and params.get("active", True) and find_active(work, params["code"]) is not None:
        message = f"An active promotion code with `code: {params['code']}` already exists."
        raise invalid(message, param="code", code="resource_already_exists")
    return coupon


def find_active(work: Work, code: str) -> Doc | None:
    """The code that works now, however it is spelled."""
    refresh(work)
    for promotion in work.books.list(KIND, [Condition("active", "=", True)]):
        if str(promotion["code"]).casefold() == code.strip().casefold():
            return promotion
    return None


def refresh(work: Work) -> None:
    """Switch off the codes whose time, uses or coupon are over."""
    coupons.refresh(work)
    for promotion in work.books.list(KIND, [Condition("active", "=", True)]):
        coupon = work.books.find("coupon", promotion["promotion"]["coupon"])
        is_late = promotion["expires_at"] is not None and promotion["expires_at"] <= work.now
        is_used_up = promotion["max_redemptions"] is not None and promotion["times_redeemed"] >= promotion["max_redemptions"]
        if is_late or is_used_up or coupon is None or not coupon["valid"]:
            change(work, promotion, {"active": False})


def change(work: Work, promotion: Doc, changes: Doc) -> Doc:
    changed = promotion | changes
    work.books.update(changed)
    emit(work, "promotion_code.updated", changed, before=promotion)
    return changed


def get_promotion(call: Call) -> Doc:
    refresh(call.work)
    return call.subject(KIND, label=LABEL)


def update_promotion(call: Call) -> Doc:
    refresh(call.work)
    work, params = call.work, call.params
    promotion = call.subject(KIND, label=LABEL)
    if params.get("active") and not promotion["active"]:
        _check_may_return(work, promotion)
    if "restrictions" in params:
        private = work.books.private(promotion["id"])
        options = private["options"] | params["restrictions"].get("currency_options", {})
        work.books.update_private(promotion["id"], private | {"options": options})
    changes = {"metadata": merged(promotion["metadata"], params)}
    if "active" in params:
        changes["active"] = params["active"]
    return change(work, promotion, changes)


def _check_may_return(work: Work, promotion: Doc) -> None:
    coupon = work.books.find("coupon", promotion["promotion"]["coupon"])
    if coupon is None or not coupon["valid"]:
        raise invalid("This promotion code cannot be activated because its coupon is not valid.", param="active")
    if find_active(work, promotion["code"]) is not None:
        raise invalid(f"An active promotion code with `code: {promotion['code']}` already exists.", param="active")


def list_promotions(call: Call) -> Doc:
    refresh(call.work)
    conditions = conditions_of(call.params, "active", "created", "customer")
    if "coupon" in call.params:
        conditions.append(Condition("promotion.coupon", "=", call.params["coupon"]))
    if "code" in call.params:
        wanted = call.params["code"].strip().casefold()
        same = [one["id"] for one in call.work.books.list(KIND) if str(one["code"]).casefold() == wanted]
        conditions.append(Condition("id", "IN", same))
    return page(call, KIND, conditions)


def options_of(work: Work, promotion: Doc) -> Doc:
    options: Doc = work.books.private(promotion["id"])["options"]
    return options


PARTS = {KIND: {"restrictions.currency_options": options_of}}
ENDPOINTS = (
    Endpoint("POST", "/v1/promotion_codes", create_promotion, Group(FIELDS, ("promotion",))),
    Endpoint("GET", "/v1/promotion_codes/<object_id>", get_promotion),
    Endpoint("POST", "/v1/promotion_codes/<object_id>", update_promotion, Group(CHANGES)),
    listing("/v1/promotion_codes", list_promotions, FILTERS),
)
