"""Events that Stripe sent: what became of them, and when to try again. (specs/payments.md §7)"""

from datetime import timedelta
from enum import StrEnum


class InboxStatus(StrEnum):
    """What became of an event that Stripe sent. `dead`: given up after many tries, a person must look."""

    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"
    DEAD = "dead"


RETRY_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 360, 720, 720, 1440, 1440, 1440))
"""How long a failed event waits before its second, third, … try; after the twelfth it is dead."""


def next_try(attempts: int) -> timedelta | None:
    """How long to wait after the `attempts`-th try of an event failed; None if that was the last."""
    return RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None
