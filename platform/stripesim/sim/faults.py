"""Faults on demand: the ways in which a payment provider fails, waiting to be met by a request."""

import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    DOWN = "down"  # the connection closes without an answer
    ERROR_500 = "500"  # kept by the idempotency key, as Stripe does
    ERROR_429 = "429"
    LOCK_TIMEOUT = "lock_timeout"  # a 429, too: another request holds the object
    TIMEOUT_BEFORE = "timeout_before"  # nothing is done, and no answer comes
    TIMEOUT_AFTER = "timeout_after"  # it is done, but no answer comes
    SLOW = "slow"  # it is done, late
    MALFORMED = "malformed"  # it is done, but the answer breaks off


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: which requests it meets, how often (`times` null: always), how long it holds them."""

    kind: FaultKind
    method: str | None = None
    path_prefix: str = "/v1/"
    times: int | None = 1
    seconds: float = 0.0

    def meets(self, method: str, path: str) -> bool:
        return self.method in (None, method) and path.startswith(self.path_prefix)

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """The faults that wait. They live in memory: a restart heals."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._released = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Take the faults back, and let go of the requests that they hold."""
        with self._lock:
            self._waiting.clear()
            self._released.set()
            self._released = threading.Event()

    def hold(self, fault: Fault) -> None:
        """Keep a request waiting for as long as the fault says."""
        self._released.wait(fault.seconds)

    def list(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that meets the request; it counts as used."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.meets(method, path):
                    self._use(place, fault)
                    return fault
        return None

    def _use(self, place: int, fault: Fault) -> None:
        if fault.times is None:
            return
        left = fault.times - 1
        rest = [] if left == 0 else [Fault(**{**asdict(fault), "times": left})]
        self._waiting[place : place + 1] = rest
