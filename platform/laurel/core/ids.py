"""Identifiers: UUIDs that sort by the time they were made."""

import secrets
from datetime import datetime
from threading import Lock
from uuid import UUID

from laurel.core import clock

RANDOM_BITS = 74
SET_BACK = 1000
"""A clock that is this many milliseconds behind the last id was set back."""
_lock = Lock()
_last = 0


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Within a process, ids of one millisecond sort as they were made, by the standard's method 2 (§6.2): each is greater
    than the one before by a random number of 60 bits. A clock that was set back begins anew.
    """
    global _last  # noqa: PLW0603 (the standard's own state: the last id of this process)
    milliseconds = int(clock.now().timestamp() * 1000)
    fresh = milliseconds << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    with _lock:
        if 0 <= (_last >> RANDOM_BITS) - milliseconds < SET_BACK:
            fresh = _last + 1 + secrets.randbits(60)
        _last = fresh
    time, random = fresh >> RANDOM_BITS, fresh & (1 << RANDOM_BITS) - 1
    return UUID(int=(time & (1 << 48) - 1) << 80 | 0x7 << 76 | random >> 62 << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def first_id_after(moment: datetime) -> UUID:
    """No id that was made until this moment, to the millisecond, is as great."""
    return UUID(int=(int(moment.timestamp() * 1000) + 1) << 80)


def id_or_new(text: str | None) -> UUID:
    """The id that a form carries, so that sending it twice is one act; a fresh one where it carries none."""
    try:
        return UUID(text or "")
    except ValueError:
        return new_id()
