"""What a control request says, checked."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from flask import request

from stripesim.api.errors import invalid

Kind = TypeVar("Kind", bound=StrEnum)


def asked(names: set[str]) -> dict[str, Any]:
    """The request's JSON object, which has no other names than these; nothing at all counts as an empty one."""
    if not request.get_data():
        return {}
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise invalid("The body must be a JSON object.")
    for name in found:
        if name not in names:
            raise invalid(f"Unknown field: {name}. Known are {', '.join(sorted(names))}.")
    return found


def one_of(kinds: type[Kind], value: Any, name: str) -> Kind:
    return kinds(choice(list(kinds), value, name))


def choice(known: Iterable[str], value: Any, name: str) -> str:
    if value not in list(known):
        raise invalid(f"{name} must be one of {', '.join(known)}.", param=name)
    return str(value)


def number(value: Any, name: str, *, most: float, least: float = 0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise invalid(f"{name} must be a number from {least:g} to {most:g}.", param=name)
    return float(value)


def whole(value: Any, name: str, *, most: int, least: int = 0) -> int:
    return int(number(value, name, most=most, least=least))
