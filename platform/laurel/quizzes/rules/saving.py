"""What the browser sends when it saves: read strictly, before anything is changed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from laurel.core.errors import InvalidInputError

MAX_ITEMS = 200
MAX_SKIP = 10_000
"""How far a slot's `seq` may run ahead of the last one that was saved."""
MAX_DEPTH = 20
ITEM_KEYS = frozenset({"op_id", "slot", "seq", "answer", "client_ts"})
BODY_KEYS = frozenset({"items", "lease", "trouble"})
MAX_TROUBLE = 24 * 60 * 60
TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
CLIENT_TS = re.compile(r"[0-9TZ:.+-]{0,40}\Z")


class InvalidSaveError(InvalidInputError):
    """An item could not have come from our page. Nothing of its batch was saved; `op_id` says which it was."""

    message = "That is not an answer to this paper. Nothing was saved."

    def __init__(self, message: str | None = None, *, op_id: UUID | None = None) -> None:
        super().__init__(message)
        self.op_id = op_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveItem:
    """One change of one answer. `answer` is as raw as it came; `client_ts` is evidence and decides nothing.

    `has_page_keys`: it names options by their places on the paper, as pages do, and not by their own keys.
    """

    op_id: UUID
    slot: int
    seq: int
    answer: Any
    client_ts: str = ""
    has_page_keys: bool = False


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """`trouble`: for how many seconds the browser could not save before this; a hint, and 0 mostly."""

    items: tuple[SaveItem, ...]
    lease: str | None
    trouble: int = 0


def _refuse(message: str, op_id: UUID | None = None) -> NoReturn:
    raise InvalidSaveError(f"{message} Nothing was saved.", op_id=op_id)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def read_request(body: bytes) -> SaveRequest:
    """The saving that `body`, JSON in UTF-8, asks for; raises InvalidSaveError."""
    try:
        data = json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
    except (ValueError, RecursionError):
        _refuse("That is no JSON.")
    if not isinstance(data, dict) or not data.keys() <= BODY_KEYS or not isinstance(data.get("items"), list):
        _refuse("Send an object with “items” and “lease”.")
    if len(data["items"]) > MAX_ITEMS:
        _refuse(f"Send at most {MAX_ITEMS} items at once.")
    items = tuple(_read_item(item) for item in data["items"])
    return SaveRequest(items=items, lease=read_lease(data.get("lease")), trouble=_read_trouble(data.get("trouble", 0)))


def _read_trouble(seconds: Any) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= MAX_TROUBLE:
        _refuse("trouble is a number of seconds.")
    return seconds


def read_lease(token: Any) -> str | None:
    """The token of the browser tab; None for a page without a script."""
    if token is None:
        return None
    if not isinstance(token, str) or not TOKEN.match(token):
        _refuse("The lease is no token.")
    return token


def _read_item(item: Any) -> SaveItem:
    if not isinstance(item, dict) or not item.keys() <= ITEM_KEYS or not {"op_id", "slot", "seq", "answer"} <= item.keys():
        _refuse("An item has op_id, slot, seq, answer and client_ts.")
    op_id = read_op_id(item["op_id"])
    client_ts = item.get("client_ts", "")
    if not isinstance(client_ts, str) or not CLIENT_TS.match(client_ts):
        _refuse("client_ts is an ISO 8601 moment.", op_id)
    _require_plain(item["answer"], op_id)
    return SaveItem(
        op_id=op_id,
        slot=_read_whole(item["slot"], "slot", op_id),
        seq=_read_whole(item["seq"], "seq", op_id),
        answer=item["answer"],
        client_ts=client_ts,
        has_page_keys=True,
    )


def read_op_id(text: Any) -> UUID:
    """The UUIDv7 that the browser made for an operation."""
    try:
        op_id = UUID(text) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        op_id = None
    if op_id is None or op_id.version != 7:
        _refuse("op_id is a UUIDv7.")
    return op_id


def _read_whole(value: Any, name: str, op_id: UUID) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
        _refuse(f"{name} is a whole number from 1.", op_id)
    return value


def _require_plain(value: Any, op_id: UUID, depth: int = 0) -> None:
    """Refuse texts that no database could store, and nesting that no answer has."""
    if depth > MAX_DEPTH:
        _refuse("An answer is not nested that deep.", op_id)
    if isinstance(value, str) and ("\x00" in value or any("\ud800" <= character <= "\udfff" for character in value)):
        _refuse("An answer has characters that cannot be stored.", op_id)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _require_plain(key, op_id, depth + 1)
            _require_plain(inner, op_id, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _require_plain(inner, op_id, depth + 1)


def is_newer(seq: int, stored: int, *, op_id: UUID) -> bool:
    """Whether this change comes after the last one saved for its slot. A leap that no page makes is refused."""
    if seq > stored + MAX_SKIP:
        _refuse("seq is too far ahead.", op_id)
    return seq > stored
