"""What a purchase would cost this buyer now, and why it is not possible where it is not. (specs/payments.md §6, §9)"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.catalog.rules import is_for_sale
from laurel.commerce import queries
from laurel.commerce.models import Offering, Order, OrderLine, Price
from laurel.commerce.rules import (
    OUTLIVES_SALE,
    OfferingKind,
    OrderState,
    RetakeObstacle,
    Wish,
    check_quantity,
    check_total,
    purchase_key,
)
from laurel.commerce.services.discounts import Discount, find_discount
from laurel.core.errors import ConflictError, InvalidInputError


class AlreadyOwnedError(ConflictError):
    """The buyer has the course already."""

    message = "You already have this course."


class UnderWayError(ConflictError):
    """The buyer has ordered the same already: their money is on its way, or a person looks at it."""

    def __init__(self, order: Order, kind: OfferingKind) -> None:
        things = {OfferingKind.EXAM_RETAKE: "another attempt at this exam", OfferingKind.RENEWAL: "renewing this certificate"}
        thing = things.get(kind, "this course")
        what = (
            f"Your payment for {thing} is on its way. Your bank needs up to a few days"
            if order.state is OrderState.PROCESSING
            else f"We are checking your order for {thing}. A person looks at it"
        )
        super().__init__(f"{what}, and we write to you then. You need not pay again.")
        self.order_id = order.id


class NotForSaleError(ConflictError):
    """The course cannot be bought at present."""

    message = "This course cannot be bought yet."


class RenewalOverError(NotForSaleError):
    """The certificate cannot be renewed any more, or has been."""

    message = "This certificate has been renewed, or cannot be renewed any more. Nothing was ordered."


class PriceChangedError(ConflictError):
    """The order that is open was made for another price or currency."""

    message = "The price has changed. Look at the new price before you pay."


class RetakeRefusedError(ConflictError):
    """This person may not buy a further attempt, or not now."""

    def __init__(self, obstacle: RetakeObstacle) -> None:
        super().__init__(obstacle.message)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a purchase costs at this moment. `key` names what is bought, whatever it costs."""

    offering: Offering
    price: Price
    quantity: int
    discount: Discount | None
    permit_id: UUID | None = None

    @property
    def key(self) -> str:
        return purchase_key([self.offering.id], self.permit_id)

    @property
    def subtotal(self) -> int:
        return self.price.unit_amount * self.quantity

    @property
    def off(self) -> int:
        """What the code takes off."""
        return self.discount.amount if self.discount is not None else 0

    @property
    def total(self) -> int:
        """What is to be paid, before any tax that comes on top."""
        return self.subtotal - self.off

    def fits(self, order: Order, lines: list[OrderLine]) -> bool:
        """Whether the order asks for exactly this."""
        code_id = self.discount.code_id if self.discount is not None else None
        return (
            (order.currency, order.subtotal, order.discount) == (self.price.currency, self.subtotal, self.off)
            and order.discount_code_id == code_id
            and [line.quantity for line in lines] == [self.quantity]
        )


def get_quote(session: Session, wish: Wish, *, buyer_id: UUID, now: datetime) -> Quote:
    """What the wish costs this buyer now. Raises what is wrong with it: NotForSaleError, RetakeRefusedError, or InvalidInputError
    (no price in this currency, a number that cannot be bought, a code that is not for this).
    """
    offering, price = _on_sale(session, wish)
    check_quantity(wish.kind, wish.quantity)
    if wish.kind is OfferingKind.EXAM_RETAKE:
        require_retake(session, buyer_id, wish.course_id, now=now)
    require_permit(session, buyer_id, wish, now=now)
    subtotal = price.unit_amount * wish.quantity
    discount = None
    if wish.code:
        held = queries.find_open_order(session, buyer_id, purchase_key([offering.id], wish.permit_id))
        discount = find_discount(
            session, wish.code, buyer_id=buyer_id, offering_id=offering.id, currency=wish.currency, subtotal=subtotal, held_by=held, now=now
        )
    quote = Quote(offering=offering, price=price, quantity=wish.quantity, discount=discount, permit_id=wish.permit_id)
    check_total(quote.total, wish.currency)
    return quote


