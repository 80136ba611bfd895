"""Signing and checking proofs with `openbadgeslib` and its JSON-LD processor. No address is ever fetched."""

import hashlib
import json
import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import OB3LdpVerifier, add_data_integrity_proof, multikey_from_pem, resolve_did, verify_data_integrity_proof
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

from laurel.credentials.rules.gate import UnsignableError, check_before_signing

log = logging.getLogger("laurel.credentials")

CONTEXT_FILES = {
    "credentials-v2.json": "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    "ob-v3p0-context-3.0.3.json": "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
}
"""The contexts that our documents name, by the SHA-256 that was signed against; the first is pinned by the W3C."""

# W3C, Data Integrity EdDSA Cryptosuites v1.0, B.1: a published key pair, document and signature.
VECTOR_SEED = bytes.fromhex("c96ef9ea10c5e414c471723aff9de72c35fa5b70fae97e8832ecac7d2e2b8ed6")
VECTOR_KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
VECTOR_CONTEXT = "https://www.w3.org/ns/credentials/examples/v2"
VECTOR_PROOF = "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme"
VECTOR = {
    "@context": ["https://www.w3.org/ns/credentials/v2", VECTOR_CONTEXT],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}

# pyld keeps one cache of contexts for the whole process, and it is not thread-safe. openbadgeslib brings its own.
_expanding = threading.Lock()


class UnfitIssuerError(Exception):
    """This installation does not sign as the standard says; nothing is signed until that is repaired."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private Ed25519 key (32 bytes) and the address of its public half. Lives only while something is signed."""

    seed: bytes = field(repr=False)
    method: str

    @property
    def pem(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public_pem(self) -> bytes:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def multikey(self) -> str:
        """The public half as `publicKeyMultibase`."""
        return str(multikey_from_pem(self.public_pem))


def sign_credential(document: dict[str, Any], key: SigningKey, *, created: datetime, allows_http: bool) -> str:
    """The signed credential as the text to be stored and served; raises UnsignableError for one no verifier would accept."""
    signed = _sign(document, key, created=created, allows_http=allows_http)
    try:
        OB3LdpVerifier(pubkey_pem=key.public_pem).verify(signed)
    except LibOpenBadgesException as error:
        raise UnsignableError("own verification", str(error)) from error
    return _compact(signed)


def sign_status_list(document: dict[str, Any], key: SigningKey, *, created: datetime, allows_http: bool) -> str:
    """The signed status list as the text to be stored and served."""
    signed = _sign(document, key, created=created, allows_http=allows_http)
    try:
        verify_data_integrity_proof(signed, key.public_pem)
    except LibOpenBadgesException as error:
        raise UnsignableError("own verification", str(error)) from error
    return _compact(signed)


@lru_cache(maxsize=2000)
def is_unaltered(signed_json: str, multikey: str) -> bool:
    """Whether the stored text carries a proof by this public key that fits it. The same text is checked once per process."""
    return has_valid_proof(signed_json, multikey)


def has_valid_proof(signed_json: str, multikey: str) -> bool:
    """The same, checked each time: for whoever goes through many."""
    public_pem = resolve_did(f"did:key:{multikey}")
    try:
        verify_data_integrity_proof(json.loads(signed_json), public_pem)
    except (LibOpenBadgesException, ValueError):
        return False
    return True


def fits_proof(document: dict[str, Any], multikey: str) -> bool:
    """Whether a document that a stranger sent carries a proof by this public key that fits it. The library bounds its own work."""
    try:
        verify_data_integrity_proof(document, resolve_did(f"did:key:{multikey}"))
    except LibOpenBadgesException:
        return False
    except Exception as error:  # it was written against hostile documents, and yet: what it cannot follow is not verified
        log.warning("A foreign proof could not be checked: %s", type(error).__name__)
        return False
    return True


@cache
def check_fitness(contexts: tuple[tuple[str, str], ...] = tuple(CONTEXT_FILES.items()), proof: str = VECTOR_PROOF) -> None:
    """Raise UnfitIssuerError unless the contexts have these digests and the W3C's vector is signed with this `proof`."""
    for name, expected in contexts:
        content = resources.files("openbadgeslib.ob3.contexts").joinpath(name).read_bytes()
        if hashlib.sha256(content).hexdigest() != expected:
            raise UnfitIssuerError(f"The context {name} is not the one that we sign against.")
    method = f"did:key:{VECTOR_KEY}#{VECTOR_KEY}"
    signed = add_data_integrity_proof(
        VECTOR,
        SigningKey(VECTOR_SEED, method).pem,
        method,
        created=datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC),
        extra_contexts={VECTOR_CONTEXT: {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}},
    )
    if signed["proof"]["proofValue"] != proof:
        raise UnfitIssuerError("The signature of the W3C’s test vector differs from the published one.")


def _sign(document: dict[str, Any], key: SigningKey, *, created: datetime, allows_http: bool) -> dict[str, Any]:
    check_fitness()
    check_before_signing(document, allows_http=allows_http)
    _check_terms(document)
    try:
        signed: dict[str, Any] = add_data_integrity_proof(document, key.pem, key.method, created=created)
    except LibOpenBadgesException as error:
        raise UnsignableError("signing", str(error)) from error
    return signed


def _check_terms(document: dict[str, Any]) -> None:
    """A term that no context defines would be left out of what is signed, without a word."""

    def refuse(term: str) -> None:
        raise UnsignableError("unknown term", str(term))

    with _expanding:
        jsonld.expand(document, {"documentLoader": document_loader()}, on_property_dropped=refuse)


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
