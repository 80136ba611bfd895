from datetime import UTC, datetime
from typing import Any

import pytest
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

from laurel.credentials import openbadges_gateway as gateway
from laurel.credentials.rules.document import achievement_document, build_document
from laurel.credentials.rules.gate import UnsignableError
from tests.credentials.samples import FACTS, SIGNING_KEY
from tests.factories.credentials import ISSUER

SIGNED_AT = datetime(2026, 11, 20, 9, 30, 5, tzinfo=UTC)


def _sign(document: dict[str, Any]) -> str:
    return gateway.sign_credential(document, SIGNING_KEY, created=SIGNED_AT, allows_http=True)


def test_the_w3c_vector_comes_out_as_published_and_the_contexts_are_the_known_ones() -> None:
    gateway.check_fitness()

    assert gateway.SigningKey(gateway.VECTOR_SEED, "").multikey == gateway.VECTOR_KEY


def test_a_context_that_changed_stops_the_issuer() -> None:
    with pytest.raises(gateway.UnfitIssuerError, match="credentials-v2"):
        gateway.check_fitness(contexts=(("credentials-v2.json", "0" * 64),))


def test_a_signature_that_differs_from_the_vector_stops_the_issuer() -> None:
    with pytest.raises(gateway.UnfitIssuerError, match="vector"):
        gateway.check_fitness(proof="z" + "1" * 87)


@pytest.mark.usefixtures("no_network")
def test_signing_and_checking_need_no_network() -> None:
    text = _sign(build_document(ISSUER, FACTS))
    gateway.is_unaltered.cache_clear()

    assert gateway.is_unaltered(text, SIGNING_KEY.multikey)


def test_the_proof_is_one_object_as_the_verifiers_want_it() -> None:
    text = _sign(build_document(ISSUER, FACTS))
    proof = gateway.json.loads(text)["proof"]

    assert {key: proof[key] for key in proof if key != "proofValue"} == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-11-20T09:30:05Z",
        "verificationMethod": "did:web:laurel.test#key-2026-01",
        "proofPurpose": "assertionMethod",
    }
    assert proof["proofValue"].startswith("z")
    assert len(text) < 4000


def test_a_term_that_no_context_defines_is_refused_and_not_silently_left_unsigned() -> None:
    document = build_document(ISSUER, FACTS)
    document["credentialSubject"]["shoeSize"] = "43"

    with pytest.raises(UnsignableError, match="unknown term") as refused:
        _sign(document)

    assert refused.value.rule == "unknown term"


def test_an_achievement_alone_has_no_term_that_is_not_defined() -> None:
    jsonld.expand(achievement_document(ISSUER, FACTS.achievement), {"documentLoader": document_loader()}, on_property_dropped=pytest.fail)


def test_a_credential_that_verifiers_would_call_not_yet_valid_is_not_signed() -> None:
    document = build_document(ISSUER, FACTS)
    document["validFrom"] = "2999-01-01T00:00:00Z"

    with pytest.raises(UnsignableError, match="own verification"):
        _sign(document)


def test_a_key_never_shows_its_private_half() -> None:
    assert "seed" not in repr(SIGNING_KEY)
    assert str(bytes(range(32))) not in repr(SIGNING_KEY)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"proof": 7}', '{"@context": ["https://www.w3.org/ns/credentials/v2"], "proof": {"type": "DataIntegrityProof"}}'],
)
def test_what_is_no_signed_document_is_altered(text: str) -> None:
    assert not gateway.is_unaltered(text, SIGNING_KEY.multikey)
