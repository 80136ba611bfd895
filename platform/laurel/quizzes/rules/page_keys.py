"""The keys that options have in a page: their places on this paper. An option's own key is the letter of the place where its
author first wrote it, and authors often write the right one first; so that letter stays on the server."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from laurel.bank.rules import Chosen, QuestionKind
from laurel.core.errors import InvalidInputError

CHOICES = frozenset({QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_RESPONSE})
PLACE = re.compile(r"o([1-9]\d?)\Z")


def page_keys(kind: QuestionKind, option_order: Sequence[str]) -> Mapping[str, str]:
    """For each own key the page's: `o1` is the first option of this paper. Empty for kinds whose keys say nothing.

    Own keys of gaps are `<gap>.<option>`, as in the order; the places of each gap are counted by themselves.
    """
    if kind in CHOICES:
        return {key: f"o{place}" for place, key in enumerate(option_order, start=1)}
    if kind is not QuestionKind.CLOZE:
        return {}
    return {f"{gap}.{key}": f"o{place}" for gap, keys in _by_gap(option_order).items() for place, key in enumerate(keys, start=1)}


def for_page(chosen: Chosen, keys: Mapping[str, str]) -> Chosen:
    """What was chosen, with the keys of the page."""
    if isinstance(chosen, str):
        return keys.get(chosen, chosen)
    if isinstance(chosen, Mapping):
        return {part: keys.get(f"{part}.{value}", value) for part, value in chosen.items()}
    return [keys.get(key, key) for key in chosen]


def own_keys(kind: QuestionKind, option_order: Sequence[str], raw: Any) -> Any:
    """A raw answer of a page with the options' own keys; raises InvalidInputError for a choice that is no place on this paper.

    An own key is refused like any other word: if it were understood, an answer could be given by the letter of the author.
    """
    if not isinstance(raw, dict):
        return raw
    if kind in CHOICES:
        return {name: _own(value, option_order) for name, value in raw.items()}
    if kind is QuestionKind.CLOZE and isinstance(raw.get("gaps"), dict):
        orders = _by_gap(option_order)
        return raw | {"gaps": {gap: _own(value, orders[gap]) if gap in orders else value for gap, value in raw["gaps"].items()}}
    return raw


def _by_gap(option_order: Sequence[str]) -> dict[str, list[str]]:
    """The options of each gap that has any; a gap to be typed has none."""
    found: dict[str, list[str]] = {}
    for name in option_order:
        gap, _, key = name.partition(".")
        found.setdefault(gap, []).append(key)
    return found


def _own(value: Any, option_order: Sequence[str]) -> Any:
    if value in (None, ""):
        return value
    if isinstance(value, list):
        return [_own(one, option_order) for one in value]
    place = PLACE.match(value) if isinstance(value, str) else None
    if place is None or int(place[1]) > len(option_order):
        raise InvalidInputError("That is not an option of this question.")
    return option_order[int(place[1]) - 1]
