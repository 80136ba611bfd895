"""Which state may follow which: tables of what each may come from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from laurel.core.errors import ConflictError

State = TypeVar("State", bound=StrEnum)


def may_become(table: Mapping[State, frozenset[State]], current: State, wanted: State) -> bool:
    """Whether `table` lets `current` become `wanted`."""
    return current in table[wanted]


def advance(table: Mapping[State, frozenset[State]], current: State, wanted: State, *, what: str) -> State:
    """Return `wanted` if `what` may come to it from `current`; raise ConflictError if not."""
    if not may_become(table, current, wanted):
        raise ConflictError(f"{what} that is {current} cannot become {wanted}.")
    return wanted
