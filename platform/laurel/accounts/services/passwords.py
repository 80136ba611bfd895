"""Hashing passwords: argon2id, two at a time, exactly what was typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from passlib.context import CryptContext  # type: ignore[import-untyped]

from laurel.core.errors import UnavailableError

context = CryptContext(schemes=["argon2"], argon2__type="ID", argon2__memory_cost=19456, argon2__time_cost=2, argon2__parallelism=1)
"""OWASP's second choice of parameters (19 MiB, 2 passes): about 25 ms. Flask-Security uses this very context, too."""

WAIT = 2.0
_slots = BoundedSemaphore(2)


@contextmanager
def hashing_slot() -> Iterator[None]:
    """One of two places to hash in, so that a rush of sign-ins leaves the machine to the exams. UnavailableError after two seconds."""
    if not _slots.acquire(timeout=WAIT):
        raise UnavailableError("Very many people are signing in at the moment. Please try again in a few seconds.")
    try:
        yield
    finally:
        _slots.release()


def hash_password(password: str) -> str:
    """The password's hash. Takes its time: never call it while holding the database's write lock."""
    with hashing_slot():
        return str(context.hash(password))


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether it is this password. It takes as long for nobody's (`None`) as for somebody's."""
    with hashing_slot():
        matches = bool(context.verify(password, password_hash or _nobodys_hash()))
    return matches and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether a password that was just typed should be hashed again, with today's parameters."""
    return bool(context.needs_update(password_hash))


@cache
def _nobodys_hash() -> str:
    return str(context.hash("nobody has this password"))
