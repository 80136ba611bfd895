"""What an attempt asks besides time and attempts: a password, no way back, a log of absences. And in which words a learner is told."""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MIN_PASSWORD = 6
MAX_PASSWORD = 100
MAX_TYPED = 1000
_ROUNDS = 2**11


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """`password_hash` None: no password. `one_way`: Next closes a question for good. `logs_focus`: absences and pastes are noted."""

    password_hash: str | None = None
    one_way: bool = False
    logs_focus: bool = False


def hash_exam_password(password: str, *, salt: bytes) -> str:
    """How an exam's password is kept.

    scrypt with 2 MiB: about five milliseconds, so that a whole room can start at once. It is no personal password: everybody
    in the room knows it, it is good for one exam, and whoever has the database has the questions anyway. What keeps
    strangers from guessing is the limit on tries.
    """
    return f"scrypt${salt.hex()}${_digest(password, salt)}"


def is_exam_password(password: str, kept: str) -> bool:
    """Whether it is this password. Takes the same time for every wrong one."""
    _scheme, salt, digest = kept.split("$")
    said = password if len(password) <= MAX_TYPED else ""
    return hmac.compare_digest(_digest(said, bytes.fromhex(salt)), digest)


def _digest(password: str, salt: bytes) -> str:
    said = unicodedata.normalize("NFC", password.strip())
    return hashlib.scrypt(said.encode("utf-8", "replace"), salt=salt, n=_ROUNDS, r=8, p=1, dklen=32).hex()


def is_fit_for_an_exam(password: str) -> bool:
    """Whether an author may choose it: long enough that ten guesses an hour lead nowhere."""
    return MIN_PASSWORD <= len(password.strip()) <= MAX_PASSWORD and "\x00" not in password


def describe_waits(hours: Sequence[int]) -> str:
    """`24 hours`, `24 hours, then 7 days, then 14 days`; empty if nobody waits."""
    if not any(hours):
        return ""
    return ", then ".join(_in_words(one) for one in hours)


def _in_words(hours: int) -> str:
    if hours and hours % 24 == 0 and hours > 24:
        return f"{hours // 24} days"
    return f"{hours} hour{'' if hours == 1 else 's'}"
