"""Line items: what is bought, priced inline, and the tax that each line carries."""

from typing import Any

from stripesim.checkout import tax
from stripesim.ids import new_id
from stripesim.metadata import merged
from stripesim.store import Doc
from stripesim.work import Work

# Where Stripe infers the tax behavior of a price from its currency.
EXCLUSIVE_BY_HABIT = ("usd", "cad")


def make_line_item(work: Work, params: dict[str, Any]) -> Doc:
    """A line with the price and the product that its `price_data` describes."""
    data, quantity = params["price_data"], params["quantity"]
    product = _make_product(work, data["product_data"])
    price = _make_price(work, data, product)
    amount = data["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": data["currency"],
        "description": product["name"],
        "metadata": merged({}, params),
        "price": price,
        "quantity": quantity,
    }


def _make_product(work: Work, data: Doc) -> Doc:
    product = {
        "id": new_id("prod", length=14),
        "object": "product",
        "active": False,
        "created": work.now,
        "default_price": None,
        "description": data.get("description"),
        "images": data.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": merged({}, data),
        "name": data["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": data.get("tax_code"),
        "tax_details": None,
        "type": "service",
        "unit_label": data.get("unit_label"),
        "updated": work.now,
        "url": None,
    }
    work.books.insert(product)
    return product


def _make_price(work: Work, data: Doc, product: Doc) -> Doc:
    price = {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": work.now,
        "currency": data["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product["id"],
        "recurring": None,
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }
    work.books.insert(price)
    return price


def is_inclusive(line: Doc) -> bool:
    behavior = line["price"]["tax_behavior"]
    if behavior == "unspecified":
        return line["currency"] not in EXCLUSIVE_BY_HABIT
    return bool(behavior == "inclusive")


def taxed(line: Doc, country: str, *, now: int) -> tuple[Doc, Doc | None]:
    """The line with the tax of a country, and the tax as `breakdown` tells it."""
    rate = tax.rate_for(country, is_inclusive=is_inclusive(line), now=now)
    base = line["amount_subtotal"] - line["amount_discount"]
    amount = 0 if rate is None else tax.tax_on(base, rate)
    on_top = 0 if is_inclusive(line) else amount
    changed = line | {"amount_tax": amount, "amount_total": base + on_top}
    if rate is None:
        return changed, None
    told = {
        "amount": amount,
        "rate": rate,
        "taxability_reason": "standard_rated",
        "taxable_amount": base if not rate["inclusive"] else base - amount,
    }
    return changed, told