def _on_sale(session: Session, wish: Wish) -> tuple[Offering, Price]:
    found = queries.find_on_sale(session, wish.course_id, wish.currency, wish.kind)
    if found is None or not (is_for_sale(found.course_status) or wish.kind in OUTLIVES_SALE):
        raise NotForSaleError
    if found.price is None:
        raise InvalidInputError("This course has no price in that currency.", field="currency")
    return found.offering, found.price


def require_permit(session: Session, buyer_id: UUID, wish: Wish, *, now: datetime) -> None:
    """Raise RenewalOverError if the wish is for a renewal that this person may not order now."""
    if wish.kind is OfferingKind.RENEWAL and queries.find_good_permit(session, buyer_id, wish.course_id, wish.permit_id, now=now) is None:
        raise RenewalOverError


def require_retake(session: Session, buyer_id: UUID, course_id: UUID, *, now: datetime) -> None:
    """Raise RetakeRefusedError unless this person may buy a further attempt now."""
    standing = queries.check_retake(session, buyer_id, course_id, now=now)
    if standing.obstacle is not None:
        raise RetakeRefusedError(standing.obstacle)


def owns_already(session: Session, buyer_id: UUID, lines: list[OrderLine]) -> bool:
    """Whether the order would give its buyer a course that they have. Seats are for others, and a retake is for who has it."""
    return any(line.kind is OfferingKind.COURSE and queries.has_entitlement(session, buyer_id, line.offering.course_id) for line in lines)


def refuse_second(session: Session, buyer_id: UUID, wish: Wish) -> None:
    """Raise UnderWayError if it is for oneself, and an order of it is under way. Of seats one may want more."""
    first = find_under_way(session, buyer_id, wish)
    if first is not None:
        raise UnderWayError(first, wish.kind)


def find_under_way(session: Session, buyer_id: UUID, wish: Wish) -> Order | None:
    """The buyer's order of the same whose money is on its way or is being checked."""
    if wish.kind is OfferingKind.SEATS:
        return None
    if wish.permit_id is not None:
        return queries.find_renewal_under_way(session, buyer_id, wish.permit_id)
    return queries.find_order_under_way(session, buyer_id, wish.course_id, wish.kind)


def find_fulfillment_obstacles(session: Session, order: Order, lines: list[OrderLine], *, now: datetime) -> list[str]:
    """What keeps a paid order from being fulfilled, in words for staff: a retake that its buyer cannot use any more."""
    found = []
    for line in lines:
        if line.kind is OfferingKind.EXAM_RETAKE:
            obstacle = queries.check_retake(session, order.buyer_id, line.offering.course_id, now=now).obstacle
            if obstacle in NO_USE:
                found.append(f"a retake that cannot be used ({obstacle}): refund it")
    return found


NO_USE = frozenset({RetakeObstacle.NO_EXAM, RetakeObstacle.NOT_OWNED, RetakeObstacle.PASSED, RetakeObstacle.CLOSED})
"""A retake that was paid for in good time is worth nothing any more. Everything else passes by itself."""


def wish_of(session: Session, order: Order, line: OrderLine) -> Wish:
    """What the order's buyer wanted."""
    code = queries.get_discount_code(session, order.discount_code_id).code if order.discount_code_id is not None else ""
    fee = queries.find_fee_of_line(session, line.id) if line.kind is OfferingKind.RENEWAL else None
    return Wish(
        course_id=line.offering.course_id,
        currency=order.currency,
        kind=line.kind,
        quantity=line.quantity,
        code=code,
        permit_id=fee.permit_id if fee is not None else None,
    )
