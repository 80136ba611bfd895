import copy
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openbadgeslib
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openbadgeslib.ob3 import add_data_integrity_proof
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

from laurel.credentials import openbadges_gateway as gateway
from laurel.credentials.ed25519_gateway import multikey_of
from laurel.credentials.rules.document import achievement_document, build_document
from laurel.credentials.rules.gate import UnsignableError
from laurel.settings import root
from tests.credentials.samples import FACTS, PUBLIC_KEY, SEED, SIGNER
from tests.factories.credentials import ISSUER

SIGNED_AT = datetime(2026, 11, 20, 9, 30, 5, tzinfo=UTC)


def _sign(document: dict[str, Any]) -> str:
    return gateway.sign_credential(document, SIGNER, created=SIGNED_AT, allows_http=True)


def test_the_w3c_vector_comes_out_as_published_and_the_contexts_are_the_known_ones() -> None:
    gateway.check_fitness()

    assert multikey_of(Ed25519PrivateKey.from_private_bytes(gateway.VECTOR_SEED).public_key()) == gateway.VECTOR_KEY


def test_a_context_that_changed_stops_the_issuer() -> None:
    with pytest.raises(gateway.UnfitIssuerError, match="credentials-v2"):
        gateway.check_fitness(contexts=(("credentials-v2.json", "0" * 64),))


def test_a_signature_that_differs_from_the_vector_stops_the_issuer() -> None:
    with pytest.raises(gateway.UnfitIssuerError, match="vector"):
        gateway.check_fitness(proof="z" + "1" * 87)


def test_a_worker_whose_packages_sign_against_other_contexts_does_not_start(tmp_path: Path) -> None:
    shutil.copytree(Path(openbadgeslib.__file__).parent, tmp_path / "openbadgeslib", ignore=shutil.ignore_patterns("__pycache__"))
    context = tmp_path / "openbadgeslib" / "ob3" / "contexts" / "credentials-v2.json"
    context.write_text(context.read_text() + "\n")
    path = os.pathsep.join([str(tmp_path), str(root() / "platform")])

    command = [sys.executable, "-m", "laurel", "worker"]
    ended = subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)

    assert ended.returncode == 1
    assert "The context credentials-v2.json is not the one that we sign against." in ended.stderr


@pytest.mark.usefixtures("no_network")
def test_signing_and_checking_need_no_network() -> None:
    text = _sign(build_document(ISSUER, FACTS))
    gateway.is_unaltered.cache_clear()

    assert gateway.is_unaltered(text, PUBLIC_KEY)


def test_the_proof_is_one_object_as_the_verifiers_want_it() -> None:
    text = _sign(build_document(ISSUER, FACTS))
    proof = json.loads(text)["proof"]

    assert {key: proof[key] for key in proof if key != "proofValue"} == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-11-20T09:30:05Z",
        "verificationMethod": "did:web:laurel.test#key-2026-01",
        "proofPurpose": "assertionMethod",
    }
    assert proof["proofValue"].startswith("z")
    assert len(text) < 4000


def test_openbadgeslib_would_have_signed_the_same_bytes() -> None:
    document = build_document(ISSUER, replace(FACTS, valid_until=SIGNED_AT + timedelta(days=400)))
    private = Ed25519PrivateKey.from_private_bytes(SEED)

    theirs = add_data_integrity_proof(document, private, SIGNER.method, created=SIGNED_AT)

    assert _sign(document) == json.dumps(theirs, ensure_ascii=False, separators=(",", ":"))


def test_a_term_that_no_context_defines_is_refused_and_not_silently_left_unsigned() -> None:
    document = build_document(ISSUER, FACTS)
    document["credentialSubject"]["shoeSize"] = "43"

    with pytest.raises(UnsignableError, match="unknown term") as refused:
        _sign(document)

    assert refused.value.rule == "unknown term"


def test_an_achievement_alone_has_no_term_that_is_not_defined() -> None:
    jsonld.expand(achievement_document(ISSUER, FACTS.achievement), {"documentLoader": document_loader()}, on_property_dropped=pytest.fail)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        (("validFrom",), "2999-01-01T00:00:00Z", "validity"),
        (("validUntil",), "2026-11-20T09:29:00Z", "validity"),
        (("validFrom",), "yesterday", "structure"),
        (("type",), ["VerifiableCredential"], "structure"),
        (("credentialSubject",), {"id": "urn:uuid:5f3b2c9e-4d0a-4c9a-8f57-0a3b8a4b9f01"}, "structure"),
        (("@context",), ["https://www.w3.org/ns/credentials/v2"], "structure"),
        (("@context", 1), "https://purl.imsglobal.org/spec/ob/v3p0/context-9.9.9.json", "JSON-LD"),
        (("issuer", "name"), {"en": "Laurel"}, "unknown term"),
        (("awardedDate",), {"id": "urn:uuid:5f3b2c9e-4d0a-4c9a-8f57-0a3b8a4b9f01"}, "spelling"),
        (("credentialSubject", "result"), {"type": ["Result"], "score": 1}, "unknown term"),
        (("description",), "long " * 60_000, "size"),
        (("description",), "half a pair \ud800", "text"),
    ],
)
def test_what_verifiers_would_not_accept_is_not_signed(path: tuple[str | int, ...], value: Any, rule: str) -> None:
    document = copy.deepcopy(build_document(ISSUER, FACTS))
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value

    with pytest.raises(UnsignableError) as refused:
        _sign(document)

    assert refused.value.rule == rule


def test_a_signature_that_does_not_fit_what_is_written_is_noticed() -> None:
    text = _sign(build_document(ISSUER, FACTS))

    gateway.check_own_proof(text, PUBLIC_KEY)
    for altered in (text.replace("Ada", "Eva", 1), text.replace("09:30:05Z", "09:30:06Z", 1)):
        with pytest.raises(UnsignableError, match="own verification"):
            gateway.check_own_proof(altered, PUBLIC_KEY)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"proof": 7}', '{"@context": ["https://www.w3.org/ns/credentials/v2"], "proof": {"type": "DataIntegrityProof"}}'],
)
def test_what_is_no_signed_document_is_altered(text: str) -> None:
    assert not gateway.is_unaltered(text, PUBLIC_KEY)
