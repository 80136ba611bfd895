"""What is for sale."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.catalog.rules import CourseStatus
from laurel.commerce.models import (
    Offering,
    Price,
)
from laurel.commerce.rules import OfferingKind
from laurel.core.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a course costs at present, or its seats, or a further attempt at its exam. `prices` are minor units by currency."""

    offering_id: UUID
    course_id: UUID
    title: str
    prices: Mapping[str, int]

    @property
    def is_free(self) -> bool:
        return not any(self.prices.values())


def _sells(kind: OfferingKind) -> ColumnElement[bool]:
    return (Offering.kind == kind) & Offering.withdrawn_at.is_(None)


def list_offers(session: Session, course_ids: Collection[UUID], kind: OfferingKind = OfferingKind.COURSE) -> dict[UUID, Offer]:
    """The present offers of some courses, by course. A course that is not for sale is left out. One query."""
    rows = session.execute(
        select(Offering, Price)
        .join(Price, Price.offering_id == Offering.id)
        .where(Offering.course_id.in_(course_ids), _sells(kind), Price.valid_until.is_(None))
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


def find_current_offering(session: Session, course_id: UUID, kind: OfferingKind = OfferingKind.COURSE) -> Offering | None:
    """The offering under which the course is for sale."""
    return session.scalar(select(Offering).where(Offering.course_id == course_id, _sells(kind)))


def find_offer(session: Session, course_id: UUID, kind: OfferingKind = OfferingKind.COURSE) -> Offer | None:
    """What the course costs at present; None if it is not for sale."""
    return list_offers(session, [course_id], kind).get(course_id)


def get_offer(session: Session, course_id: UUID) -> Offer:
    """What the course costs at present; raises NotFoundError if it is not for sale."""
    found = find_offer(session, course_id)
    if found is None:
        raise NotFoundError("This course is not for sale.")
    return found


def find_price(session: Session, course_id: UUID, currency: str, kind: OfferingKind = OfferingKind.COURSE) -> Price | None:
    """The course's present price in a currency."""
    return session.scalar(
        select(Price)
        .join(Offering, Offering.id == Price.offering_id)
        .where(Offering.course_id == course_id, _sells(kind))
        .where(Price.currency == currency, Price.valid_until.is_(None))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSale:
    """Something of a course that is for sale. `price`: the present one in the currency that was asked for, None if it has none."""

    offering: Offering
    price: Price | None
    course_status: CourseStatus


def find_on_sale(session: Session, course_id: UUID, currency: str, kind: OfferingKind) -> OnSale | None:
    """What is for sale of the course, in one query."""
    is_price = (Price.offering_id == Offering.id) & (Price.currency == currency) & Price.valid_until.is_(None)
    statement = select(Offering, Price, Course.status).join(Course, Course.id == Offering.course_id).join(Price, is_price, isouter=True)
    row = session.execute(statement.where(Offering.course_id == course_id, _sells(kind))).one_or_none()
    return None if row is None else OnSale(offering=row[0], price=row[1], course_status=row[2])


def lock_offering(session: Session, offering_id: UUID) -> Offering:
    """The offering, locked until the transaction ends: its prices follow one another. Raises NotFoundError."""
    found = session.scalar(select(Offering).where(Offering.id == offering_id).with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFoundError("There is no such offering.")
    return found


def get_offering(session: Session, offering_id: UUID) -> Offering:
    """The offering, also one that was withdrawn. Raises NotFoundError."""
    found = session.get(Offering, offering_id)
    if found is None:
        raise NotFoundError("There is no such offering.")
    return found


def list_offerings(session: Session, course_ids: Collection[UUID]) -> list[Offering]:
    """Everything that is for sale about some courses."""
    statement = select(Offering).where(Offering.course_id.in_(course_ids), Offering.withdrawn_at.is_(None))
    return list(session.scalars(statement.order_by(Offering.created_at)))


def list_all_prices(session: Session, offering_ids: Collection[UUID], *, only_current: bool = False) -> list[Price]:
    """What some offerings cost and did cost, the latest first in each currency."""
    statement = select(Price).where(Price.offering_id.in_(offering_ids)).order_by(Price.currency, Price.valid_from.desc())
    return list(session.scalars(statement.where(Price.valid_until.is_(None)) if only_current else statement))
