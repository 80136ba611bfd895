"""The chain of what happened to credentials and keys: each link carries the hash of the one before it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

GENESIS = "0" * 64


class HistoryKind(StrEnum):
    """What happened."""

    KEY_STAGED = "key staged"
    KEY_ACTIVATED = "key activated"
    KEY_RETIRED = "key retired"
    KEY_EXPIRED = "key expired"
    KEY_COMPROMISED = "key compromised"
    KEY_ACT_AGREED = "key act agreed"
    ISSUED = "issued"
    SIGNATURE_RENEWED = "signature renewed"
    CORRECTED = "corrected"
    REVOKED = "revoked"
    REINSTATED = "reinstated"
    RENEWED = "renewed"
    VISIBILITY = "visibility changed"
    ERASED = "erased"
    HELD = "put on hold"
    RELEASED = "released"
    DOWNLOADED = "downloaded by staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the chain, as it is hashed. Persons by id only, so that erasing one does not break the chain."""

    position: int
    kind: HistoryKind
    at: datetime
    credential_id: UUID | None
    version_n: int | None
    key_id: UUID | None
    actor_id: UUID | None
    reason: str
    document_sha256: str | None
    previous_hash: str

    @property
    def text(self) -> str:
        """What is hashed, and exported: JSON in one line, members by name, ASCII."""
        return json.dumps(asdict(self), default=_plain, sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def find_break(entries: Iterable[tuple[Link, str]], *, after: int = 0, previous: str = GENESIS) -> int | None:
    """The position of the first (link, stored hash) that was changed, or that one is missing before; None if the chain holds.

    `after` and `previous`: position and hash of the entry before the first of them. That the end was cut off is not seen here.
    """
    expected = after + 1
    for link, stored in entries:
        if link.position != expected or link.previous_hash != previous or link.hash != stored:
            return expected
        expected, previous = expected + 1, stored
    return None


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
