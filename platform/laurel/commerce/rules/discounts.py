"""Discount codes: how they are written and what they take off. (specs/payments.md §9)"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from laurel.core.errors import InvalidInputError
from laurel.core.money import format_money, step

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


def is_exact(subtotal: int, currency: str, percent: int) -> bool:
    """Whether the percentage comes out even, so that nobody could round it differently."""
    return subtotal * percent % (100 * step(currency)) == 0


def describe(percent: int | None, amount: int | None, currency: str | None) -> str:
    """What a code takes off, in words: `20 % off`, `$15 off`."""
    return f"{percent} % off" if amount is None or currency is None else f"{format_money(amount, currency)} off"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTerms:
    """What a code gives, to whom and when. Either `percent`, or `amount` in `currency`. No `max_uses`: as often as people like."""

    code: str
    percent: int | None = None
    amount: int | None = None
    currency: str | None = None
    max_uses: int | None = None
    per_user: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    note: str = ""


MAX_USES = 1_000_000


def check_terms(terms: CodeTerms) -> CodeTerms:
    """Return the terms, the code folded; InvalidInputError, with its field, for what no code could give."""
    if (terms.percent is None) == (terms.amount is None):
        raise InvalidInputError("Write either a percentage or an amount.", field="percent")
    if terms.percent is not None and not 1 <= terms.percent <= 100:
        raise InvalidInputError("A percentage is a whole number between 1 and 100.", field="percent")
    if terms.amount is not None and (terms.amount <= 0 or not terms.currency):
        raise InvalidInputError("Write an amount above zero, and choose its currency.", field="amount")
    if terms.max_uses is not None and not 1 <= terms.max_uses <= MAX_USES:
        raise InvalidInputError("Write how many orders may use it, or leave it empty.", field="max_uses")
    if not 1 <= terms.per_user <= 1000:
        raise InvalidInputError("Each buyer may use it at least once.", field="per_user")
    if terms.valid_from and terms.valid_until and terms.valid_from >= terms.valid_until:
        raise InvalidInputError("It ends after it begins.", field="valid_until")
    return replace(terms, code=fold_code(terms.code), currency=terms.currency if terms.amount is not None else None)
