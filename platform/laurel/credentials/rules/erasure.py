"""Erasing a certificate: what the world still hears of it, and how its number is known again without being kept."""

import hashlib
from enum import StrEnum

from laurel.core.errors import GoneError

ADVICE = "Do not rely on it. What a copy of it says may have been true; nobody vouches for it any more."


class ErasureReason(StrEnum):
    """Why a certificate was erased, as everybody reads it."""

    HOLDER_REQUEST = "erased at the holder’s request"
    LEGAL_DUTY = "erased because the law demands it"

    @property
    def sentence(self) -> str:
        """What everybody may know of it."""
        return f"This certificate was {self} and does not count any more. We keep nothing that says whose it was."


class ErasedError(GoneError):
    """The certificate was here and was erased."""

    def __init__(self, reason: ErasureReason) -> None:
        super().__init__(reason.sentence)
        self.reason = reason


def number_sha256(number: str) -> str:
    """By which the number (as it is printed) is known again by who has it; it cannot be read back."""
    return hashlib.sha256(f"certificate number {number}".encode()).hexdigest()
