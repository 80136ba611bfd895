"""How often a certificate was looked at."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.credentials.models.weekly_views import WeeklyViews


def map_views(session: Session, credential_id: UUID) -> dict[date, int]:
    """By the Monday of the week. For the rules to tell: no page shows these numbers as they are."""
    weeks = select(WeeklyViews.monday, WeeklyViews.views).where(WeeklyViews.credential_id == credential_id)
    return {row[0]: row[1] for row in session.execute(weeks)}
