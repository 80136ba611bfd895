"""Where signing keys are wrapped and unwrapped."""

from typing import Protocol


class KeyVaultError(Exception):
    """The private key cannot be sealed or opened here: the key-encryption key is missing or another one."""


class KeyVault(Protocol):
    """Seals a private key before it is stored and opens it in the signing process alone."""

    def seal(self, secret: bytes, *, label: str) -> bytes: ...

    def open(self, sealed: bytes, *, label: str) -> bytes: ...
