"""Grading by people: who has an answer on the desk, for how long, and what stands there instead of a name."""

import base64
import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from laurel.core.errors import ConflictError

CLAIM = timedelta(minutes=30)
"""How long an answer stays with the grader who took it, so that two do not grade one; then others may take it."""
MAX_COMMENT = 5000


class ClaimedError(ConflictError):
    """Another grader has the answer on the desk, or has marked it."""

    message = "Somebody else is grading this answer."


class GradingClosedError(ConflictError):
    """The attempt is graded, was reopened or set aside: nothing of it waits for a grader."""

    message = "This answer does not wait for a grader any more."


def is_claimed(claimed_at: datetime | None, now: datetime) -> bool:
    """Whether a claim made then still holds."""
    return claimed_at is not None and now < claimed_at + CLAIM


def paper_code(attempt_id: UUID) -> str:
    """`Q7K2-MX3A`: the same for all answers of one paper, and nothing that says whose it is."""
    letters = base64.b32encode(hashlib.sha256(f"laurel paper {attempt_id}".encode()).digest()).decode()
    return f"{letters[:4]}-{letters[4:8]}"
