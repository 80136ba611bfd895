import pytest

from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.gateway import KeyVaultError

SECRET = bytes(range(32))
LABEL = "did:web:laurel.test#key-2026-01"


def test_what_is_sealed_opens_again_and_looks_different_each_time() -> None:
    vault = AesKeyVault("a key-encryption key")
    sealed = vault.seal(SECRET, label=LABEL)

    assert vault.open(sealed, label=LABEL) == SECRET
    assert SECRET not in sealed
    assert vault.seal(SECRET, label=LABEL) != sealed


def test_a_sealed_key_does_not_open_under_another_name() -> None:
    vault = AesKeyVault("a key-encryption key")

    with pytest.raises(KeyVaultError, match="key-2027-01"):
        vault.open(vault.seal(SECRET, label=LABEL), label="did:web:laurel.test#key-2027-01")


def test_another_key_encryption_key_opens_nothing() -> None:
    with pytest.raises(KeyVaultError, match="does not open"):
        AesKeyVault("another").open(AesKeyVault("a key-encryption key").seal(SECRET, label=LABEL), label=LABEL)


def test_a_changed_byte_is_noticed() -> None:
    vault = AesKeyVault("a key-encryption key")
    sealed = bytearray(vault.seal(SECRET, label=LABEL))
    sealed[-1] ^= 1

    with pytest.raises(KeyVaultError):
        vault.open(bytes(sealed), label=LABEL)


def test_without_a_key_encryption_key_nothing_is_sealed() -> None:
    with pytest.raises(KeyVaultError, match="KEY_ENCRYPTION_KEY is missing"):
        AesKeyVault("").seal(SECRET, label=LABEL)
