"""What a row of a file means where its person holds the certificate already.

One award is one person, one course and one day. Whatever is chosen, a file never issues the same award twice: neither two rows of it,
nor the file sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from laurel.core.dates import day
from laurel.core.errors import ConflictError
from laurel.credentials.rules.correcting import check_correctable
from laurel.credentials.rules.verdicts import CredentialState


class Duplicates(StrEnum):
    """SKIP: the row is left out. REPLACE: the certificate is corrected, for its id and number stay (decision 5 of the specification).
    ALLOW: another certificate for another day. REFUSE: nothing of the file is issued."""

    SKIP = "skip"
    REPLACE = "replace"
    ALLOW = "allow"
    REFUSE = "refuse"


class Act(StrEnum):
    """What is done for a row. LEAVE_OUT: nothing, and nothing is wrong. REFUSE: nothing, because the row cannot be."""

    ISSUE = "issue"
    CORRECT = "correct"
    LEAVE_OUT = "leave out"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A certificate of the row's course that its person holds or held, for it may be revoked. While it is pending it has no dates."""

    credential_id: UUID
    number: str
    name: str
    awarded_on: date
    state: CredentialState
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, why if that needs saying, and the certificate that is corrected, or was issued once that is done."""

    act: Act
    message: str = ""
    credential_id: UUID | None = None


def decide(held: Sequence[Held], *, name: str, awarded_on: date, duplicates: Duplicates, has_renamed: bool, now: datetime) -> Decision:
    """What a row is, by what its person holds of the course. `has_renamed`: the person has changed their name here."""
    revoked = next((found for found in held if found.state is CredentialState.REVOKED and found.awarded_on == awarded_on), None)
    if revoked is not None:
        return Decision(Act.REFUSE, f"{revoked.number} for this very day was revoked. If that was a mistake, reinstate it.")
    held = [found for found in held if found.state is not CredentialState.REVOKED]
    if not held:
        return Decision(Act.ISSUE)
    same_day = next((found for found in held if found.awarded_on == awarded_on), None)
    if duplicates is Duplicates.ALLOW:
        return _allow(held, same_day)
    if duplicates is Duplicates.REPLACE:
        return _replace(held, same_day, name=name, has_renamed=has_renamed, now=now)
    return Decision(Act.LEAVE_OUT, f"Holds {held[0].number} already.")


def _allow(held: Sequence[Held], same_day: Held | None) -> Decision:
    if same_day is not None:
        return Decision(Act.LEAVE_OUT, f"Holds {same_day.number} for this very day.")
    return Decision(Act.ISSUE, f"Another one, beside {held[0].number}.")


def _replace(held: Sequence[Held], same_day: Held | None, *, name: str, has_renamed: bool, now: datetime) -> Decision:
    if same_day is None:
        first = held[0]
        words = (
            f"Holds {first.number}, awarded on {day(first.awarded_on)}: a correction keeps the day. If that day is wrong, revoke it first."
        )
        return Decision(Act.REFUSE, words)
    if same_day.name == name:
        return Decision(Act.LEAVE_OUT, f"{same_day.number} says this already.")
    if has_renamed:
        return Decision(Act.REFUSE, f"Changed their name here, and a list may know a former one. Correct {same_day.number} by hand.")
    if same_day.valid_from is not None:
        try:
            check_correctable(same_day.state, valid_from=same_day.valid_from, valid_until=same_day.valid_until, now=now)
        except ConflictError as error:
            return Decision(Act.REFUSE, f"{same_day.number}: {error.message}")
    return Decision(Act.CORRECT, f"Corrects the name on {same_day.number}.", same_day.credential_id)
