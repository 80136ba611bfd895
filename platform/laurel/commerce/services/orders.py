"""Offers and orders: what is for sale, placing an order, and giving the right that a paid one buys."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.catalog.queries import get_course_card
from laurel.catalog.rules import is_for_sale
from laurel.commerce import queries
from laurel.commerce.events import OrderPaid, OrderPlaced
from laurel.commerce.models import Entitlement, LedgerEntry, Offering, Order, OrderLine, Price, ReviewTask
from laurel.commerce.rules import ORDER_FROM, EntitlementSource, OrderState, TaxBehavior, check_price, purchase_key
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


def move_order(session: Session, order: Order, to: OrderState, **values: Any) -> bool:
    """Bring the order to a state in one guarded statement. True: it came there just now, and what follows is yours to do.

    `values` are columns that change with the state.
    """
    moved = session.execute(
        update(Order)
        .where(Order.id == order.id, Order.state.in_(ORDER_FROM[to]))
        .values(state=to, version=Order.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(order)
    return moved.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def settle(session: Session, order: Order, *, amount_paid: int, now: datetime, tax: int = 0, ref: str = "") -> bool:
    """Mark the order paid and do all that follows. False, and nothing done, if it was paid before.

    `ref` names the payment in the ledger; `tax` is the part of `amount_paid` that is tax.
    """
    paid = move_order(session, order, OrderState.PAID, paid_at=now, amount_paid=amount_paid, tax=tax, total=amount_paid, expires_at=None)
    if not paid:
        return False
    lines = queries.list_lines(session, order.id)
    _grant(session, order, lines, now=now)
    if amount_paid:
        session.add(LedgerEntry(order_id=order.id, kind="payment", ref=ref, amount=amount_paid, currency=order.currency, created_at=now))
    for line in lines:
        publish(session, OrderPaid(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id, course_id=line.offering.course_id))
    return True


def _grant(session: Session, order: Order, lines: Sequence[OrderLine], *, now: datetime) -> None:
    source = EntitlementSource.ORDER_LINE if order.total else EntitlementSource.FREE
    session.add_all(
        Entitlement(user_id=order.buyer_id, offering_id=line.offering_id, source_kind=source, source_id=line.id, created_at=now)
        for line in lines
    )
    session.flush()


def ask_staff(session: Session, order: Order | None, *, kind: str, ref: str, detail: str, now: datetime) -> None:
    """Put a question before a person, once. Call it with the order locked."""
    if queries.find_review_task(session, kind, ref) is None:
        session.add(ReviewTask(kind=kind, ref=ref, detail=detail, created_at=now, order_id=order.id if order is not None else None))
        session.flush()
