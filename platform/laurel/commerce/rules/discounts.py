"""Discount codes: how they are written and what they take off. (specs/payments.md §9)"""

import re
from enum import StrEnum

from laurel.core.errors import InvalidInputError
from laurel.core.money import step

CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}\Z")


class DiscountUseState(StrEnum):
    """What became of one use of a code: kept for an order that is open, used by one that was paid, or given back."""

    RESERVED = "reserved"
    USED = "used"
    RELEASED = "released"


def fold_code(text: str) -> str:
    """A code as it is stored: case and outer space do not count. Raises InvalidInputError if no code is written like this."""
    code = text.strip().upper()
    if not code.isascii() or not CODE.match(code):
        raise InvalidInputError("A code has 3 to 40 letters, digits, hyphens or underscores.", field="code")
    return code


def discount_for(subtotal: int, currency: str, *, percent: int | None, amount: int | None) -> int:
    """What a code takes off, in minor units: never more than there is. A percentage is rounded half up, to the currency's step."""
    if amount is not None:
        return min(amount, subtotal)
    unit = step(currency)
    return min(subtotal, (subtotal * (percent or 0) + 50 * unit) // (100 * unit) * unit)
