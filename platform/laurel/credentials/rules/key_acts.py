"""What people may do with a signing key, what they cannot do alone, and when a new one is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from laurel.credentials.rules.keys import NEXT, STAGING, KeyState, advance, check_activation

YEAR = timedelta(days=365)
NOTICE = timedelta(days=30)
"""How long before a key is a year in use staff are reminded that it needs a successor."""


class Verb(StrEnum):
    """What a page offers."""

    ACTIVATE = "activate"
    RETIRE = "retire"
    COMPROMISE = "compromise"


class ActKind(StrEnum):
    """What it means in the key's present state. ACTIVATE_NOW: no key is active, so nothing can be signed until one is.
    GIVE_UP: the key is in use and its private half is lost."""

    ACTIVATE = "activate"
    ACTIVATE_NOW = "activate at once"
    RETIRE = "retire"
    GIVE_UP = "retire as lost"
    COMPROMISE = "compromise"


TAKES_TWO = frozenset({ActKind.ACTIVATE, ActKind.ACTIVATE_NOW, ActKind.RETIRE, ActKind.GIVE_UP})
"""A stolen key is withdrawn by one person at once: every minute somebody else may sign with it, and what is lost by mistake
comes back by itself, signed again word for word. All else can wait for a colleague."""

WANTED = {Verb.ACTIVATE: KeyState.ACTIVE, Verb.RETIRE: KeyState.RETIRED, Verb.COMPROMISE: KeyState.COMPROMISED}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAct:
    """One act on one key, so exactly that two people can agree about it: `state` is the key's when it was wanted."""

    key_id: UUID
    method: str
    state: KeyState
    kind: ActKind
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"key": str(self.key_id), "method": self.method, "state": self.state.value, "act": self.kind.value, "reason": self.reason}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Self:
        return cls(
            key_id=UUID(facts["key"]),
            method=facts["method"],
            state=KeyState(facts["state"]),
            kind=ActKind(facts["act"]),
            reason=facts["reason"],
        )


def list_verbs(state: KeyState) -> list[Verb]:
    """What may follow from a state, by hand."""
    return [verb for verb, wanted in WANTED.items() if wanted in NEXT[state]]


def kind_of(verb: Verb, state: KeyState, *, staged_at: datetime, has_active: bool, now: datetime) -> ActKind:
    """What the verb means for a key; raises ConflictError if it does not follow, TooEarlyError if it is not yet time."""
    advance(state, WANTED[verb])
    if verb is Verb.COMPROMISE:
        return ActKind.COMPROMISE
    if verb is Verb.RETIRE:
        return ActKind.GIVE_UP if state is KeyState.ACTIVE else ActKind.RETIRE
    is_emergency = now < staged_at + STAGING and not has_active
    check_activation(staged_at=staged_at, now=now, has_active=has_active, is_emergency=is_emergency)
    return ActKind.ACTIVATE_NOW if is_emergency else ActKind.ACTIVATE


def successor_is_due(*, active_at: datetime, now: datetime) -> bool:
    """Whether the key in use is almost a year old."""
    return now - active_at >= YEAR - NOTICE
