"""When a certificate that was revoked by mistake may count again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from laurel.credentials.rules.moments import whole_second
from laurel.credentials.rules.verdicts import CredentialState

AWAY = (
    "What its holder paid for the course was taken back, or a bank is deciding about it. "
    "It can be reinstated once the course is theirs again."
)

TOO_SOON = "It was signed only a moment ago. Wait a second and send it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """A certificate of the same holder and program. `counts`: it is neither revoked nor over, signed or not."""

    id: UUID
    number: str
    renewed_from_id: UUID | None
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What decides about one certificate. `valid_from`: from when on its last document was valid, None if it was never signed;
    `is_earned`: whether the exam that earned it still counts as passed; `other`: the number of one that counts instead of it."""

    state: CredentialState
    ends_at: datetime | None
    valid_from: datetime | None
    is_held: bool
    is_earned: bool
    other: str | None


def find_obstacle(found: Revoked, *, now: datetime) -> str | None:
    """Why it cannot be reinstated, in a sentence; None if it can."""
    obstacles = (
        (found.state is not CredentialState.REVOKED, "This certificate is not revoked. Perhaps somebody was faster."),
        (found.ends_at is not None and now >= found.ends_at, "It would have expired by now, so there is nothing to reinstate."),
        (found.is_held, AWAY),
        (not found.is_earned, "The attempt that earned this certificate does not count as passed any more."),
        (found.other is not None, f"Its holder has another certificate of this program that counts: {found.other}."),
        (found.valid_from is not None and whole_second(now) <= found.valid_from, TOO_SOON),
    )
    return next((sentence for is_so, sentence in obstacles if is_so), None)


def find_other(credential_id: UUID, family: Sequence[Sibling]) -> Sibling | None:
    """One that counts beside it. What it renewed and what renewed it do not: they have always stood side by side."""
    parents = {one.id: one.renewed_from_id for one in family}
    older = _line(credential_id, parents)
    others = (one for one in family if one.counts and one.id != credential_id and one.id not in older)
    return next((one for one in others if credential_id not in _line(one.id, parents)), None)


def _line(credential_id: UUID, parents: Mapping[UUID, UUID | None]) -> set[UUID]:
    """What it renewed, and what that had renewed, to the first."""
    line: set[UUID] = set()
    parent = parents.get(credential_id)
    while parent is not None and parent not in line:
        line.add(parent)
        parent = parents.get(parent)
    return line
