from dataclasses import replace

import pytest

from laurel.credentials.aes_gateway import NONCE, AesKeyVault
from laurel.credentials.ed25519_gateway import fits
from laurel.credentials.gateway import KeyPair, KeyVaultError
from laurel.credentials.keypair_gateway import SEED_BYTES

METHOD = "did:web:laurel.test#key-2026-01"
TAG = 16


@pytest.fixture
def vault() -> AesKeyVault:
    return AesKeyVault("a key-encryption key")


@pytest.fixture
def pair(vault: AesKeyVault) -> KeyPair:
    return vault.make("Ed25519", method=METHOD)


def test_what_is_sealed_opens_again_and_signs_for_its_public_half(vault: AesKeyVault, pair: KeyPair) -> None:
    signer = vault.open(pair)

    assert len(pair.sealed) == NONCE + SEED_BYTES + TAG
    assert (signer.method, signer.algorithm, signer.public_key) == (METHOD, "Ed25519", pair.public_key)
    assert fits(b"data", signer.sign(b"data"), pair.public_key)
    assert vault.make("Ed25519", method=METHOD).public_key != pair.public_key


def test_a_sealed_key_does_not_open_under_another_name(vault: AesKeyVault, pair: KeyPair) -> None:
    with pytest.raises(KeyVaultError, match="key-2027-01"):
        vault.open(replace(pair, method="did:web:laurel.test#key-2027-01"))


def test_another_key_encryption_key_opens_nothing(pair: KeyPair) -> None:
    with pytest.raises(KeyVaultError, match="does not open"):
        AesKeyVault("another").open(pair)


@pytest.mark.parametrize("place", [0, NONCE, -1])
def test_a_changed_byte_is_noticed(vault: AesKeyVault, pair: KeyPair, place: int) -> None:
    sealed = bytearray(pair.sealed)
    sealed[place] ^= 1

    with pytest.raises(KeyVaultError):
        vault.open(replace(pair, sealed=bytes(sealed)))


def test_a_key_that_was_sealed_by_an_earlier_release_still_opens() -> None:
    sealed = bytes.fromhex(
        "13ea3ba339874be39c78afd79af6da2733ec7a1ffa14a6933456ed0d0b6060e6efaea361c0735c4a42af85850d1520f433b91aa59fbb918cb073b7dc"
    )  # nonce, ciphertext, tag
    pair = KeyPair(METHOD, "Ed25519", "z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd", sealed)

    assert fits(b"data", AesKeyVault("a key-encryption key").open(pair).sign(b"data"), pair.public_key)


def test_without_a_key_encryption_key_nothing_is_sealed() -> None:
    with pytest.raises(KeyVaultError, match="KEY_ENCRYPTION_KEY is missing"):
        AesKeyVault("").make("Ed25519", method=METHOD)
