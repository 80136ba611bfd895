"""Signing with `eddsa-rdfc-2022` as our gate demands it, and checking proofs with `openbadgeslib`. No address is ever fetched.

What we sign, the library checks: two implementations of one cryptosuite, which agree on all that is ever shown.
"""

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import OpenBadgeCredential, resolve_did, verify_data_integrity_proof

from laurel.credentials import ed25519_gateway, pyld_gateway
from laurel.credentials.gateway import KeyPair, Signer
from laurel.credentials.keypair_gateway import sign_locally
from laurel.credentials.rules import base58
from laurel.credentials.rules.gate import UnsignableError, check_before_signing, write
from laurel.credentials.rules.moments import timestamp
from laurel.credentials.rules.spelling import find_difference, shape_of

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

VECTOR_TERMS = {VECTOR_CONTEXT: {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}}
CREDENTIAL_TYPES = {"VerifiableCredential", "OpenBadgeCredential"}
CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much the clocks of those who award, sign and verify may differ: what openbadgeslib allows."""

_well_spelled: set[object] = set()
"""The shapes of documents whose spelling was checked: a few, since our own code makes them."""


class UnfitIssuerError(Exception):
    """This installation does not sign as the standard says; nothing is signed until that is repaired."""


def sign_credential(document: dict[str, Any], signer: Signer, *, created: datetime, allows_http: bool) -> str:
    """The signed credential as the text to be stored and served; raises UnsignableError for one no verifier would accept."""
    check_before_signing(document, allows_http=allows_http)
    _check_structure(document, created)
    return _sign(document, signer, created)


def sign_status_list(document: dict[str, Any], signer: Signer, *, created: datetime, allows_http: bool) -> str:
    """The signed status list as the text to be stored and served."""
    check_before_signing(document, allows_http=allows_http)
    return _sign(document, signer, created)


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
    signer = sign_locally(KeyPair(f"did:key:{VECTOR_KEY}#{VECTOR_KEY}", "Ed25519", VECTOR_KEY, b""), VECTOR_SEED)
    options = _proof_options(datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC), signer.method)
    what = pyld_gateway.canonize(VECTOR, VECTOR_TERMS)
    how = pyld_gateway.canonize({**options, "@context": VECTOR["@context"]}, VECTOR_TERMS)
    value = _proof_value(signer, _digest(how, what))
    if value != proof:
        raise UnfitIssuerError("The signature of the W3C’s test vector differs from the published one.")
    signed = {**VECTOR, "proof": {**options, "proofValue": value}}
    verify_data_integrity_proof(signed, resolve_did(f"did:key:{VECTOR_KEY}"), extra_contexts=VECTOR_TERMS)


def check_own_proof(text: str, multikey: str) -> None:
    """Read the text as a stranger does and check its proof by the published key: nothing that was worked out for signing is used again."""
    document = json.loads(text)
    options = document.pop("proof")
    signature = base58.decode(options.pop("proofValue").removeprefix("z"))
    digest = _digest(pyld_gateway.canonize({**options, "@context": document["@context"]}), pyld_gateway.canonize(document))
    if not ed25519_gateway.fits(digest, signature, multikey):
        raise UnsignableError("own verification", "the signature does not fit")


def _sign(document: dict[str, Any], signer: Signer, created: datetime) -> str:
    """The document is expanded once for terms, spelling and signature, and once more to check the result (specs/credentials.md §4, S2)."""
    check_fitness()
    expanded = pyld_gateway.expand(document)
    _check_spelling(document, expanded)
    options = _proof_options(created, signer.method)
    how = _canonical_options(tuple(options.items()), tuple(document["@context"]))
    value = _proof_value(signer, _digest(how, pyld_gateway.canonize(expanded)))
    text = write({**document, "proof": {**options, "proofValue": value}})
    check_own_proof(text, signer.public_key)
    return text


def _check_structure(document: dict[str, Any], created: datetime) -> None:
    """What openbadgeslib demands of a credential before it looks at the proof, at the moment of signing instead of its own."""
    try:
        read = OpenBadgeCredential.from_vc_document(document)
    except (KeyError, TypeError, ValueError) as error:
        raise UnsignableError("structure", str(error)) from error
    if not CREDENTIAL_TYPES.issubset(document["type"]):
        raise UnsignableError("structure", "it is no OpenBadgeCredential")
    if read.issuance_date is not None and read.issuance_date > created + CLOCKS_DIFFER:
        raise UnsignableError("validity", f"it begins only at {read.issuance_date}")
    if read.expiration_date is not None and read.expiration_date < created - CLOCKS_DIFFER:
        raise UnsignableError("validity", f"it ended at {read.expiration_date}")


def _check_spelling(document: dict[str, Any], expanded: list[Any]) -> None:
    """Once for each shape of document in each process: their words make no difference, and compacting one takes longer than signing it."""
    shape = shape_of(document)
    if shape in _well_spelled:
        return
    difference = find_difference(document, pyld_gateway.compact(expanded, document["@context"]))
    if difference is not None:
        raise UnsignableError("spelling", f"{difference} is not in compacted form")
    _well_spelled.add(shape)


def _proof_options(created: datetime, method: str) -> dict[str, str]:
    """The proof without its signature."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": timestamp(created),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }


@lru_cache(maxsize=8)
def _canonical_options(options: tuple[tuple[str, str], ...], context: tuple[str, ...]) -> str:
    """Many documents that are signed in one second by one key have the same."""
    return pyld_gateway.canonize({**dict(options), "@context": list(context)})


def _digest(options: str, document: str) -> bytes:
    """What is signed: the hash of how it is signed, then of what is."""
    return hashlib.sha256(options.encode()).digest() + hashlib.sha256(document.encode()).digest()


def _proof_value(signer: Signer, digest: bytes) -> str:
    return "z" + base58.encode(signer.sign(digest))
