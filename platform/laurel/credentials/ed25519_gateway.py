"""Ed25519 public keys in the form in which they are published, and what was signed with their private halves."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.credentials.rules import base58

PREFIX = b"\xed\x01"
"""Before the 32 bytes of an Ed25519 key in its multibase form."""


def multikey_of(public: Ed25519PublicKey) -> str:
    """The key as `publicKeyMultibase`."""
    return "z" + base58.encode(PREFIX + public.public_bytes_raw())


def fits(data: bytes, signature: bytes, multikey: str) -> bool:
    """Whether the owner of this public key (`z6Mk…`) signed the data."""
    try:
        public = base58.decode(multikey.removeprefix("z")).removeprefix(PREFIX)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
