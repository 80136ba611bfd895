"""Offers and orders: what is for sale, placing an order, and giving the right that a paid one buys."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.catalog.queries import get_course_card
from laurel.catalog.rules import is_for_sale
from laurel.commerce import queries
from laurel.commerce.events import OrderPlaced
from laurel.commerce.models import Offering, Order, OrderLine, Price
from laurel.commerce.rules import TaxBehavior, check_price, purchase_key
from laurel.commerce.services.fulfilling import settle
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U


class AlreadyOwnedError(ConflictError):
    """The buyer has the course already."""

    message = "You already have this course."


class NotForSaleError(ConflictError):
    """The course cannot be bought at present."""

    message = "This course cannot be bought yet."


class PriceChangedError(ConflictError):
    """The order that is open was made for another price or currency."""

    message = "The price has changed. Look at the new price before you pay."


def create_offering(
    session: Session,
    *,
    course_id: UUID,
    title: str,
    prices: Mapping[str, int],
    now: datetime,
    tax_behavior: TaxBehavior = TaxBehavior.INCLUSIVE,
) -> Offering:
    """Put a course up for sale; `prices` are minor units by lower-case currency, all zero for a free course.

    A course that is for sale already stays as it is: seeds may be told twice.
    """
    existing = queries.find_current_offering(session, course_id)
    if existing is not None:
        return existing
    if not prices:
        raise InvalidInputError("An offering needs a price.")
    if len({amount == 0 for amount in prices.values()}) > 1:
        raise InvalidInputError("A course is free in every currency or in none.")
    offering = Offering(course_id=course_id, title=title, created_at=now)
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
) -> Price:
    """Let the offering cost `unit_amount` from now on. Orders that were placed keep their price."""
    check_price(unit_amount, currency)
    session.execute(
        update(Price)
        .where(Price.offering_id == offering_id, Price.currency == currency, Price.valid_until.is_(None))
        .values(valid_until=now)
    )
    price = Price(offering_id=offering_id, currency=currency, unit_amount=unit_amount, tax_behavior=tax_behavior, valid_from=now)
    session.add(price)
    session.flush()
    return price


def withdraw_offering(session: Session, offering_id: UUID, *, now: datetime) -> None:
    """Take the offering off the shelf. Whoever bought it keeps it."""
    session.execute(update(Offering).where(Offering.id == offering_id, Offering.withdrawn_at.is_(None)).values(withdrawn_at=now))


def place_order(
    session: Session,
    *,
    buyer_id: UUID,
    course_id: UUID,
    currency: str,
    click_token: str | None,
    now: datetime,
    is_live: bool = False,
) -> Order:
    """The buyer's order for the course at its present price: the open one if there is one, else a new one.

    A free order is paid at once, and placing it again returns the same order. Raises AlreadyOwnedError, NotForSaleError,
    InvalidInputError (no price in this currency) or PriceChangedError (an order at another price is still open: `buy`
    closes it first).
    """
    queries.lock_buyer(session, buyer_id)
    offering, price = _on_sale(session, course_id, currency)
    key = purchase_key([offering.id])
    if queries.has_entitlement(session, buyer_id, course_id):
        return _free_order_again(session, buyer_id, key)
    order = queries.find_open_order(session, buyer_id, key)
    if order is not None:
        if (order.currency, order.total) != (currency, price.unit_amount):
            raise PriceChangedError
        return order
    order = _new_order(session, buyer_id, offering, price, click_token=click_token, is_live=is_live, now=now)
    publish(
        session,
        OrderPlaced(occurred_at=now, order_id=order.id, buyer_id=buyer_id, course_id=course_id, click_token=order.click_token),
        actor_id=buyer_id,
    )
    if order.total == 0:
        settle(session, order, amount_paid=0, now=now)
    return order


def _on_sale(session: Session, course_id: UUID, currency: str) -> tuple[Offering, Price]:
    if not is_for_sale(get_course_card(session, course_id).status):
        raise NotForSaleError
    offering = queries.find_current_offering(session, course_id)
    if offering is None:
        raise NotForSaleError
    price = queries.find_price(session, course_id, currency)
    if price is None:
        raise InvalidInputError("This course has no price in that currency.", field="currency")
    return offering, price


def _free_order_again(session: Session, buyer_id: UUID, key: str) -> Order:
    order = queries.find_paid_order(session, buyer_id, key)
    if order is None or order.total > 0:
        raise AlreadyOwnedError
    return order


def _new_order(
    session: Session, buyer_id: UUID, offering: Offering, price: Price, *, click_token: str | None, is_live: bool, now: datetime
) -> Order:
    order = Order(
        number=new_number(),
        buyer_id=buyer_id,
        purchase_key=purchase_key([offering.id]),
        currency=price.currency,
        subtotal=price.unit_amount,
        total=price.unit_amount,
        tax_behavior=price.tax_behavior,
        is_live=is_live,
        click_token=click_token,
        created_at=now,
    )
    session.add(order)
    session.flush()
    session.add(
        OrderLine(
            order_id=order.id,
            line_no=1,
            kind=offering.kind,
            offering_id=offering.id,
            title=offering.title,
            unit_amount=price.unit_amount,
            amount=price.unit_amount,
        )
    )
    session.flush()
    return order


def new_number() -> str:
    """A number that people can read to each other, such as `L-8F3K2-M7QXT`: 50 random bits."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"L-{signs[:5]}-{signs[5:]}"
