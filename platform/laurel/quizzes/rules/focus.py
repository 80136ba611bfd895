"""What an exam's page may note about where a learner's attention was: as little as says something, and never a verdict."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from laurel.core.errors import InvalidInputError

LEAST_AWAY = 2_000
"""Milliseconds. A shorter absence says nothing: a notification, a slip of the hand."""
MOST_AWAY = 24 * 3600 * 1000
MOST_PASTED = 1_000_000
MOST_NOTES = 2_000
"""How many notes are kept of one attempt."""
KEPT_FOR = timedelta(days=90)
"""How long notes are kept once nobody can ask for a review any more."""


class FocusKind(StrEnum):
    """AWAY: the page was hidden, or another window had the focus. PASTE: text was pasted into an answer."""

    AWAY = "away"
    PASTE = "paste"


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that a browser noticed. `amount`: milliseconds of an absence, characters of a paste."""

    kind: FocusKind
    amount: int
    slot: int | None


def read_note(body: bytes) -> Noted | None:
    """What the page sends, its figures cut to what is possible; None for what is not worth noting. Raises InvalidInputError."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.keys() != {"kind", "amount", "slot"} or data["kind"] not in list(FocusKind):
        raise InvalidInputError("That is no note. Nothing was kept.")
    kind, amount, slot = FocusKind(data["kind"]), _whole(data["amount"]), _whole(data["slot"])
    if kind is FocusKind.AWAY:
        noted = Noted(kind, min(amount, MOST_AWAY), slot or None)
        return noted if amount > LEAST_AWAY else None
    return Noted(kind, min(amount, MOST_PASTED), slot or None) if amount > 0 else None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError("That is no note. Nothing was kept.")
    return max(0, value)


@dataclass(frozen=True, slots=True)
class FocusFacts:
    """What was noted of one attempt, added up. `is_full`: the most that is kept was reached."""

    absences: int
    seconds_away: int
    longest_seconds: int
    pastes: int
    characters: int
    is_full: bool


def add_up(notes: Sequence[Noted]) -> FocusFacts:
    away = [note.amount for note in notes if note.kind is FocusKind.AWAY]
    pasted = [note.amount for note in notes if note.kind is FocusKind.PASTE]
    return FocusFacts(
        absences=len(away),
        seconds_away=sum(away) // 1000,
        longest_seconds=max(away, default=0) // 1000,
        pastes=len(pasted),
        characters=sum(pasted),
        is_full=len(notes) >= MOST_NOTES,
    )
