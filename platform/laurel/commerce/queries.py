"""Finding offers, orders and rights."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from laurel.accounts.models import User
from laurel.commerce.models import (
    CheckoutAttempt,
    Entitlement,
    Offering,
    Order,
    OrderLine,
    Payment,
    PaymentCustomer,
    Price,
    ReviewTask,
    StripeEvent,
)
from laurel.commerce.rules import LIVE_ATTEMPTS, OPEN_STATES, EntitlementStatus, InboxStatus, OrderState
from laurel.core.errors import NotFoundError

FORGOTTEN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a course costs at present. `prices` are minor units by currency."""

    offering_id: UUID
    course_id: UUID
    title: str
    prices: Mapping[str, int]

    @property
    def is_free(self) -> bool:
        return not any(self.prices.values())


def list_offers(session: Session, course_ids: Collection[UUID]) -> dict[UUID, Offer]:
    """The present offers of some courses, by course. A course that is not for sale is left out. One query."""
    rows = session.execute(
        select(Offering, Price)
        .join(Price, Price.offering_id == Offering.id)
        .where(Offering.course_id.in_(course_ids), Offering.withdrawn_at.is_(None), Price.valid_until.is_(None))
        .order_by(Price.currency)
    ).all()
    prices: dict[UUID, dict[str, int]] = {}
    for offering, price in rows:
        prices.setdefault(offering.id, {})[price.currency] = price.unit_amount
    return {
        offering.course_id: Offer(offering_id=offering.id, course_id=offering.course_id, title=offering.title, prices=prices[offering.id])
        for offering, _ in rows
    }


def list_prices(session: Session, course_ids: Collection[UUID], *, currency: str) -> dict[UUID, int]:
    """What some courses cost in one currency, by course. One query."""
    offers = list_offers(session, course_ids)
    return {course_id: offer.prices[currency] for course_id, offer in offers.items() if currency in offer.prices}


def find_current_offering(session: Session, course_id: UUID) -> Offering | None:
    """The offering under which the course is for sale."""
    return session.scalar(select(Offering).where(Offering.course_id == course_id, Offering.withdrawn_at.is_(None)))


def find_offer(session: Session, course_id: UUID) -> Offer | None:
    """What the course costs at present; None if it is not for sale."""
    return list_offers(session, [course_id]).get(course_id)


def get_offer(session: Session, course_id: UUID) -> Offer:
    """What the course costs at present; raises NotFoundError if it is not for sale."""
    found = find_offer(session, course_id)
    if found is None:
        raise NotFoundError("This course is not for sale.")
    return found


def find_price(session: Session, course_id: UUID, currency: str) -> Price | None:
    """The course's present price in a currency."""
    return session.scalar(
        select(Price)
        .join(Offering, Offering.id == Price.offering_id)
        .where(Offering.course_id == course_id, Offering.withdrawn_at.is_(None))
        .where(Price.currency == currency, Price.valid_until.is_(None))
    )


def _is_in_force() -> ColumnElement[bool]:
    is_valid = or_(Entitlement.valid_until.is_(None), Entitlement.valid_until > func.current_timestamp())
    return (Entitlement.status == EntitlementStatus.ACTIVE) & is_valid


def has_entitlement(session: Session, user_id: UUID, course_id: UUID) -> bool:
    """Whether the person has a right to the course at present."""
    found = session.scalar(
        select(Entitlement.id)
        .join(Offering, Offering.id == Entitlement.offering_id)
        .where(Entitlement.user_id == user_id, Offering.course_id == course_id, _is_in_force())
        .limit(1)
    )
    return found is not None


def list_entitled_courses(session: Session, user_id: UUID) -> frozenset[UUID]:
    """The courses that the person has a right to at present."""
    statement = select(Offering.course_id).join(Entitlement, Entitlement.offering_id == Offering.id)
    return frozenset(session.scalars(statement.where(Entitlement.user_id == user_id, _is_in_force())))


def count_entitlements(session: Session, user_id: UUID) -> int:
    """How many rights the person has at present."""
    return session.scalar(select(func.count()).select_from(Entitlement).where(Entitlement.user_id == user_id, _is_in_force())) or 0


def find_open_order(session: Session, buyer_id: UUID, purchase_key: str) -> Order | None:
    """The buyer's one order for this purchase that can still be paid."""
    return session.scalar(
        select(Order)
        .where(Order.buyer_id == buyer_id, Order.purchase_key == purchase_key, Order.state.in_(OPEN_STATES))
        .execution_options(populate_existing=True)
    )


def find_paid_order(session: Session, buyer_id: UUID, purchase_key: str) -> Order | None:
    """The order by which the buyer got it, the latest first."""
    return session.scalar(
        select(Order)
        .where(Order.buyer_id == buyer_id, Order.purchase_key == purchase_key, Order.state == OrderState.PAID)
        .order_by(Order.created_at.desc())
        .limit(1)
    )


