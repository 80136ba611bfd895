"""What Stripe refuses although every parameter by itself is well formed."""

from typing import Any

from stripesim import money
from stripesim.api.endpoint import find_named
from stripesim.api.errors import exclusive, invalid, missing_param
from stripesim.store import Doc
from stripesim.work import Work

SOONEST, LATEST = 30 * 60, 24 * 3600


def check(work: Work, params: dict[str, Any]) -> Doc | None:
    """Raise the first refusal, or return the customer, if one is named."""
    _check_mode(params)
    _check_exclusions(params)
    _check_expiry(work.now - work.ahead, params.get("expires_at"))
    _check_currency(params)
    customer = None
    if "customer" in params:
        customer = find_named(work, "customer", params["customer"], param="customer")
    _check_customer_update(params, customer)
    return customer


def _check_mode(params: dict[str, Any]) -> None:
    for name in ("mode", "line_items", "success_url"):
        if not params.get(name):
            raise missing_param(name)
    if params["mode"] != "payment":
        raise invalid("The sandbox only knows `mode=payment`.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The sandbox only knows `ui_mode=hosted_page`.", param="ui_mode")


def _check_exclusions(params: dict[str, Any]) -> None:
    pairs = (
        ("allow_promotion_codes", "discounts"),
        ("customer", "customer_email"),
        ("customer", "customer_creation"),
    )
    for one, other in pairs:
        if params.get(one) and params.get(other):
            raise exclusive(one, other)


def _check_expiry(now: int, expires_at: int | None) -> None:
    """`now`: by the shop's clock, which is never moved."""
    if expires_at is None:
        return
    subject = "The `expires_at` timestamp must be"
    if expires_at < now + SOONEST:
        message = f"{subject} at least 30 minutes from Checkout Session creation."
        raise invalid(message, param="expires_at")
    if expires_at > now + LATEST:
        message = f"{subject} less than 24 hours from Checkout Session creation."
        raise invalid(message, param="expires_at")


def _check_currency(params: dict[str, Any]) -> None:
    currencies = {item["price_data"]["currency"] for item in params["line_items"]}
    if "currency" in params:
        currencies.add(params["currency"])
    if len(currencies) > 1:
        named = ", ".join(sorted(currencies))
        raise invalid(f"All prices must use one currency; these were given: {named}.")


def is_chargeable(total: int, currency: str) -> bool:
    """Nothing at all may be charged, but not next to nothing."""
    return total == 0 or total >= money.MINIMUM.get(currency, 50)


def check_total(total: int, currency: str) -> None:
    if not is_chargeable(total, currency):
        due = money.written(money.MINIMUM.get(currency, 50), currency)
        message = f"The Checkout Session's total amount due must add up to at least {due}"
        raise invalid(message, code="amount_too_small")
    if total > money.MAXIMUM:
        raise invalid("The Checkout Session's total amount is too large", code="amount_too_large")


def _check_customer_update(params: dict[str, Any], customer: Doc | None) -> None:
    update = params.get("customer_update")
    if customer is None:
        if update:
            message = "`customer_update` can only be used with `customer`."
            raise invalid(message, param="customer_update")
        return
    update = update or {}
    if params.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        message = (
            "Tax ID collection requires updating business name on the customer. To enable tax ID "
            "collection for an existing customer, please set `customer_update[name]` to `auto`."
        )
        raise invalid(message, param="customer_update[name]")
    taxed = params.get("automatic_tax", {}).get("enabled")
    has_country = bool((customer["address"] or {}).get("country"))
    if taxed and not has_country and update.get("address") != "auto":
        message = (
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add "
            "a valid address to the Customer or set `customer_update[address]` to 'auto' to save "
            "the address entered in Checkout to the Customer."
        )
        raise invalid(message, code="customer_tax_location_invalid")
