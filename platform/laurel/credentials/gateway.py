"""Where signing keys are: made, kept and used behind this interface, and never taken out of it."""

from dataclasses import dataclass, field
from typing import Protocol


class KeyVaultError(Exception):
    """A private key cannot be made, opened or used here: the key-encryption key is missing or another one, or what keeps it is away."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key as it is stored: the address and the text of its public half, and what its vault needs to find or open the private one."""

    method: str
    algorithm: str
    public_key: str
    sealed: bytes = field(repr=False)


class Signer(Protocol):
    """A private key in use. It signs, and does not show itself."""

    @property
    def method(self) -> str:
        """The address of its public half: `did:web:…#fragment`."""

    @property
    def algorithm(self) -> str:
        """`Ed25519`, or `RS256`: RSA by PKCS #1 v1.5 over SHA-256."""

    @property
    def public_key(self) -> str:
        """For Ed25519 as multibase (`z6Mk…`), for RS256 the text of a JWK."""

    def sign(self, data: bytes) -> bytes:
        """The signature of these bytes, which it hashes itself. Raises KeyVaultError."""


class KeyVault(Protocol):
    """Makes key pairs and opens them for signing. Both raise KeyVaultError."""

    def make(self, algorithm: str, *, method: str) -> KeyPair: ...

    def open(self, pair: KeyPair) -> Signer: ...


ANYTHING = b"Laurel asks whether this key signs."
"""No digest of a document and no token has this form, so its signature proves nothing else."""


def check_signing(pair: KeyPair, keys: KeyVault) -> None:
    """Raise KeyVaultError unless this key signs now. To open one that is kept elsewhere says nothing about that."""
    keys.open(pair).sign(ANYTHING)
