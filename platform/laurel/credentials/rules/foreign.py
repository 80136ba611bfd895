"""Reading what a stranger sends: which kind of file it is, and JSON and tokens held to one strict shape.

Nothing here follows an address, and nothing is believed: it only becomes text that can be compared.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from laurel.core.errors import InvalidInputError

MAX_UPLOAD = 2 * 1024 * 1024
MAX_TEXT = 128 * 1024
"""What one credential may take as text, wherever it was found; ours take about 3 kB."""
MAX_DEPTH = 32
MAX_DIGITS = 20
MAX_SIGNATURE = 1024
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
BOM = b"\xef\xbb\xbf"
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Kind(StrEnum):
    """What a credential travels in."""

    JSON = "json"
    JWT = "jwt"
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


LOOKS = {Kind.PNG: "What the picture shows", Kind.SVG: "What the drawing shows", Kind.PDF: "What is printed on the PDF"}
"""What a person sees of a file besides the credential in it: no signature covers that. Text has no looks of its own."""


class Cause(StrEnum):
    """Why something cannot be read. The names are part of the API."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    UNKNOWN_FORMAT = "unknown-format"
    WRONG_FORMAT = "wrong-format"
    NOT_UTF8 = "not-utf-8"
    NOT_JSON = "not-json"
    DUPLICATE_MEMBER = "duplicate-member"
    TOO_DEEP = "too-deep"
    UNFIT_NUMBER = "unfit-number"
    UNFIT_TEXT = "unfit-text"
    NOT_A_CREDENTIAL = "not-a-credential"
    NOT_A_TOKEN = "not-a-token"  # noqa: S105 (a name)
    UNSUPPORTED_ALGORITHM = "unsupported-algorithm"
    PNG_DAMAGED = "png-damaged"
    SVG_DAMAGED = "svg-damaged"
    SVG_DOCTYPE = "svg-doctype"
    PDF_DAMAGED = "pdf-damaged"
    PDF_ENCRYPTED = "pdf-encrypted"
    NO_CREDENTIAL = "no-credential-inside"
    SEVERAL_CREDENTIALS = "several-credentials-inside"


EXPLANATIONS = {
    Cause.EMPTY: "There is nothing in it. Choose the file of the certificate, or paste its text.",
    Cause.TOO_LARGE: "It is larger than any certificate of ours. Send the file as you got it, not a scan or an archive.",
    Cause.UNKNOWN_FORMAT: "It is none of the files that a certificate comes in: JSON, JWT, PNG, SVG or PDF.",
    Cause.WRONG_FORMAT: "It is not the kind of file that it says it is.",
    Cause.NOT_UTF8: "Its text is not UTF-8. Send the file as it was downloaded, without saving it in another program first.",
    Cause.NOT_JSON: "It is not complete JSON. Copy the whole text, from the first brace to the last.",
    Cause.DUPLICATE_MEMBER: "It says the same member twice, so it could be read in two ways.",
    Cause.TOO_DEEP: f"It is nested more than {MAX_DEPTH} levels deep.",
    Cause.UNFIT_NUMBER: "It has a number that is not one of JSON, or has too many digits.",
    Cause.UNFIT_TEXT: "It has text that is not valid Unicode.",
    Cause.NOT_A_CREDENTIAL: "It is JSON, but not a credential: it does not say who issued it and under which address.",
    Cause.NOT_A_TOKEN: "It looks like a JSON Web Token, but its parts cannot be read.",
    Cause.UNSUPPORTED_ALGORITHM: "It is a JSON Web Token with another algorithm than RS256.",
    Cause.PNG_DAMAGED: "The picture is damaged or cut off. Download it again.",
    Cause.SVG_DAMAGED: "The drawing is damaged or cut off. Download it again.",
    Cause.SVG_DOCTYPE: "The drawing has a document type declaration. Drawings of ours have none.",
    Cause.PDF_DAMAGED: "The PDF is damaged, or was changed by another program. Download it again.",
    Cause.PDF_ENCRYPTED: "The PDF is locked with a password. Send it without one.",
    Cause.NO_CREDENTIAL: "There is no credential inside. A screenshot, a scan or a printed copy has none: enter its number instead.",
    Cause.SEVERAL_CREDENTIALS: "There is more than one credential inside, and they could contradict each other.",
}


