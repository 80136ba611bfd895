"""Key pairs in the memory of this process, with `cryptography`: made here, and used behind a signer that gives nothing away."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from laurel.credentials.ed25519_gateway import multikey_of
from laurel.credentials.gateway import KeyPair
from laurel.credentials.jose_gateway import encode

SEED_BYTES = 32
RSA_BITS = 3072
RSA_EXPONENT = 65_537


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """Signs with a key that it holds, and has no way to say which. Lives only while something is signed."""

    method: str
    algorithm: str
    public_key: str
    _sign: Callable[[bytes], bytes] = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        return self._sign(data)


def make_pair(algorithm: str) -> tuple[bytes, str]:
    """A new private key, which `sign_locally` takes, and the text of its public half."""
    if algorithm == "RS256":
        return _make_rsa_pair()
    seed = secrets.token_bytes(SEED_BYTES)
    return seed, multikey_of(Ed25519PrivateKey.from_private_bytes(seed).public_key())


def sign_locally(pair: KeyPair, private: bytes) -> LocalSigner:
    """A signer that holds this private half of the pair: 32 bytes for Ed25519, PKCS #8 for RS256."""
    opened = _open_rsa(private) if pair.algorithm == "RS256" else Ed25519PrivateKey.from_private_bytes(private).sign
    return LocalSigner(pair.method, pair.algorithm, pair.public_key, opened)


def _make_rsa_pair() -> tuple[bytes, str]:
    private = generate_private_key(public_exponent=RSA_EXPONENT, key_size=RSA_BITS)
    numbers = private.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), "alg": "RS256"}
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), json.dumps(jwk, separators=(",", ":"))


def _open_rsa(private: bytes) -> Callable[[bytes], bytes]:
    key = load_der_private_key(private, password=None, unsafe_skip_rsa_key_validation=True)  # the vault vouches for it
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("RS256 needs an RSA key.")
    return lambda data: key.sign(data, PKCS1v15(), SHA256())


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8))
