"""A signing key's life: published before it is used, and as long as anything that it signed is worth checking (§5)."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from laurel.core.dates import moment
from laurel.core.errors import ConflictError

STAGING = timedelta(hours=24)
"""How long a key is published before it is used: verifiers remember the DID document for up to a day."""

REST = timedelta(days=1)
"""How long a retired key stays published at least: a signature may have been under way when it was retired."""


class KeyState(StrEnum):
    """STAGED: published, not yet used. RETIRED: no longer used, still published, or all it signed would fall.
    EXPIRED: all that it signed has ended. COMPROMISED: somebody else may sign with it, so nothing of it counts."""

    STAGED = "staged"
    ACTIVE = "active"
    RETIRED = "retired"
    EXPIRED = "expired"
    COMPROMISED = "compromised"


NEXT: dict[KeyState, frozenset[KeyState]] = {
    KeyState.STAGED: frozenset({KeyState.ACTIVE, KeyState.RETIRED, KeyState.COMPROMISED}),
    KeyState.ACTIVE: frozenset({KeyState.RETIRED, KeyState.COMPROMISED}),
    KeyState.RETIRED: frozenset({KeyState.EXPIRED, KeyState.COMPROMISED}),
    KeyState.EXPIRED: frozenset({KeyState.COMPROMISED}),
    KeyState.COMPROMISED: frozenset(),
}
PUBLISHED = (KeyState.ACTIVE, KeyState.STAGED, KeyState.RETIRED)
TRUSTED = (*PUBLISHED, KeyState.EXPIRED)
"""What was signed by these is ours: a key that expired is not published any more, and nobody else ever had it."""


class KeyPurpose(StrEnum):
    """What a key signs: Data Integrity proofs, or JSON Web Tokens."""

    DATA_INTEGRITY = "di"
    JWT = "jwt"


PREFIX = {KeyPurpose.DATA_INTEGRITY: "key", KeyPurpose.JWT: "jwt"}
ALGORITHM = {KeyPurpose.DATA_INTEGRITY: "Ed25519", KeyPurpose.JWT: "RS256"}


class TooEarlyError(ConflictError):
    """The key was not published for long enough."""


def advance(current: KeyState, wanted: KeyState) -> KeyState:
    """Return `wanted` if a key in `current` may become it; raise ConflictError if not."""
    if wanted not in NEXT[current]:
        is_so = wanted is current
        raise ConflictError(f"This key is {current} already." if is_so else f"A key that is {current} cannot become {wanted}.")
    return wanted


def check_activation(*, staged_at: datetime, now: datetime, has_active: bool, is_emergency: bool) -> None:
    """Raise unless a staged key may be used from now on. An emergency is that no key is active: then nothing can be signed."""
    if is_emergency:
        if has_active:
            raise ConflictError("There is an active key, so this is no emergency. Wait until the new one was published for 24 hours.")
        return
    ready_at = staged_at + STAGING
    if now < ready_at:
        advice = "" if has_active else " No key is active at present: --emergency activates it at once."
        raise TooEarlyError(f"This key may be activated from {moment(ready_at)} on, 24 hours after it was published.{advice}")


def fragment_prefix(purpose: KeyPurpose, now: datetime) -> str:
    """`key-2026-`, to which the count of the year is added."""
    return f"{PREFIX[purpose]}-{now:%Y}-"


def verification_method(did: str, fragment: str, purpose: KeyPurpose, public_key: str) -> dict[str, Any]:
    """The public half as the DID document shows it; `public_key` is a multikey, or the text of a JWK."""
    method = {"id": f"{did}#{fragment}", "controller": did}
    if purpose is KeyPurpose.JWT:
        return {**method, "type": "JsonWebKey", "publicKeyJwk": {**json.loads(public_key), "kid": fragment}}
    return {**method, "type": "Multikey", "publicKeyMultibase": public_key}


def web_key(did: str, url: str, public_key: str) -> dict[str, Any]:
    """The public half as a bare JWK. Its `kid` is the address where it is found, as tokens name it."""
    return {**json.loads(public_key), "kid": url, "use": "sig", "iss": did}
