"""Discounts: what a coupon takes off a session's lines, and who may have it."""

from typing import Any

from stripesim import money
from stripesim.api.endpoint import find_named
from stripesim.api.errors import ApiError, invalid
from stripesim.codes import coupons, promotions
from stripesim.ids import new_id
from stripesim.store import Condition, Doc
from stripesim.work import Work

WHOLE = 10_000


def asked_discount(work: Work, entry: Doc, *, currency: str, customer: Doc | None, subtotal: int, param: str) -> Doc:
    """The discount that one entry of `discounts` asks for, or the refusal."""
    if len(entry) != 1:
        raise invalid("Each discount names either a coupon or a promotion code.", param=param)
    promotions.refresh(work)
    if "promotion_code" in entry:
        promotion = find_named(work, promotions.KIND, entry["promotion_code"], param=f"{param}[promotion_code]", label=promotions.LABEL)
        return promised(work, promotion, currency=currency, customer=customer, subtotal=subtotal)
    coupon = find_named(work, "coupon", entry["coupon"], param=f"{param}[coupon]")
    return _given(work, coupon, None, currency=currency, customer=customer)


def promised(work: Work, promotion: Doc, *, currency: str, customer: Doc | None, subtotal: int) -> Doc:
    """The discount that a promotion code gives to this buyer for this sum. Raises `ApiError` if it gives none."""
    if not promotion["active"]:
        raise invalid("This promotion code is inactive.", param="promotion_code", code="coupon_expired")
    _check_restrictions(work, promotion, currency=currency, customer=customer, subtotal=subtotal)
    coupon = work.books.get("coupon", promotion["promotion"]["coupon"])
    return _given(work, coupon, promotion, currency=currency, customer=customer)


def _check_restrictions(work: Work, promotion: Doc, *, currency: str, customer: Doc | None, subtotal: int) -> None:
    customer_id = customer["id"] if customer else None
    if promotion["customer"] not in (None, customer_id):
        raise invalid("This promotion code belongs to another customer.", param="promotion_code")
    restrictions = promotion["restrictions"]
    if restrictions["first_time_transaction"] and customer_id is not None:
        paid = [Condition("customer", "=", customer_id), Condition("status", "=", "succeeded")]
        if work.books.list("payment_intent", paid, limit=1):
            raise invalid("This promotion code is for a first order.", param="promotion_code")
    least = work.books.private(promotion["id"])["options"].get(currency, {}).get("minimum_amount")
    if least is None and restrictions["minimum_amount_currency"] == currency:
        least = restrictions["minimum_amount"]
    if least is None and restrictions["minimum_amount"] is not None:
        raise invalid("This promotion code is for another currency.", param="promotion_code")
    if least is not None and subtotal < least:
        raise invalid(f"This promotion code needs an order of at least {money.written(least, currency)}.", param="promotion_code")


def _given(work: Work, coupon: Doc, promotion: Doc | None, *, currency: str, customer: Doc | None) -> Doc:
    if not coupon["valid"] or coupons.is_past(work, coupon):
        raise invalid("This coupon can no longer be redeemed.", param="coupon", code="coupon_expired")
    if coupon["amount_off"] is not None and _amount_off(work, coupon, currency) is None:
        raise invalid(f"The coupon `{coupon['id']}` takes nothing off in {currency}.", param="coupon")
    return {
        "id": new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": promotion["id"] if promotion else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": work.now,
        "subscription": None,
        "subscription_item": None,
    }


def _amount_off(work: Work, coupon: Doc, currency: str) -> int | None:
    options = coupons.options_of(work, coupon)
    found: int | None = options.get(currency, {}).get("amount_off")
    return found


def spread(work: Work, lines: list[Doc], discount: Doc | None) -> list[Doc]:
    """The lines with the discount taken off them; without one, at their full price."""
    plain = [line | {"amount_discount": 0, "amount_tax": 0, "amount_total": line["amount_subtotal"]} for line in lines]
    if discount is None:
        return plain
    coupon = work.books.get("coupon", discount["source"]["coupon"])
    products = work.books.private(coupon["id"])["products"]
    eligible = [line["amount_subtotal"] if not products or line["price"]["product"] in products else 0 for line in plain]
    if coupon["percent_off"] is not None:
        points = round(coupon["percent_off"] * 100)
        shares = [money.share(amount, numerator=points, denominator=WHOLE) for amount in eligible]
    else:
        shares = _portions(min(_amount_off(work, coupon, plain[0]["currency"]) or 0, sum(eligible)), eligible)
    pairs = zip(plain, shares, strict=True)
    return [line | {"amount_discount": off, "amount_total": line["amount_subtotal"] - off} for line, off in pairs]


def _portions(amount: int, parts: list[int]) -> list[int]:
    """The amount in proportion to the parts, to the last minor unit."""
    given, seen, portions = 0, 0, []
    for part in parts:
        seen += part
        until = amount * seen // sum(parts) if sum(parts) else 0
        portions.append(until - given)
        given = until
    return portions


def shown(discount: Doc | None) -> list[Doc]:
    """A session's `discounts`."""
    if discount is None:
        return []
    code, coupon = discount["promotion_code"], discount["source"]["coupon"]
    return [{"coupon": None if code else coupon, "promotion_code": code}]


def why_spent(work: Work, discount: Doc) -> str | None:
    """Why a discount that was given cannot be redeemed any more, if that is so."""
    promotions.refresh(work)
    coupon = work.books.find("coupon", discount["source"]["coupon"])
    promotion = work.books.find(promotions.KIND, discount["promotion_code"] or "")
    is_off = discount["promotion_code"] is not None and (promotion is None or not promotion["active"])
    if coupon is None or not coupon["valid"] or is_off:
        return "This discount can no longer be used."
    return None


def redeem(work: Work, discount: Doc) -> None:
    """Count one use: the buyer is through."""
    coupon = work.books.get("coupon", discount["source"]["coupon"])
    counted = coupon | {"times_redeemed": coupon["times_redeemed"] + 1}
    counted["valid"] = coupon["valid"] and not coupons.is_past(work, counted)
    work.books.update(counted)
    if discount["promotion_code"] is not None:
        promotion = work.books.get(promotions.KIND, discount["promotion_code"])
        promotions.change(work, promotion, {"times_redeemed": promotion["times_redeemed"] + 1})
    promotions.refresh(work)


def typed(work: Work, session: Doc, code: str, *, subtotal: int) -> Doc | str:
    """The discount of a code that a buyer typed, or the reason why there is none."""
    promotion = promotions.find_active(work, code)
    if promotion is None:
        return "This code is not valid."
    customer: Any = session["customer"] and work.books.get("customer", session["customer"])
    try:
        return promised(work, promotion, currency=session["currency"], customer=customer, subtotal=subtotal)
    except ApiError as refusal:
        return refusal.message
