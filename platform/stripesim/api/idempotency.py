"""Idempotency keys: the first answer is kept for a day and given again to whoever repeats it."""

import hashlib
import json
from dataclasses import dataclass

from stripesim.api.errors import ApiError, invalid
from stripesim.api.form import Raw
from stripesim.store import Books

LIFETIME = 24 * 3600
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, and what it was used for."""

    key: str
    endpoint: str
    params_hash: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that a key stands for."""

    status: int
    body: str
    request_id: str


def claim_for(key: str, *, endpoint: str, params: dict[str, Raw], request_id: str) -> Claim:
    if len(key) > LONGEST:
        raise invalid(f"Idempotency keys have up to {LONGEST} characters.")
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
    return Claim(key, endpoint, digest, request_id)


def begin(books: Books, claim: Claim, *, now: int) -> Kept | None:
    """Take the key, or return what it stands for. Raises 400 for another use, 409 while in use."""
    books.connection.execute("DELETE FROM idempotency WHERE created < ?", (now - LIFETIME,))
    row = books.connection.execute("SELECT * FROM idempotency WHERE key = ?", (claim.key,)).fetchone()
    if row is None:
        books.connection.execute(
            "INSERT INTO idempotency (key, endpoint, params_hash, request_id, created) VALUES (?, ?, ?, ?, ?)",
            (claim.key, claim.endpoint, claim.params_hash, claim.request_id, now),
        )
        return None
    if row["endpoint"] != claim.endpoint:
        raise _reused(claim.key, f"for the same endpoint they were first used for ('{row['endpoint']}')")
    if row["params_hash"] != claim.params_hash:
        raise _reused(claim.key, "with the same parameters they were first used with")
    if row["status"] is None:
        raise _in_use(claim.key)
    return Kept(row["status"], row["body"], row["request_id"])


def keep(books: Books, claim: Claim, *, status: int, body: str) -> None:
    books.connection.execute("UPDATE idempotency SET status = ?, body = ? WHERE key = ?", (status, body, claim.key))


def release(books: Books, claim: Claim) -> None:
    """Give the key back: nothing was done with it."""
    books.connection.execute("DELETE FROM idempotency WHERE key = ? AND status IS NULL", (claim.key,))


def release_all(books: Books) -> None:
    """Give back the keys that a former process died with."""
    books.connection.execute("DELETE FROM idempotency WHERE status IS NULL")


def _reused(key: str, rule: str) -> ApiError:
    message = (
        f"Keys for idempotent requests can only be used {rule}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, message, kind="idempotency_error")


def _in_use(key: str) -> ApiError:
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later."
    )
    return ApiError(409, message, code="idempotency_key_in_use")
