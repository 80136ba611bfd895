"""What opens a private certificate to somebody who is not its holder: a token in the address, signed so that none can be guessed.

A *link* names a share link, which has an end and can be withdrawn. A *pass* is the holder's own way to their files from a page
of their account: it names the certificate, and ends by itself.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

PURPOSE = b"laurel: who may see a private certificate"
LINK, PASS = b"L", b"P"
MAC = 32
MAX_TOKEN = 120


@dataclass(frozen=True, slots=True)
class Link:
    """The token of the share link `link_id`; whether that is still good is for the database to say."""

    link_id: UUID


@dataclass(frozen=True, slots=True)
class Pass:
    """The token of a certificate's holder, good until `ends_at`."""

    credential_id: UUID
    ends_at: datetime


Token = Link | Pass


def write_token(token: Token, secret: str) -> str:
    """The token as it stands in an address."""
    message = LINK + token.link_id.bytes if isinstance(token, Link) else PASS + token.credential_id.bytes + _packed(token.ends_at)
    return base64.urlsafe_b64encode(message + _mac(message, secret)).decode().rstrip("=")


def read_token(text: str, secrets: Sequence[str]) -> Token | None:
    """What a token of ours says; None for anything else, whatever it may be."""
    if not text.isascii() or not 0 < len(text) <= MAX_TOKEN:
        return None
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    message, mac = content[:-MAC], content[-MAC:]
    if not any(hmac.compare_digest(mac, _mac(message, secret)) for secret in secrets):
        return None
    if message[:1] == LINK and len(message) == 17:
        return Link(UUID(bytes=message[1:]))
    if message[:1] == PASS and len(message) == 25:
        return Pass(UUID(bytes=message[1:17]), datetime.fromtimestamp(int.from_bytes(message[17:], "big"), UTC))
    return None


def _packed(moment: datetime) -> bytes:
    return int(moment.timestamp()).to_bytes(8, "big")


def _mac(message: bytes, secret: str) -> bytes:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return hmac.digest(key, message, hashlib.sha256)
