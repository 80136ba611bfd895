"""What the clients sent and what they were told: the only witness that the database is compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from threading import Lock
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """What a client knows after one try."""

    OK = "ok"
    """Acknowledged as saved: from now on it may never be lost."""
    LATE = "late"
    """Acknowledged as kept, but not graded."""
    FAIL = "fail"
    """Refused with a 4xx: not to be sent again."""
    UNKNOWN = "unknown"
    """Time-out, reset or 5xx: it may be stored or not, and is sent again under the same id."""


@dataclass(frozen=True, slots=True)
class Op:
    """One change of one answer, as a browser makes it."""

    op_id: UUID
    attempt_id: UUID
    slot: int
    seq: int
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One sending of one operation. Moments are seconds of the monotonic clock."""

    op: Op
    client: int
    sent_at: float
    took: float
    kind: Kind
    status: int | None = None
    trouble: str = ""
    """What the server must not do, whatever happens to it: a 500, a 503 without Retry-After, …"""

    @property
    def ended_at(self) -> float:
        return self.sent_at + self.took


@dataclass
class Journal:
    """All tries, in the order in which they ended."""

    tries: list[Try] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def note(self, entry: Try) -> None:
        with self._lock:
            self.tries.append(entry)

    def of_kind(self, kind: Kind) -> dict[UUID, Op]:
        return {entry.op.op_id: entry.op for entry in self.tries if entry.kind is kind}

    @property
    def acknowledged(self) -> dict[UUID, Op]:
        return self.of_kind(Kind.OK)

    @property
    def sent(self) -> dict[UUID, Op]:
        return {entry.op.op_id: entry.op for entry in self.tries}

    @property
    def unsettled(self) -> set[UUID]:
        """Operations whose client gave up before it knew what became of them."""
        known = {entry.op.op_id for entry in self.tries if entry.kind is not Kind.UNKNOWN}
        return {entry.op.op_id for entry in self.tries} - known

    def count(self, kind: Kind) -> int:
        return sum(entry.kind is kind for entry in self.tries)

    def statuses(self, status: int) -> int:
        return sum(entry.status == status for entry in self.tries)

    @property
    def troubles(self) -> list[str]:
        return [entry.trouble for entry in self.tries if entry.trouble]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How it felt, in seconds. `recover`: of each fault, from the fault to the first acknowledgement after its last error."""

    p50: float
    p99: float
    worst_client_gap: float
    recover: float


def times_of(journal: Journal, *, started_at: float, ended_at: float, faults: Sequence[float] = ()) -> Times:
    took = sorted(entry.took for entry in journal.tries if entry.kind is Kind.OK)
    return Times(
        p50=_quantile(took, 0.50),
        p99=_quantile(took, 0.99),
        worst_client_gap=_worst_gap(journal, started_at, ended_at),
        recover=max((_recovery(journal, fault, until) for fault, until in zip(faults, [*faults[1:], ended_at], strict=False)), default=0.0),
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _worst_gap(journal: Journal, started_at: float, ended_at: float) -> float:
    """The longest time that any one client went without an acknowledgement."""
    clients = {entry.client for entry in journal.tries}
    return max((_gap(_acknowledgements(journal, client), started_at, ended_at) for client in clients), default=0.0)


def _acknowledgements(journal: Journal, client: int) -> list[float]:
    return sorted(entry.ended_at for entry in journal.tries if entry.client == client and entry.kind in {Kind.OK, Kind.LATE})


def _gap(moments: Iterable[float], started_at: float, ended_at: float) -> float:
    inside = [started_at, *(moment for moment in moments if started_at <= moment <= ended_at), ended_at]
    return max(after - before for before, after in pairwise(inside))


def _recovery(journal: Journal, fault: float, until: float) -> float:
    errors = [entry.ended_at for entry in journal.tries if entry.kind is Kind.UNKNOWN and fault <= entry.ended_at < until]
    if not errors:
        return 0.0
    healed = [entry.ended_at for entry in journal.tries if entry.kind is Kind.OK and entry.ended_at > max(errors)]
    return min(healed, default=until) - fault
