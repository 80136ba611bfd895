"""Checking the signature of a JSON Web Token that somebody sent, with `cryptography`. RS256 and nothing else."""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from laurel.credentials.rules.foreign import Token

ALGORITHM = "RS256"


def fits_token(token: Token, jwk: str) -> bool:
    """Whether the token was signed by this key of ours, the public half as the text of a JWK (RFC 7518 §3.3)."""
    if token.header.get("alg") != ALGORITHM or "crit" in token.header:
        return False
    try:
        _public_key(json.loads(jwk)).verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _public_key(jwk: dict[str, Any]) -> RSAPublicKey:
    return RSAPublicNumbers(e=_number(jwk["e"]), n=_number(jwk["n"])).public_key()


def _number(encoded: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
