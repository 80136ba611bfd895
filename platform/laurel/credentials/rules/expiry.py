"""When holders hear that a certificate ends, and what a renewal is worth (specs/credentials.md §8, E2 to E5)."""

from datetime import datetime, timedelta

from laurel.credentials.rules.moments import end_of_validity

STAGES = (90, 30, 7, 0)
"""So many days before the end a holder hears of it."""
LATE = timedelta(days=14)
"""After this nobody is told any more that a certificate has expired: they have known it, or it was before we told anybody."""
WINDOW = timedelta(days=90)
"""So long before the end a passed exam renews, and does not merely repeat."""


def ends_between(days: int, now: datetime) -> tuple[datetime, datetime]:
    """After which moment and until which a certificate ends whose present stage is `days`: the next stage has not yet begun."""
    later = [other for other in STAGES if other < days]
    return (now + timedelta(days=max(later)) if later else now - LATE), now + timedelta(days=days)


def is_news(days: int, *, signed_at: datetime, ends_at: datetime) -> bool:
    """Whether the holder is to be told: not if the stage had begun when the certificate was first signed."""
    return ends_at - timedelta(days=days) > signed_at


def may_renew(*, ends_at: datetime | None, now: datetime) -> bool:
    """Whether an exam that is passed now makes a new certificate: from 90 days before the end on, also after it."""
    return ends_at is not None and now >= ends_at - WINDOW


def renewed_until(*, awarded_at: datetime, former_end: datetime | None, months: int) -> datetime | None:
    """The end of a renewal: an early one loses nothing of what was left, a late one counts from its own day."""
    return end_of_validity(awarded_at if former_end is None else max(awarded_at, former_end), months)
