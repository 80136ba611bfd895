"""What must hold before a document is signed: the checks that need no JSON-LD processor (specs/credentials.md §4, S2)."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

TYPES = frozenset(
    "VerifiableCredential OpenBadgeCredential Profile Image AchievementSubject Achievement IdentityObject Alignment "
    "ResultDescription Result Evidence BitstringStatusListEntry BitstringStatusListCredential BitstringStatusList".split()
)
ADDRESSES = frozenset({"id", "url", "statusListCredential"})
CONTEXT = "@context"
MAX_BYTES = 256 * 1024
"""What verifiers read at most; the proof is in it."""


class UnsignableError(Exception):
    """The document must not be signed; `rule` names what it breaks."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


def check_before_signing(document: dict[str, Any], *, allows_http: bool) -> None:
    """Raise UnsignableError for an id that is no absolute URI, a type outside our list, or what verifiers read differently."""
    write(document)
    described: Counter[str] = Counter()
    for key, value in _members({key: value for key, value in document.items() if key != CONTEXT}):
        if is_address(key) or (key == "resultDescription" and isinstance(value, str)):
            _check_address(key, value, allows_http=allows_http)
        if key == "type":
            _check_type(value)
        if value in ("", None, [], {}):
            raise UnsignableError("empty member", key)
        if key == "id":
            described[value] += 1
        _check_spelling(key, value)
    if not document.get(CONTEXT):
        raise UnsignableError("empty member", CONTEXT)
    _check_described_once(document, described)


def is_address(key: str) -> bool:
    """Whether the values of this member are absolute URIs."""
    return key in ADDRESSES or key.endswith("Url")


def write(document: dict[str, Any]) -> str:
    """The document as it is stored and served; raises UnsignableError for what is no JSON to everybody, or too long."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError) as error:
        raise UnsignableError("text", str(error)) from error
    if size > MAX_BYTES:
        raise UnsignableError("size", f"{size} bytes")
    return text


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield key, entry
            yield from _members(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _members(entry)


def _check_address(key: str, value: Any, *, allows_http: bool) -> None:
    if not isinstance(value, str) or not value.isascii() or any(c.isspace() for c in value):
        raise UnsignableError("address", f"{key} is {value!r}")
    parts = urlsplit(value)
    is_web = parts.scheme == "https" or (allows_http and parts.scheme == "http")
    if not ((is_web and parts.netloc) or value.startswith(("did:web:", "urn:uuid:"))):
        raise UnsignableError("address", f"{key} is {value!r}")


def _check_type(value: Any) -> None:
    unknown = set(value if isinstance(value, list) else [value]) - TYPES
    if unknown:
        raise UnsignableError("type", ", ".join(sorted(map(str, unknown))))


def _check_spelling(key: str, value: Any) -> None:
    """A member under its address or a keyword, or a list in a list, is signed as another spelling of it, which readers of JSON overlook."""
    if key.startswith("@") or ":" in key:
        raise UnsignableError("spelling", key)
    if isinstance(value, list) and any(isinstance(entry, list) for entry in value):
        raise UnsignableError("spelling", f"a list in the list of {key}")


def _check_described_once(document: dict[str, Any], described: Counter[str]) -> None:
    """What a document says of itself and of its status it says in one place: to a signature, two are one."""
    status = document.get("credentialStatus")
    for node in (document, status):
        if isinstance(node, dict) and described[node.get("id", "")] > 1:
            raise UnsignableError("described twice", str(node["id"]))
