"""Whoever signs, signs behind one interface: what the keys of this process do, a key that is kept elsewhere can do as well."""

import json
import pickle
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.ob3 import multikey_from_pem, resolve_did, verify_data_integrity_proof
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.ed25519_gateway import fits
from laurel.credentials.gateway import KeyPair, KeyVaultError, Signer
from laurel.credentials.jose_gateway import sign_token
from laurel.credentials.keypair_gateway import make_pair, sign_locally
from laurel.credentials.models import CredentialVersion, IssuerKey, StatusList
from laurel.credentials.openbadges_gateway import sign_credential
from laurel.credentials.rules.anchors import find_anchors
from laurel.credentials.rules.document import build_document
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.keys import STAGING, KeyPurpose, KeyState
from laurel.credentials.services.anchoring import End, keep_anchor
from laurel.credentials.services.issuers import ensure_key
from laurel.credentials.services.keys import activate, find_lost_keys, stage
from laurel.credentials.services.tokens import NoTokenError, find_token_key, make_token
from tests.credentials.carriers import RSA
from tests.credentials.samples import FACTS, SEED, SIGNER
from tests.factories.credentials import ISSUER, make_credential

PKCS8 = RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class Elsewhere:
    """A machine that makes keys, signs with them and lets none out. What is stored here is a number."""

    keys: list[Ed25519PrivateKey | RSAPrivateKey] = field(default_factory=list)
    is_away: bool = False

    def make(self, algorithm: str, *, method: str) -> KeyPair:
        self.keys.append(RSA if algorithm == "RS256" else Ed25519PrivateKey.generate())
        return KeyPair(method, algorithm, public_half(self.keys[-1]), b"elsewhere:%d" % len(self.keys))

    def open(self, pair: KeyPair) -> Signer:
        number = int(pair.sealed.removeprefix(b"elsewhere:"))
        return FarSigner(pair.method, pair.algorithm, pair.public_key, self, number - 1)


@dataclass(frozen=True)
class FarSigner:
    method: str
    algorithm: str
    public_key: str
    machine: Elsewhere
    number: int

    def sign(self, data: bytes) -> bytes:
        if self.machine.is_away:
            raise KeyVaultError("The machine does not answer.")
        key = self.machine.keys[self.number]
        return key.sign(data) if isinstance(key, Ed25519PrivateKey) else key.sign(data, PKCS1v15(), SHA256())


def public_half(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    """As other people's libraries write it."""
    if isinstance(key, RSAPrivateKey):
        return json.dumps({**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "alg": "RS256"})
    return str(multikey_from_pem(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)))


def test_keys_that_never_enter_this_process_sign_all_that_is_signed(session: Session) -> None:
    machine, now = Elsewhere(), clock.now()
    make_credential(session, keys=machine)
    ensure_key(session, ISSUER, machine, now=now, purpose=KeyPurpose.JWT)
    document = session.scalars(select(CredentialVersion.signed_json)).one()
    token = make_token(document, find_token_key(session, ISSUER, machine))
    [anchor] = find_anchors([keep_anchor(session, End(1, "0" * 64), ISSUER, machine, now=now) or ""])

    keys = {key.purpose: key for key in session.scalars(select(IssuerKey))}
    proving, jwk = keys[KeyPurpose.DATA_INTEGRITY].public_key, json.loads(keys[KeyPurpose.JWT].public_key)
    assert {key.sealed_private_key for key in keys.values()} == {b"elsewhere:1", b"elsewhere:2"}
    for text in (document, *session.scalars(select(StatusList.signed_json))):
        verify_data_integrity_proof(json.loads(text), resolve_did(f"did:key:{proving}"))
    assert jwt.decode(token, jwt.PyJWK(jwk), algorithms=["RS256"])["id"] == json.loads(document)["id"]
    assert fits(anchor.words.encode(), anchor.signature, proving)


def test_a_token_waits_for_a_machine_that_does_not_answer(session: Session) -> None:
    machine = Elsewhere()
    make_credential(session, keys=machine)
    ensure_key(session, ISSUER, machine, now=clock.now(), purpose=KeyPurpose.JWT)
    document = session.scalars(select(CredentialVersion.signed_json)).one()
    key = find_token_key(session, ISSUER, machine)
    machine.is_away = True

    with pytest.raises(NoTokenError):
        make_token(document, key)

    machine.is_away = False
    assert make_token(document, key).count(".") == 2


def test_a_key_that_does_not_sign_is_named_and_not_put_to_use(session: Session) -> None:
    machine, now = Elsewhere(), clock.now()
    used = ensure_key(session, ISSUER, machine, now=now)
    staged = stage(session, ISSUER, machine, purpose=KeyPurpose.DATA_INTEGRITY, reason="yearly", actor_id=None, now=now)
    assert find_lost_keys(session, ISSUER, machine) == []
    machine.is_away = True

    assert {key.id for key in find_lost_keys(session, ISSUER, machine)} == {used.id, staged.id}
    with pytest.raises(KeyVaultError):
        activate(session, ISSUER, machine, staged.fragment, reason="yearly", actor_id=None, now=now + STAGING)
    assert (used.state, staged.state) == (KeyState.ACTIVE, KeyState.STAGED)


def test_a_signer_whose_key_is_not_the_published_one_signs_nothing() -> None:
    stranger = replace(SIGNER, public_key=public_half(Ed25519PrivateKey.generate()))

    with pytest.raises(UnsignableError, match="own verification"):
        sign_credential(build_document(ISSUER, FACTS), stranger, created=FACTS.awarded_at, allows_http=True)


@pytest.mark.parametrize(("algorithm", "private"), [("Ed25519", SEED), ("RS256", PKCS8)])
def test_the_signer_of_this_process_never_shows_its_private_half(algorithm: str, private: bytes) -> None:
    signer = sign_locally(KeyPair("did:web:laurel.test#one", algorithm, "public", private), private)

    shown: list[Any] = [attrgetter(name)(signer) for name in dir(signer) if not name.startswith("__")]
    assert private not in shown
    assert private.hex() not in repr(shown) + repr(signer)
    assert repr(private) not in repr(shown) + repr(signer)
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(signer)


def test_a_token_is_what_pyjwt_reads_with_the_published_key() -> None:
    private, public = make_pair("RS256")
    signer = sign_locally(KeyPair("did:web:laurel.test#jwt-2026-01", "RS256", public, b""), private)

    token = sign_token({"iss": "us", "name": "Ada Šimić"}, signer, kid="https://laurel.test/keys/jwt-2026-01.jwk")

    assert jwt.decode(token, jwt.PyJWK(json.loads(public)), algorithms=["RS256"]) == {"iss": "us", "name": "Ada Šimić"}
    header = {"alg": "RS256", "kid": "https://laurel.test/keys/jwt-2026-01.jwk", "typ": "JWT"}
    assert jwt.get_unverified_header(token) == header


def test_a_new_key_has_the_public_half_that_other_libraries_write() -> None:
    seed, public = make_pair("Ed25519")

    assert public == public_half(Ed25519PrivateKey.from_private_bytes(seed))
