"""When holders hear that a certificate ends (specs/credentials.md §8, E2)."""

from datetime import datetime, timedelta

STAGES = (90, 30, 7, 0)
"""So many days before the end a holder hears of it."""
LATE = timedelta(days=14)
"""After this nobody is told any more that a certificate has expired: they have known it, or it was before we told anybody."""


def ends_between(days: int, now: datetime) -> tuple[datetime, datetime]:
    """After which moment and until which a certificate ends whose present stage is `days`: the next stage has not yet begun."""
    later = [other for other in STAGES if other < days]
    return (now + timedelta(days=max(later)) if later else now - LATE), now + timedelta(days=days)


def is_news(days: int, *, signed_at: datetime, ends_at: datetime) -> bool:
    """Whether the holder is to be told: not if the stage had begun when the certificate was first signed."""
    return ends_at - timedelta(days=days) > signed_at
