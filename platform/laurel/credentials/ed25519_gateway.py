"""Signing and checking a line of text with an issuer's Ed25519 key. Documents are signed by `openbadges_gateway`."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from laurel.credentials.rules import base58

PREFIX = b"\xed\x01"
"""Before the 32 bytes of an Ed25519 key in its multibase form."""


def sign_text(text: str, seed: bytes) -> bytes:
    """The signature of the text's UTF-8 bytes: 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())


def fits_text(text: str, signature: bytes, multikey: str) -> bool:
    """Whether the owner of this public key (`z6Mk…`) signed the text."""
    try:
        public = base58.decode(multikey.removeprefix("z")).removeprefix(PREFIX)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
