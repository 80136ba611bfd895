"""When a name on certificates may be changed, and by whom (specs/credentials.md §8, N1 to N5)."""

import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.text import sanitize_text

MAX_NAME = 120
SMALL = 2
"""So many slips of the pen are corrected without asking staff."""
REVERSIBLE = timedelta(days=7)
TARGET_DAYS = 2
"""Working days within which staff mean to answer."""


class NameChangeState(StrEnum):
    """WAITING: for staff. APPROVED and REVERSING: the worker signs anew, which takes a moment. APPLIED: done, and for 7 days reversible."""

    WAITING = "waiting"
    APPROVED = "approved"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVERSING = "reversing"
    REVERSED = "reversed"


NEXT: dict[NameChangeState, frozenset[NameChangeState]] = {
    NameChangeState.WAITING: frozenset({NameChangeState.APPROVED, NameChangeState.REFUSED, NameChangeState.WITHDRAWN}),
    NameChangeState.APPROVED: frozenset({NameChangeState.APPLIED}),
    NameChangeState.APPLIED: frozenset({NameChangeState.REVERSING}),
    NameChangeState.REFUSED: frozenset(),
    NameChangeState.WITHDRAWN: frozenset(),
    NameChangeState.REVERSING: frozenset({NameChangeState.REVERSED}),
    NameChangeState.REVERSED: frozenset(),
}
OPEN = (NameChangeState.WAITING, NameChangeState.APPROVED, NameChangeState.REVERSING)
"""While one of a person's is here, they cannot ask for another."""


def check_wanted_name(text: str) -> str:
    """The name as it would be signed; raises InvalidInputError."""
    name = " ".join(sanitize_text(text).split())
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        raise InvalidInputError("Enter the name as it shall stand on your certificates.", field="new_name")
    if len(name) > MAX_NAME:
        raise InvalidInputError(f"Use {MAX_NAME} characters at most.", field="new_name")
    return name


def edit_distance(one: str, other: str) -> int:
    """How many letters must be put in, taken out or exchanged to make one of the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def is_small(former: str, wanted: str) -> bool:
    """Whether the change is a slip of the pen, and not another name."""
    return edit_distance(unicodedata.normalize("NFC", former), unicodedata.normalize("NFC", wanted)) <= SMALL


def answer_due(asked_at: datetime) -> datetime:
    """Two working days later; Saturdays and Sundays do not count."""
    due, left = asked_at, TARGET_DAYS
    while left:
        due += timedelta(days=1)
        left -= due.weekday() < 5
    return due
