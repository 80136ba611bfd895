"""Certificate numbers: `LRL-` and twelve characters that can be read aloud, the last of which catches mistakes."""

import unicodedata

from laurel.core.errors import InvalidInputError

PREFIX = "LRL"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U."""
BODY = 11
RANDOM_BITS = 5 * BODY
LOOKALIKES = str.maketrans("OIL", "011")
EXAMPLE = "LRL-7Q4M-KD2X-93ZZ"
MAX_TYPED = 80


class NumberShapeError(InvalidInputError):
    """What was typed cannot be a certificate number."""

    message = f"A certificate number has three groups of four letters and digits, such as {EXAMPLE}."


class NumberTypoError(InvalidInputError):
    """The last character does not fit the others."""

    message = "There is a typing error in this number. Compare it with the certificate, character by character."


def _weights() -> tuple[int, ...]:
    """1, a, a², … in the field of 32 elements (x⁵ + x² + 1): all different and none zero."""
    weights = [1]
    while len(weights) < BODY + 1:
        doubled = weights[-1] << 1
        weights.append(doubled ^ 0b100101 if doubled & 0b100000 else doubled)
    return tuple(weights)


WEIGHTS = _weights()


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0b100000:
            a ^= 0b100101
        b >>= 1
    return product


def check_character(body: str) -> str:
    """The twelfth character. Any one wrong character and any two that changed places make another one.

    The sum of digit times weight is a linear code over GF(32): different non-zero weights give both properties.
    """
    total = 0
    for weight, character in zip(WEIGHTS[1:], body, strict=True):
        total ^= _times(weight, ALPHABET.index(character))
    return ALPHABET[total]


def number_of(bits: int) -> str:
    """The number for 55 random bits, as it is printed: `LRL-7Q4M-KD2X-93ZZ`."""
    if not 0 <= bits < 1 << RANDOM_BITS:
        raise ValueError(f"A number holds {RANDOM_BITS} bits.")
    body = "".join(ALPHABET[bits >> shift & 31] for shift in range(RANDOM_BITS - 5, -1, -5))
    return _printed(body + check_character(body))


def parse_number(text: str) -> str:
    """The number as it is printed, from whatever somebody typed.

    Case, spaces, dashes, dots and underscores do not matter, the prefix may be missing, O is read as 0, I and L as 1. The address
    that is printed on certificates may stand before it, or any words if the prefix is there: "No. LRL-…".
    Raises NumberShapeError or NumberTypoError.
    """
    typed = unicodedata.normalize("NFKC", text.strip().rpartition("/v/")[2][:MAX_TYPED]).upper()
    letters = "".join(c for c in typed if not c.isspace() and c not in "._" and unicodedata.category(c) != "Pd")
    if len(letters) > BODY + 1:
        letters = letters.partition(PREFIX)[2] or letters
    letters = letters.translate(LOOKALIKES)
    if len(letters) != BODY + 1 or any(c not in ALPHABET for c in letters):
        raise NumberShapeError(field="number")
    if check_character(letters[:BODY]) != letters[BODY]:
        raise NumberTypoError(field="number")
    return _printed(letters)


def _printed(letters: str) -> str:
    return "-".join((PREFIX, letters[:4], letters[4:8], letters[8:]))