def get_order_of(session: Session, buyer_id: UUID, order_id: UUID) -> Order:
    """The buyer's order with its lines. Someone else's order does not exist for them."""
    order = session.scalar(
        select(Order)
        .where(Order.id == order_id, Order.buyer_id == buyer_id)
        .options(selectinload(Order.lines).joinedload(OrderLine.offering))
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFoundError("There is no such order.")
    return order


def get_order(session: Session, order_id: UUID) -> Order:
    """Anybody's order with its lines and its buyer: for staff and for what happens afterwards."""
    order = session.scalar(
        select(Order)
        .where(Order.id == order_id)
        .options(selectinload(Order.lines).joinedload(OrderLine.offering), joinedload(Order.buyer))
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFoundError("There is no such order.")
    return order


def find_order(session: Session, order_ref: str) -> Order | None:
    """The order that a text from outside names by its id; None if it names none."""
    try:
        order_id = UUID(order_ref)
    except ValueError:
        return None
    return session.get(Order, order_id)


def select_orders_of(buyer_id: UUID) -> Select[Any]:
    """The buyer's orders with their lines, the latest first."""
    return select(Order).where(Order.buyer_id == buyer_id).options(selectinload(Order.lines)).order_by(Order.created_at.desc(), Order.id)


def select_orders(*, state: OrderState | None = None, words: str = "") -> Select[Any]:
    """All orders with lines and buyers, the latest first; `words` looks into number, name and e-mail address."""
    statement = select(Order).join(User, User.id == Order.buyer_id)
    if state is not None:
        statement = statement.where(Order.state == state)
    if words:
        statement = statement.where(
            or_(
                Order.number.icontains(words, autoescape=True),
                User.email.icontains(words, autoescape=True),
                User.name.icontains(words, autoescape=True),
            )
        )
    statement = statement.options(selectinload(Order.lines), joinedload(Order.buyer))
    return statement.order_by(Order.created_at.desc(), Order.id)


def lock_order(session: Session, order_id: UUID) -> Order:
    """The order as it is now, locked until the transaction ends."""
    return session.scalars(select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)).one()


def lock_buyer(session: Session, user_id: UUID) -> User:
    """The buyer, locked until the transaction ends: their purchases happen one after the other."""
    return session.scalars(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()


def find_customer(session: Session, user_id: UUID) -> PaymentCustomer | None:
    """The buyer as the payment provider knows them, if they were introduced."""
    return session.get(PaymentCustomer, user_id, populate_existing=True)


def get_customer(session: Session, user_id: UUID) -> PaymentCustomer:
    return session.get_one(PaymentCustomer, user_id, populate_existing=True)


def list_lines(session: Session, order_id: UUID) -> list[OrderLine]:
    """The order's lines with their offerings, in order."""
    statement = select(OrderLine).where(OrderLine.order_id == order_id).options(joinedload(OrderLine.offering))
    return list(session.scalars(statement.order_by(OrderLine.line_no)))


def list_attempts(session: Session, order_id: UUID) -> list[CheckoutAttempt]:
    """The order's attempts as they are now, the latest first."""
    statement = select(CheckoutAttempt).where(CheckoutAttempt.order_id == order_id).order_by(CheckoutAttempt.n.desc())
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def find_last_attempt(session: Session, order_id: UUID) -> CheckoutAttempt | None:
    return next(iter(list_attempts(session, order_id)), None)


def find_live_attempt(session: Session, order_id: UUID) -> CheckoutAttempt | None:
    """The order's attempt whose payment page is open, or may be."""
    return next((attempt for attempt in list_attempts(session, order_id) if attempt.state in LIVE_ATTEMPTS), None)


def get_attempt(session: Session, attempt_id: UUID) -> CheckoutAttempt:
    return session.get_one(CheckoutAttempt, attempt_id)


def find_attempt(session: Session, session_id: str) -> CheckoutAttempt | None:
    """The attempt that opened this checkout."""
    statement = select(CheckoutAttempt).where(CheckoutAttempt.session_id == session_id)
    return session.scalar(statement.execution_options(populate_existing=True))


def list_payments(session: Session, order_id: UUID) -> list[Payment]:
    """The money that came for the order, the first first."""
    return list(session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.created_at)))


def find_payment(session: Session, payment_intent: str) -> Payment | None:
    return session.scalar(select(Payment).where(Payment.payment_intent == payment_intent))


def list_entitlements_from(session: Session, source_ids: Collection[UUID]) -> list[Entitlement]:
    """The rights that these sources gave."""
    return list(session.scalars(select(Entitlement).where(Entitlement.source_id.in_(source_ids)).order_by(Entitlement.created_at)))


def list_review_tasks(session: Session, order_id: UUID) -> list[ReviewTask]:
    """What a person must look at in this order."""
    return list(session.scalars(select(ReviewTask).where(ReviewTask.order_id == order_id).order_by(ReviewTask.created_at)))


def find_review_task(session: Session, kind: str, ref: str) -> ReviewTask | None:
    return session.scalar(select(ReviewTask).filter_by(kind=kind, ref=ref))


def find_stripe_event(session: Session, event_id: str) -> StripeEvent | None:
    return session.get(StripeEvent, event_id, populate_existing=True)


def get_stripe_event(session: Session, event_id: str) -> StripeEvent:
    return session.get_one(StripeEvent, event_id, populate_existing=True)


def list_due_stripe_events(session: Session, *, now: datetime, limit: int) -> list[str]:
    """Events that wait for another try, or that were never or only half acted on, the oldest first."""
    is_due = and_(StripeEvent.status == InboxStatus.FAILED, StripeEvent.next_at <= now)
    is_abandoned = and_(StripeEvent.status == InboxStatus.PROCESSING, StripeEvent.locked_until < now)
    is_forgotten = and_(StripeEvent.status == InboxStatus.RECEIVED, StripeEvent.received_at < now - FORGOTTEN_AFTER)
    statement = select(StripeEvent.id).where(or_(is_due, is_abandoned, is_forgotten))
    return list(session.scalars(statement.order_by(StripeEvent.received_at).limit(limit)))


def list_stripe_events_of(session: Session, object_ids: Collection[str], *, limit: int = 50) -> list[StripeEvent]:
    """What Stripe told us about these objects, the latest first."""
    statement = select(StripeEvent).where(StripeEvent.object_id.in_(object_ids))
    return list(session.scalars(statement.order_by(StripeEvent.received_at.desc()).limit(limit)))
