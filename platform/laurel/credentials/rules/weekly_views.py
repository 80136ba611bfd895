"""How often a certificate's page was looked at, told so that nobody who looked can be made out (specs/credentials.md §8, V4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LEAST = 5
"""A week of fewer is not told: its holder may know who they showed it to."""
SHOWN = 8
"""So many weeks are told, and kept."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """One week, Monday to Sunday in UTC; `views` is None if they were too few to be told."""

    first_day: date
    views: int | None


def week_of(moment: datetime) -> date:
    """The Monday of its week, in UTC."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def weeks_told(views: Mapping[date, int], *, since: datetime, now: datetime) -> Sequence[Week]:
    """The last weeks that are over, the latest first, from that of `since` on, when there was something to look at.

    The present one is not told: who reloads the page would see each visitor come.
    """
    mondays = [monday for n in range(1, SHOWN + 1) if (monday := week_of(now) - WEEK * n) >= week_of(since)]
    return [Week(monday, views.get(monday, 0) if views.get(monday, 0) >= LEAST else None) for monday in mondays]
