"""The second form of a credential: a JSON Web Token, RS256, for verifiers that read no Data Integrity proofs (§2.6)."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

BITS = 3072
EXPONENT = 65_537


def make_rsa_key() -> tuple[bytes, str]:
    """A new key pair: the private half as PKCS #8, the public half as the text of a JWK."""
    private = generate_private_key(public_exponent=EXPONENT, key_size=BITS)
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), _jwk(private.public_key())


def sign_token(claims: dict[str, Any], private: bytes, *, kid: str) -> str:
    """The claims as a compact JWS (RFC 7515, RFC 7518 §3.3)."""
    key = load_der_private_key(private, password=None, unsafe_skip_rsa_key_validation=True)  # the vault vouches for it
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("RS256 needs an RSA key.")
    header = {"alg": "RS256", "kid": kid, "typ": "JWT"}
    signed = f"{_encoded(_compact(header))}.{_encoded(_compact(claims))}"
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _jwk(public: RSAPublicKey) -> str:
    numbers = public.public_numbers()
    return _compact({"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), "alg": "RS256"}).decode()


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
