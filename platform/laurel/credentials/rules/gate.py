"""What must hold before a document is signed: the checks that need no JSON-LD processor (specs/credentials.md §4, S2)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

TYPES = frozenset(
    "VerifiableCredential OpenBadgeCredential Profile Image AchievementSubject Achievement IdentityObject Alignment "
    "ResultDescription Result Evidence BitstringStatusListEntry BitstringStatusListCredential BitstringStatusList".split()
)
ADDRESSES = frozenset({"id", "url", "statusListCredential"})


class UnsignableError(Exception):
    """The document must not be signed; `rule` names what it breaks."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


def check_before_signing(document: dict[str, Any], *, allows_http: bool) -> None:
    """Raise UnsignableError for an id that is no absolute URI, a type outside our list, or text that verifiers read differently."""
    for key, value in _members(document):
        if key in ADDRESSES or key.endswith("Url"):
            _check_address(key, value, allows_http=allows_http)
        if key == "type":
            _check_type(value)
        if value in ("", None, [], {}):
            raise UnsignableError("empty member", key)


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
