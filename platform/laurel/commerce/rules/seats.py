"""Seats that a team buys: vouchers and their codes. (specs/payments.md §5, §9)"""

from collections.abc import Mapping
from enum import StrEnum

from laurel.core.errors import InvalidInputError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
CHECKS = ALPHABET + "*~$=U"  # Crockford's check symbols: the code's number modulo 37
LENGTH = 16
BITS = 80
MAX_SEATS = 500
CONFUSED = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


class VoucherStatus(StrEnum):
    """Where one seat stands."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    REVOKED = "revoked"
    EXPIRED = "expired"


V = VoucherStatus
VOUCHER_FROM: Mapping[VoucherStatus, frozenset[VoucherStatus]] = {
    V.ISSUED: frozenset({V.REVOKED}),  # the money that took it back never left, or came again
    V.REDEEMED: frozenset({V.ISSUED}),
    V.REVOKED: frozenset({V.ISSUED, V.REDEEMED}),
    V.EXPIRED: frozenset({V.ISSUED}),
}
"""For each status, the statuses from which a voucher may come to it."""


def make_code(number: int) -> str:
    """The code of an 80-bit number: sixteen signs and a check sign, as it is stored, such as `7QXT…`."""
    if not 0 <= number < 1 << BITS:
        raise ValueError("A code has 80 bits.")
    signs = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))
    return signs + CHECKS[number % 37]


def show_code(code: str) -> str:
    """A code as people read it: four groups of four, and the check sign."""
    return "-".join([*(code[at : at + 4] for at in range(0, LENGTH, 4)), code[LENGTH:]])


def read_code(text: str) -> str:
    """The code that somebody typed, as it is stored; raises InvalidInputError if no code looks like it or its check fails.

    Lower case, spaces, hyphens, and the letters that look like digits are all understood (crockford.com/base32.html).
    """
    signs = text.upper().translate(CONFUSED)
    wrong = InvalidInputError("This code has a slip in it. Compare it sign by sign with what you were sent.", field="code")
    if len(signs) != LENGTH + 1 or any(sign not in ALPHABET for sign in signs[:LENGTH]):
        raise wrong
    number = 0
    for sign in signs[:LENGTH]:
        number = number << 5 | ALPHABET.index(sign)
    if make_code(number) != signs:
        raise wrong
    return signs
