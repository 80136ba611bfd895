"""When a name on certificates may be changed, and by whom (specs/credentials.md §8, N1 to N5)."""

import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from laurel.accounts.rules import NAME_MAX
from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.text import sanitize_text

SMALL = 2
"""So many slips of the pen in a whole name are corrected without asking staff."""
SHARE = 5
"""A word has at most one slip for so many letters: a shorter one with another letter is another name."""
ALPHABETS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN")
"""Where one letter is a small part of a name. Elsewhere it may be a syllable or a word of its own."""
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
    NameChangeState.APPROVED: frozenset({NameChangeState.APPLIED, NameChangeState.WITHDRAWN}),
    NameChangeState.APPLIED: frozenset({NameChangeState.REVERSING}),
    NameChangeState.REFUSED: frozenset(),
    NameChangeState.WITHDRAWN: frozenset(),
    NameChangeState.REVERSING: frozenset({NameChangeState.REVERSED}),
    NameChangeState.REVERSED: frozenset(),
}
OPEN = (NameChangeState.WAITING, NameChangeState.APPROVED, NameChangeState.REVERSING)
"""While one of a person's is here, they cannot ask for another."""
UNDER_WAY = (NameChangeState.APPROVED, NameChangeState.REVERSING)
"""Nobody has to decide any more; it waits for being signed."""
SLOW = timedelta(minutes=10)
"""After so long the person is told that it takes longer than it should, and may withdraw what was approved."""


def check_wanted_name(text: str) -> str:
    """The name as it would be signed; raises InvalidInputError."""
    name = " ".join(sanitize_text(text).split())
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        raise InvalidInputError("Enter the name as it shall stand on your certificates.", field="new_name")
    if len(name) > NAME_MAX:
        raise InvalidInputError(f"Use {NAME_MAX} characters at most.", field="new_name")
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
    """Whether the change is a slip of the pen, and not another name.

    Each word keeps its first letter and has one slip for SHARE letters at most. Whoever writes a word more or less has another name.
    """
    before, after = _words_of(former), _words_of(wanted)
    if before == after:
        return True
    if len(before) != len(after) or not all(map(_is_alphabetic, (*before, *after))):
        return False
    slips = [edit_distance(one, other) for one, other in zip(before, after, strict=True)]
    allowed = [_slips_in(one, other) for one, other in zip(before, after, strict=True)]
    return sum(slips) <= SMALL and all(found <= most for found, most in zip(slips, allowed, strict=True))


def _words_of(name: str) -> list[str]:
    """Capitals and the way an accent is written make no other word."""
    return unicodedata.normalize("NFC", name).casefold().split()


def _slips_in(one: str, other: str) -> int:
    return min(len(one), len(other)) // SHARE if one[0] == other[0] else 0


def _is_alphabetic(word: str) -> bool:
    letters = [character for character in word if unicodedata.category(character)[0] == "L"]
    return all(unicodedata.name(letter, "").startswith(ALPHABETS) for letter in letters)


def answer_due(asked_at: datetime) -> datetime:
    """Two working days later; Saturdays and Sundays do not count."""
    due, left = asked_at, TARGET_DAYS
    while left:
        due += timedelta(days=1)
        left -= due.weekday() < 5
    return due
