"""The key vault in this process: AES-256-GCM under a key-encryption key that is configured, never stored."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from laurel.credentials.gateway import KeyVaultError

NONCE = 12
PURPOSE = b"laurel credentials: issuer keys, 1"


class AesKeyVault:
    """Seals as nonce ‖ ciphertext ‖ tag. The label is authenticated: a sealed key opens under its own name only."""

    def __init__(self, key_encryption_key: str) -> None:
        self._key_encryption_key = key_encryption_key

    def seal(self, secret: bytes, *, label: str) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher().encrypt(nonce, secret, label.encode())

    def open(self, sealed: bytes, *, label: str) -> bytes:
        try:
            return self._cipher().decrypt(sealed[:NONCE], sealed[NONCE:], label.encode())
        except InvalidTag:
            raise KeyVaultError(f"KEY_ENCRYPTION_KEY does not open {label}.") from None

    def _cipher(self) -> AESGCM:
        if not self._key_encryption_key:
            raise KeyVaultError("KEY_ENCRYPTION_KEY is missing.")
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
        return AESGCM(derive.derive(self._key_encryption_key.encode()))
