"""Offers and orders: what is for sale, placing an order, and giving the right that a paid one buys."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import OfferingWithdrawn, OrderPlaced, PriceSet
from laurel.commerce.models import Offering, Order, OrderLine, Price, RenewalFee
from laurel.commerce.rules import OfferingKind, TaxBehavior, Wish, check_price
from laurel.commerce.services.discounts import reserve
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.quoting import AlreadyOwnedError, NotForSaleError, PriceChangedError, Quote, get_quote, refuse_second
from laurel.core.bus import publish
from laurel.core.errors import InvalidInputError

__all__ = [
    "AlreadyOwnedError",
    "NotForSaleError",
    "PriceChangedError",
    "change_prices",
    "create_offering",
    "new_number",
    "place_order",
    "set_price",
    "withdraw_offering",
]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U


def create_offering(
    session: Session,
    *,
    course_id: UUID,
    title: str,
    prices: Mapping[str, int],
    now: datetime,
    tax_behavior: TaxBehavior = TaxBehavior.INCLUSIVE,
    kind: OfferingKind = OfferingKind.COURSE,
) -> Offering:
    """Put a course up for sale, or its seats, retakes or renewals; `prices` are minor units by currency, all zero for a free course.

    What is for sale already stays as it is: seeds may be told twice.
    """
    existing = queries.find_current_offering(session, course_id, kind)
    if existing is not None:
        return existing
    if not prices:
        raise InvalidInputError("An offering needs a price.")
    if len({amount == 0 for amount in prices.values()}) > 1:
        raise InvalidInputError("A course is free in every currency or in none.")
    if kind is not OfferingKind.COURSE and not all(prices.values()):
        raise InvalidInputError("Seats, retakes and renewals cost something.", field="amount")
    offering = Offering(kind=kind, course_id=course_id, title=title, created_at=now)
    session.add(offering)
    session.flush()
    for currency, amount in sorted(prices.items()):
        set_price(session, offering.id, currency=currency, unit_amount=amount, now=now, tax_behavior=tax_behavior)
    return offering


def set_price(
    session: Session,
    offering_id: UUID,
    *,
    currency: str,
    unit_amount: int,
    now: datetime,
    tax_behavior: TaxBehavior = TaxBehavior.INCLUSIVE,
    actor_id: UUID | None = None,
) -> Price:
    """Let the offering cost `unit_amount` from now on. Orders that were placed keep their price."""
    check_price(unit_amount, currency)
    queries.lock_offering(session, offering_id)
    session.execute(
        update(Price)
        .where(Price.offering_id == offering_id, Price.currency == currency, Price.valid_until.is_(None))
        .values(valid_until=now)
    )
    price = Price(offering_id=offering_id, currency=currency, unit_amount=unit_amount, tax_behavior=tax_behavior, valid_from=now)
    session.add(price)
    session.flush()
    publish(session, PriceSet(occurred_at=now, offering_id=offering_id, currency=currency, unit_amount=unit_amount), actor_id=actor_id)
    return price


def change_prices(
    session: Session, offering_id: UUID, *, prices: Mapping[str, int], tax_behavior: TaxBehavior, actor_id: UUID, now: datetime
) -> None:
    """Let the offering cost this from now on; a price that is the same already is left alone, and so are other currencies.

    InvalidInputError, with its field, for what nothing can cost; for what would be free in one currency and not in another; and
    for an offering that is not for sale any more.
    """
    offering = queries.lock_offering(session, offering_id)
    if offering.withdrawn_at is not None:
        raise InvalidInputError("This is not for sale any more. Put it up for sale again first.")
    present = {price.currency: price for price in queries.list_all_prices(session, [offering_id], only_current=True)}
    amounts = {currency: price.unit_amount for currency, price in present.items()} | dict(prices)
    if len({amount == 0 for amount in amounts.values()}) > 1:
        raise InvalidInputError("It is free in every currency or in none.")
    if offering.kind is not OfferingKind.COURSE and not all(amounts.values()):
        raise InvalidInputError("Seats, retakes and renewals cost something.")
    for currency, amount in sorted(amounts.items()):
        before = present.get(currency)
        if before is None or (before.unit_amount, before.tax_behavior) != (amount, tax_behavior):
            set_price(session, offering_id, currency=currency, unit_amount=amount, now=now, tax_behavior=tax_behavior, actor_id=actor_id)


def withdraw_offering(session: Session, offering_id: UUID, *, now: datetime, actor_id: UUID | None = None) -> None:
    """Take the offering off the shelf. Whoever bought it keeps it."""
    withdrawn = session.execute(
        update(Offering).where(Offering.id == offering_id, Offering.withdrawn_at.is_(None)).values(withdrawn_at=now)
    )
    if withdrawn.rowcount == 1:  # type: ignore[attr-defined]
        publish(session, OfferingWithdrawn(occurred_at=now, offering_id=offering_id), actor_id=actor_id)


def place_order(
    session: Session,
    *,
    buyer_id: UUID,
    course_id: UUID,
    currency: str,
    click_token: str | None,
    now: datetime,
    is_live: bool = False,
    kind: OfferingKind = OfferingKind.COURSE,
    quantity: int = 1,
    code: str = "",
    permit_id: UUID | None = None,
) -> Order:
    """The buyer's order for the course, or what else `kind` says, at its present price: the open one if there is one, else a new one.

    A free order is paid at once, and placing it again returns the same order. Raises AlreadyOwnedError, UnderWayError,
    PriceChangedError (an order at other terms is still open: `buy` closes it first), or what `get_quote` raises; nothing is
    placed or reserved then.
    """
    queries.lock_buyer(session, buyer_id)
    wish = Wish(course_id=course_id, currency=currency, kind=kind, quantity=quantity, code=code, permit_id=permit_id)
    if kind is OfferingKind.COURSE and queries.has_entitlement(session, buyer_id, course_id):
        return _free_order_again(session, buyer_id, get_quote(session, replace(wish, code=""), buyer_id=buyer_id, now=now).key)
    refuse_second(session, buyer_id, wish)
    quote = get_quote(session, wish, buyer_id=buyer_id, now=now)
    order = queries.find_open_order(session, buyer_id, quote.key)
    if order is not None:
        if not quote.fits(order, queries.list_lines(session, order.id)):
            raise PriceChangedError
        return order
    order = _new_order(session, buyer_id, quote, click_token=click_token, is_live=is_live, now=now)
    reserve(session, order, now=now)
    publish(
        session,
        OrderPlaced(occurred_at=now, order_id=order.id, buyer_id=buyer_id, course_id=course_id, click_token=order.click_token),
        actor_id=buyer_id,
    )
    if order.total == 0:
        settle(session, order, amount_paid=0, now=now)
    return order


def _free_order_again(session: Session, buyer_id: UUID, key: str) -> Order:
    order = queries.find_paid_order(session, buyer_id, key)
    if order is None or order.total > 0:
        raise AlreadyOwnedError
    return order


def _new_order(session: Session, buyer_id: UUID, quote: Quote, *, click_token: str | None, is_live: bool, now: datetime) -> Order:
    order = Order(
        number=new_number(),
        buyer_id=buyer_id,
        purchase_key=quote.key,
        currency=quote.price.currency,
        subtotal=quote.subtotal,
        discount=quote.off,
        total=quote.total,
        tax_behavior=quote.price.tax_behavior,
        is_live=is_live,
        click_token=click_token,
        created_at=now,
        discount_code_id=quote.discount.code_id if quote.discount is not None else None,
    )
    session.add(order)
    session.flush()
    _add_line(session, order, quote)
    return order


def _add_line(session: Session, order: Order, quote: Quote) -> None:
    line = OrderLine(
        order_id=order.id,
        line_no=1,
        kind=quote.offering.kind,
        offering_id=quote.offering.id,
        title=quote.offering.title,
        quantity=quote.quantity,
        unit_amount=quote.price.unit_amount,
        amount=quote.subtotal,
    )
    session.add(line)
    session.flush()
    if quote.permit_id is not None:
        fee = RenewalFee(order_line_id=line.id, permit_id=quote.permit_id, user_id=order.buyer_id, created_at=order.created_at)
        session.add(fee)
        session.flush()


def new_number() -> str:
    """A number that people can read to each other, such as `L-8F3K2-M7QXT`: 50 random bits."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"L-{signs[:5]}-{signs[5:]}"