class UnreadableError(InvalidInputError):
    """It cannot be read as a credential; `cause` says why in one name, the message in words."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(EXPLANATIONS[cause], field="file")
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Token:
    """A compact JSON Web Signature taken apart; nothing of it is checked yet."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def sniff(content: bytes) -> Kind:
    """What the bytes are, whatever their name says; raises UnreadableError."""
    if content.startswith(PNG_SIGNATURE):
        return Kind.PNG
    if content.startswith(b"%PDF-"):
        return Kind.PDF
    start = content.removeprefix(BOM).lstrip()[:1]
    if not start:
        raise UnreadableError(Cause.EMPTY)
    if start == b"<":
        return Kind.SVG
    if start in {b"{", b"["}:
        return Kind.JSON
    if TOKEN.fullmatch(content.strip()[: MAX_TEXT + 1].decode("latin-1")):
        return Kind.JWT
    raise UnreadableError(Cause.UNKNOWN_FORMAT)


def as_text(content: bytes) -> str:
    """The bytes as text, without the mark that some editors put before it; raises UnreadableError."""
    if len(content) > MAX_TEXT:
        raise UnreadableError(Cause.TOO_LARGE)
    try:
        return content.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        raise UnreadableError(Cause.NOT_UTF8) from None


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object that every reader understands alike; raises UnreadableError."""
    if len(text) > MAX_TEXT:
        raise UnreadableError(Cause.TOO_LARGE)
    try:
        value = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_number, parse_int=_whole, parse_float=_decimal)
    except RecursionError:
        raise UnreadableError(Cause.TOO_DEEP) from None
    except ValueError:
        raise UnreadableError(Cause.NOT_JSON) from None
    _check_values(value)
    if not isinstance(value, dict):
        raise UnreadableError(Cause.NOT_A_CREDENTIAL)
    return value


def parse_token(text: str) -> Token:
    """A token in its three parts; raises UnreadableError."""
    text = text.strip()
    if not TOKEN.fullmatch(text):
        raise UnreadableError(Cause.NOT_A_TOKEN)
    header, claims, signature = text.split(".")
    if len(signature) > MAX_SIGNATURE:
        raise UnreadableError(Cause.NOT_A_TOKEN)
    return Token(
        header=parse_object(as_text(_decode(header))),
        claims=parse_object(as_text(_decode(claims))),
        signed=f"{header}.{claims}".encode(),
        signature=_decode(signature),
    )


def _decode(part: str) -> bytes:
    """base64url without padding; other spellings of the same bytes are refused (RFC 7515 §2)."""
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise UnreadableError(Cause.NOT_A_TOKEN) from None
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != part.encode():
        raise UnreadableError(Cause.NOT_A_TOKEN)
    return decoded


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError(Cause.DUPLICATE_MEMBER)
    return found


def _no_number(_text: str) -> NoReturn:
    raise UnreadableError(Cause.UNFIT_NUMBER)


def _number(convert: Callable[[str], float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        if len(text) > MAX_DIGITS or not math.isfinite(value := convert(text)):
            raise UnreadableError(Cause.UNFIT_NUMBER)
        return value

    return read


_whole, _decimal = _number(int), _number(float)


def _check_values(value: Any) -> None:
    """Without recursion: depth, and text with half a character in it."""
    waiting = [(value, 1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, str) and any("\ud800" <= c <= "\udfff" for c in node):
            raise UnreadableError(Cause.UNFIT_TEXT)
        if not isinstance(node, dict | list):
            continue
        if depth > MAX_DEPTH:
            raise UnreadableError(Cause.TOO_DEEP)
        children = [*node.keys(), *node.values()] if isinstance(node, dict) else node
        waiting.extend((child, depth + 1) for child in children)
