"""The code that addresses carry since a change of name, so that those from before lead nowhere (docs/decisions/0021)."""

import hmac

from laurel.credentials.rules.numbers import ALPHABET, LOOKALIKES

CODE = 12
CODE_BITS = 5 * CODE


def code_of(bits: int) -> str:
    """The code for CODE_BITS random bits: short enough to be typed from paper, too long to be found by trying."""
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(CODE))


def is_code(text: str, code: str | None) -> bool:
    """Whether somebody brought this code; capitals and letters that look like digits do not matter."""
    typed = text.strip().upper().translate(LOOKALIKES)
    return code is not None and hmac.compare_digest(typed.encode(), code.encode())


def with_code(address: str, code: str | None) -> str:
    """The address as it is given away: with the code, where one is needed."""
    return f"{address}?t={code}" if code else address
