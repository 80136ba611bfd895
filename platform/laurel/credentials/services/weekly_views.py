"""Counting how often certificates are looked at, week by week."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Integer, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from laurel.credentials.models import Credential
from laurel.credentials.models.weekly_views import WeeklyViews
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.rules.weekly_views import SHOWN, WEEK, week_of

Tally = Mapping[tuple[UUID, date], int]
"""How often, by certificate and by the Monday of the week."""


def add_views(session: Session, tally: Tally, *, now: datetime) -> None:
    """Add to the weeks. What was erased meanwhile, or is private by now, is not counted; weeks that are not told any more go."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for (credential_id, monday), views in sorted(tally.items()):
        counted = select(Credential.id, literal(monday, Date), literal(views, Integer)).where(
            Credential.id == credential_id, Credential.visibility != Visibility.PRIVATE
        )
        added = insert(WeeklyViews).from_select(["credential_id", "monday", "views"], counted)
        session.execute(
            added.on_conflict_do_update(
                index_elements=["credential_id", "monday"], set_={"views": WeeklyViews.views + added.excluded.views}
            )
        )
    seen = {credential_id for credential_id, _monday in tally}
    session.execute(delete(WeeklyViews).where(WeeklyViews.credential_id.in_(seen), WeeklyViews.monday < week_of(now) - WEEK * SHOWN))
