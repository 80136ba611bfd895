"""Giving a person the right to a course."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce.events import CourseEntitled
from laurel.commerce.models import Entitlement, Offering
from laurel.commerce.rules import EntitlementSource
from laurel.core.bus import publish


def entitle(
    session: Session, user_id: UUID, offering: Offering, *, source: EntitlementSource, source_id: UUID, now: datetime
) -> Entitlement:
    """Give the right that a source brings. The database refuses a second one from the same source."""
    right = Entitlement(user_id=user_id, offering_id=offering.id, source_kind=source, source_id=source_id, created_at=now)
    session.add(right)
    session.flush()
    publish(session, CourseEntitled(occurred_at=now, entitlement_id=right.id, user_id=user_id, course_id=offering.course_id))
    return right
