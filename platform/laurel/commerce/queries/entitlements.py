"""Rights to courses."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from laurel.commerce.models import (
    Entitlement,
    Offering,
)
from laurel.commerce.rules import EntitlementStatus


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


def list_entitlements_from(session: Session, source_ids: Collection[UUID]) -> list[Entitlement]:
    """The rights that these sources gave."""
    return list(session.scalars(select(Entitlement).where(Entitlement.source_id.in_(source_ids)).order_by(Entitlement.created_at)))


def is_access_withdrawn(session: Session, user_id: UUID, course_id: UUID) -> bool:
    """Whether the person's right to the course was taken back or paused, and they have no other."""
    return bool(session.scalar(select(withdrawn(user_id, course_id))))


def withdrawn(user_id: UUID | InstrumentedAttribute[UUID], course_id: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """The same, in a query that names the person and the course."""
    right = exists().where(Offering.id == Entitlement.offering_id, Entitlement.user_id == user_id, Offering.course_id == course_id)
    return and_(right, ~right.where(Entitlement.status == EntitlementStatus.ACTIVE))


def find_access(session: Session, user_id: UUID, course_id: UUID) -> tuple[bool, bool]:
    """Whether the person has a right to the course at present, and if not, whether a bank's decision keeps them from one."""
    statement = select(Entitlement.status, _is_in_force()).join(Offering, Offering.id == Entitlement.offering_id)
    rows = session.execute(statement.where(Entitlement.user_id == user_id, Offering.course_id == course_id)).all()
    has_right = any(is_in_force for _status, is_in_force in rows)
    return has_right, not has_right and any(status is EntitlementStatus.SUSPENDED for status, _is_in_force in rows)
