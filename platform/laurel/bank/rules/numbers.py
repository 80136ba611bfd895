"""Numbers as people write them, and whether one is near enough to another. Exact: decimals, never floats."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from enum import StrEnum

MAX_LENGTH = 200
MAX_EXPONENT = 1000
EXACT = Context(prec=6000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Room for every product of numbers that `parse_number` lets through: nothing is ever rounded."""

# One separator throughout, between groups of three; inner groups may be of two, as in 12,34,567.
_NUMBER = re.compile(
    r"""
    (?P<sign>[+\-\u2212]?)[ ]*
    (?P<digits>
      (?:[0-9]{1,3}(?P<separator>[,'\u2019 \u00a0\u2009\u202f])(?:[0-9]{2,3}(?P=separator))*[0-9]{3} | [0-9]+) (?:\.[0-9]*)?
      | \.[0-9]+
    )
    (?: [eE](?P<e>[+\-\u2212]?[0-9]+) | [ ]*[xX\u00d7*][ ]*10[ ]*(?:\^|\*\*)[ ]*(?P<power>[+\-\u2212]?[0-9]+) )?
    """,
    re.VERBOSE,
)


class ToleranceKind(StrEnum):
    """How the tolerance t of a right answer a is meant: a ± t, a ± |a|·t, or from a/(1+t) to a·(1+t)."""

    NOMINAL = "nominal"
    RELATIVE = "relative"
    GEOMETRIC = "geometric"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that may stand beside a number; one of it is `multiplier` of the unit that the right answers are in."""

    name: str
    multiplier: Decimal


def parse_number(text: str) -> Decimal | None:
    """The number that `text` says, or None if it says none, or one whose exponent is beyond reason."""
    found = _NUMBER.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if found is None:
        return None
    exponent = (found["e"] or found["power"] or "0").replace("\u2212", "-")
    if len(exponent) > 6 or abs(int(exponent)) > MAX_EXPONENT:
        return None
    digits = found["digits"].replace(found["separator"], "") if found["separator"] else found["digits"]
    sign = "-" if found["sign"] in {"-", "\u2212"} else ""
    return Decimal(f"{sign}{digits}e{exponent}")


def parse_quantity(text: str, units: Iterable[Unit], *, needs_unit: bool) -> Decimal | None:
    """The number of `text` in the unit of the right answers; a unit stands before or after the number, spelled exactly."""
    text = text.strip()
    if not needs_unit and (number := parse_number(text)) is not None:
        return number
    for unit in sorted(units, key=lambda unit: -len(unit.name)):
        for rest in (text.removesuffix(unit.name), text.removeprefix(unit.name)):
            if rest != text and (number := parse_number(rest)) is not None:
                with localcontext(EXACT):
                    return number * unit.multiplier
    return None


def is_near_enough(value: Decimal, right: Decimal, *, tolerance: Decimal, kind: ToleranceKind) -> bool:
    """Whether `value` lies within the tolerance around `right`, bounds included. Nothing is divided, so nothing is rounded."""
    with localcontext(EXACT):
        if kind is ToleranceKind.NOMINAL:
            return abs(value - right) <= tolerance
        if kind is ToleranceKind.RELATIVE:
            return abs(value - right) <= abs(right) * tolerance
        stretch = 1 + tolerance
        if right < 0:
            value, right = -value, -right
        return value * stretch >= right and value <= right * stretch


def bounds(right: Decimal, *, tolerance: Decimal, kind: ToleranceKind) -> tuple[Decimal, Decimal]:
    """The lowest and the highest accepted number, for showing; a geometric one may be rounded in its 28th digit."""
    if kind is ToleranceKind.NOMINAL:
        return right - tolerance, right + tolerance
    if kind is ToleranceKind.RELATIVE:
        return right - abs(right) * tolerance, right + abs(right) * tolerance
    low, high = sorted((right / (1 + tolerance), right * (1 + tolerance)))
    return low, high
