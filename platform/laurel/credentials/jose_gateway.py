"""The second form of a credential: a JSON Web Token, RS256, for verifiers that read no Data Integrity proofs (§2.6)."""

import base64
import json
from typing import Any

from laurel.credentials.gateway import Signer


def sign_token(claims: dict[str, Any], signer: Signer, *, kid: str) -> str:
    """The claims as a compact JWS (RFC 7515, RFC 7518 §3.3). `kid` is where verifiers find the key."""
    header = {"alg": signer.algorithm, "kid": kid, "typ": "JWT"}
    signed = f"{encode(_compact(header))}.{encode(_compact(claims))}"
    return f"{signed}.{encode(signer.sign(signed.encode()))}"


def encode(content: bytes) -> str:
    """As base64url without its padding, the alphabet of JOSE."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
