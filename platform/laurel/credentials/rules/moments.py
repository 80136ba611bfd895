"""Moments in credentials: whole seconds in UTC, and months as people count them."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

LAST_MOMENT = datetime.max.replace(microsecond=0, tzinfo=UTC)
"""Behind it there are no dates: what would lie there lies in it."""


def whole_second(moment: datetime) -> datetime:
    """The moment without its fraction of a second, in UTC."""
    return moment.astimezone(UTC).replace(microsecond=0)


def timestamp(moment: datetime) -> str:
    """`2026-11-20T09:30:00Z`."""
    return f"{whole_second(moment):%Y-%m-%dT%H:%M:%SZ}"


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time `months` later; the last day of the month where that has no such day."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    if year > LAST_MOMENT.year:
        return LAST_MOMENT
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def add_days(moment: datetime, days: int) -> datetime:
    """So many days later, as far as there are days."""
    return moment + min(timedelta(days=days), LAST_MOMENT - whole_second(moment))


def end_of_validity(valid_from: datetime, months: int) -> datetime | None:
    """When a credential ends; None if it never does (`months` is 0)."""
    return add_months(valid_from, months) if months else None
