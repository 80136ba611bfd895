"""The list that says which credentials were revoked (W3C Bitstring Status List 1.0)."""

import base64
import gzip
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from laurel.credentials.rules.moments import timestamp

LENGTH = 131_072
HALF_FULL = LENGTH // 2
OPEN_LISTS = 2
"""Lists that take new credentials at any time, chosen among at random: so a list's number does not date a credential."""
LIFE = timedelta(days=7)
RENEW_BEFORE = timedelta(days=3)
BLUR = timedelta(minutes=5)
"""A changed list is signed again at marks of the clock so far apart and at no other time: when it is signed says nothing of when it
was changed, also where a change is rare."""
TTL_MILLISECONDS = 300_000
PACKING = 6
"""How hard gzip tries: at 9 a list is 3 to 15 % smaller and takes ten times as long."""


def encode_bits(indexes: Iterable[int]) -> str:
    """`encodedList`: one bit an entry, index 0 the left-most, gzip without a time in it, multibase base64url."""
    bits = bytearray(LENGTH // 8)
    for index in indexes:
        if not 0 <= index < LENGTH:
            raise ValueError(f"A list has no entry {index}.")
        bits[index // 8] |= 0x80 >> index % 8
    packed = gzip.compress(bytes(bits), PACKING, mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_bits(encoded: str) -> frozenset[int]:
    """The indexes that are set in an `encodedList` of ours. Not for what strangers send: it unpacks whatever it is given."""
    body = encoded.removeprefix("u")
    bits = gzip.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    places = ((place, byte) for place, byte in enumerate(bits) if byte)
    return frozenset(place * 8 + bit for place, byte in places for bit in range(8) if byte & 0x80 >> bit)


def status_entry(list_url: str, index: int) -> dict[str, str]:
    """`credentialStatus`: where a credential's bit is found."""
    return {
        "id": f"{list_url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def status_list_document(*, url: str, did: str, indexes: Iterable[int], now: datetime) -> dict[str, Any]:
    """The list as a credential, not yet signed. It begins on the hour, so that slow clocks accept it."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did,
        "validFrom": timestamp(now.replace(minute=0, second=0, microsecond=0)),
        "validUntil": timestamp(now + LIFE),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "ttl": TTL_MILLISECONDS,
            "encodedList": encode_bits(indexes),
        },
    }


def needs_signing(*, now: datetime, valid_until: datetime, changed_at: datetime | None) -> bool:
    """Whether a list must be signed again: a mark of the clock came after its first change, or it will soon be too old.

    One that both changed and grows old waits for the mark, too: that is minutes away, and its end days.
    """
    if changed_at is not None:
        return last_mark(now) > changed_at
    return valid_until - now < RENEW_BEFORE


def last_mark(now: datetime) -> datetime:
    """The latest mark of the clock that changes are gathered to."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // BLUR * BLUR
