"""The chain over an attempt's answers: each event carries the hash of the one before, and the last one makes the receipt."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One saved answer as the chain sees it."""

    op_id: UUID
    position: int
    slot: int
    seq: int
    answer: Mapping[str, Any] | None
    client_ts: str
    received_at: datetime


def content_of(*, slot: int, seq: int, answer: Mapping[str, Any] | None) -> str:
    """What an operation says, as canonical JSON: two operations with one id must have the same."""
    return _canonical({"slot": slot, "seq": seq, "answer": answer})


def genesis(attempt_id: UUID) -> str:
    """The hash before the first answer."""
    return hashlib.sha256(f"laurel attempt {attempt_id}".encode()).hexdigest()


def next_hash(previous: str, link: Link) -> str:
    """SHA-256 over the hash before and everything that this operation says."""
    said = {
        "op_id": str(link.op_id),
        "position": link.position,
        "slot": link.slot,
        "seq": link.seq,
        "answer": link.answer,
        "client_ts": link.client_ts,
        "received_at": link.received_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return hashlib.sha256(f"{previous}{_canonical(said)}".encode()).hexdigest()


def find_break(attempt_id: UUID, links: Iterable[tuple[Link, str]], *, head: str) -> int | None:
    """The position at which links and stored hashes part, 0 if they end before `head`, None if all is as it was written."""
    previous = genesis(attempt_id)
    for expected, (link, stored) in enumerate(links, start=1):
        previous = next_hash(previous, link)
        if previous != stored or link.position != expected:
            return expected
    return None if previous == head else 0


def receipt_of(*, attempt_id: UUID, head: str, answers: int, finished_at: datetime) -> str:
    """The code that a learner gets at submission, such as `LR-2K7F-QW3M-XTHA-9PZE`: it changes if any answer does."""
    said = _canonical(
        {
            "attempt": str(attempt_id),
            "head": head,
            "answers": answers,
            "finished_at": finished_at.astimezone(UTC).isoformat(timespec="microseconds"),
        }
    )
    letters = base64.b32encode(hashlib.sha256(said.encode()).digest()[:10]).decode()
    return "LR-" + "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
