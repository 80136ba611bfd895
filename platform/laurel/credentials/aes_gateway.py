"""The key vault in this process: keys are stored under AES-256-GCM, with a key-encryption key that is configured, never stored."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from laurel.credentials.gateway import KeyPair, KeyVaultError
from laurel.credentials.keypair_gateway import LocalSigner, make_pair, sign_locally

NONCE = 12
PURPOSE = b"laurel credentials: issuer keys, 1"


class AesKeyVault:
    """Seals as nonce ‖ ciphertext ‖ tag. The method is authenticated: a sealed key opens under its own name only."""

    def __init__(self, key_encryption_key: str) -> None:
        self._key_encryption_key = key_encryption_key

    def make(self, algorithm: str, *, method: str) -> KeyPair:
        cipher, nonce = self._cipher(), secrets.token_bytes(NONCE)
        private, public_key = make_pair(algorithm)
        return KeyPair(method, algorithm, public_key, nonce + cipher.encrypt(nonce, private, method.encode()))

    def open(self, pair: KeyPair) -> LocalSigner:
        try:
            private = self._cipher().decrypt(pair.sealed[:NONCE], pair.sealed[NONCE:], pair.method.encode())
        except InvalidTag:
            raise KeyVaultError(f"KEY_ENCRYPTION_KEY does not open {pair.method}.") from None
        return sign_locally(pair, private)

    def _cipher(self) -> AESGCM:
        if not self._key_encryption_key:
            raise KeyVaultError("KEY_ENCRYPTION_KEY is missing.")
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
        return AESGCM(derive.derive(self._key_encryption_key.encode()))
