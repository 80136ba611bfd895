import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.document import achievement_document, build_document, identity_hash
from laurel.credentials.rules.gate import UnsignableError, check_before_signing
from laurel.credentials.rules.issuer import Issuer, did_document
from laurel.credentials.rules.keys import KeyPurpose, verification_method
from laurel.credentials.rules.programs import Alignment, ProgramOptions, check_options
from laurel.credentials.rules.scores import evidence_in, score_in, write_percent
from tests.credentials.samples import FACTS, RECORD, with_holder
from tests.factories.credentials import ISSUER

AT_HOME = Issuer(public_url="https://laurel.example", name="Laurel Academy", email="certificates@laurel.example")


URL = "https://laurel.example/credentials/0b7d6a52-7e0b-4e5e-9c0f-1f6f9a6f2c11"
ACHIEVEMENT = "https://laurel.example/achievements/widget-safety/v3"
NAME = "Certified Widget Safety Practitioner"
EXPECTED = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
    "id": URL,
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": NAME,
    "description": "Awarded for passing the Widget Safety exam.",
    "image": {"id": f"{URL}/badge.png", "type": "Image", "caption": f"{NAME} badge"},
    "issuer": {
        "id": "did:web:laurel.example",
        "type": ["Profile"],
        "name": "Laurel Academy",
        "url": "https://laurel.example",
        "email": "certificates@laurel.example",
        "description": "Certification by examination, with credentials that anyone can verify.",
        "image": {"id": "https://laurel.example/issuer/logo.png", "type": "Image", "caption": "Laurel Academy logo"},
    },
    "awardedDate": "2026-11-20T09:30:00Z",
    "validFrom": "2026-11-20T09:30:00Z",
    "validUntil": "2028-11-20T09:30:00Z",
    "credentialSubject": {
        "id": "urn:uuid:5f3b2c9e-4d0a-4c9a-8f57-0a3b8a4b9f01",
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityType": "name", "identityHash": "Ada Lovelace"},
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityType": "emailAddress",
                "salt": "b0f1c2d3e4f5a6b7",
                "identityHash": "sha256$" + hashlib.sha256(b"ada@example.comb0f1c2d3e4f5a6b7").hexdigest(),
            },
        ],
        "licenseNumber": "LRL-7Q4M-KD2X-93ZZ",
        "activityStartDate": "2026-10-01T08:00:00Z",
        "activityEndDate": "2026-11-20T09:30:00Z",
        "achievement": {
            "id": ACHIEVEMENT,
            "type": ["Achievement"],
            "achievementType": "Certification",
            "version": "3",
            "inLanguage": "en",
            "name": NAME,
            "description": "Awarded for passing the Widget Safety exam.",
            "criteria": {"id": f"{ACHIEVEMENT}#criteria", "narrative": "Pass the exam with **80 %** or better."},
            "image": {"id": f"{ACHIEVEMENT}/badge.png", "type": "Image", "caption": f"{NAME} badge"},
            "tag": ["safety"],
        },
    },
    "credentialStatus": {
        "id": "https://laurel.example/status/revocation/7#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://laurel.example/status/revocation/7",
    },
}


def test_the_document_is_exactly_what_the_specification_shows() -> None:
    assert build_document(AT_HOME, replace(FACTS, valid_until=datetime(2028, 11, 20, 9, 30, tzinfo=UTC))) == EXPECTED


def test_a_credential_that_never_ends_has_no_end_at_all() -> None:
    assert "validUntil" not in build_document(AT_HOME, FACTS)


def test_an_address_that_was_not_confirmed_does_not_appear_not_even_hashed() -> None:
    document = build_document(AT_HOME, replace(FACTS, holder=replace(FACTS.holder, email=None)))

    assert [entry["identityType"] for entry in document["credentialSubject"]["identifier"]] == ["name"]
    assert "example.com" not in json.dumps(document).replace("laurel.example", "")


def test_the_address_itself_is_nowhere_in_the_document() -> None:
    assert "ada@example.com" not in json.dumps(build_document(AT_HOME, FACTS)).lower()


def test_the_identity_hash_is_that_of_identity_and_salt_one_after_the_other() -> None:
    assert identity_hash("mayze@example.com", "deadsea") == "sha256$" + hashlib.sha256(b"mayze@example.comdeadsea").hexdigest()


def test_every_text_is_sanitized_whatever_it_came_from() -> None:
    facts = replace(FACTS, achievement=replace(FACTS.achievement, description="Line\r\nfeed\x00", tags=(" safe\u202e ",)))

    achievement = build_document(AT_HOME, facts)["credentialSubject"]["achievement"]

    assert achievement["description"] == "Line\nfeed"
    assert achievement["tag"] == ["safe"]


def test_an_achievement_says_the_same_at_its_own_address() -> None:
    inside = build_document(AT_HOME, FACTS)["credentialSubject"]["achievement"]
    alone = achievement_document(AT_HOME, FACTS.achievement)

    assert alone.pop("@context") == build_document(AT_HOME, FACTS)["@context"]
    assert alone == inside


@pytest.mark.parametrize(
    ("public_url", "did"),
    [
        ("https://laurel.example", "did:web:laurel.example"),
        ("https://Laurel.Example:8443", "did:web:laurel.example%3A8443"),
        ("http://127.0.0.1:8000", "did:web:127.0.0.1%3A8000"),
    ],
)
def test_the_did_is_the_host_with_its_port_encoded(public_url: str, did: str) -> None:
    assert Issuer(public_url=public_url, name="Laurel", email="a@example.com").did == did


@pytest.mark.parametrize(
    ("public_url", "is_production", "allowed"),
    [
        ("http://127.0.0.1:8000", False, True),
        ("http://localhost:8000", False, True),
        ("http://laurel.test", False, True),
        ("http://laurel.example", False, False),
        ("http://127.0.0.1:8000", True, False),
    ],
)
def test_http_is_for_this_machine_and_for_tests_only(public_url: str, is_production: bool, allowed: bool) -> None:
    assert Issuer(public_url=public_url, name="Laurel", email="a@example.com", is_production=is_production).allows_http is allowed


def test_every_published_key_may_assert() -> None:
    keys = [("key-2027-01", "z6MkB"), ("key-2026-01", "z6MkA")]
    methods = [verification_method("did:web:laurel.example", name, KeyPurpose.DATA_INTEGRITY, public) for name, public in keys]

    document = did_document("did:web:laurel.example", methods)

    assert document["assertionMethod"] == ["did:web:laurel.example#key-2027-01", "did:web:laurel.example#key-2026-01"]
    assert document["verificationMethod"][1] == {
        "id": "did:web:laurel.example#key-2026-01",
        "type": "Multikey",
        "controller": "did:web:laurel.example",
        "publicKeyMultibase": "z6MkA",
    }


def test_the_gate_lets_the_document_pass() -> None:
    check_before_signing(build_document(AT_HOME, FACTS), allows_http=False)
    check_before_signing(build_document(ISSUER, FACTS), allows_http=True)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        (("id",), "/credentials/1", "address"),
        (("id",), "http://laurel.example/credentials/1", "address"),
        (("id",), "https://laurel.example/credentials/a b", "address"),
        (("id",), "javascript:alert(1)", "address"),
        (("issuer", "url"), "laurel.example", "address"),
        (("credentialStatus", "statusListCredential"), 7, "address"),
        (("type",), ["VerifiableCredential", "OpenBadgeCredental"], "type"),
        (("issuer", "type"), "Organization", "type"),
        (("name",), "", "empty member"),
        (("validUntil",), None, "empty member"),
        (("credentialSubject", "identifier"), [], "empty member"),
        (("@context",), None, "empty member"),
        (("@included",), [{"id": "urn:uuid:5f3b2c9e-4d0a-4c9a-8f57-0a3b8a4b9f01"}], "spelling"),
        (("issuer", "@context"), "https://elsewhere.example/terms", "spelling"),
        (("issuer", "https://schema.org/name"), "Somebody else", "spelling"),
        (("credentialSubject", "achievement", "tag"), [["safety"]], "spelling"),
        (("credentialSubject", "id"), "https://laurel.example/credentials/0b7d6a52-7e0b-4e5e-9c0f-1f6f9a6f2c11", "described twice"),
        (("image", "id"), "https://laurel.example/status/revocation/7#94567", "described twice"),
    ],
)
def test_the_gate_names_what_it_refuses(path: tuple[str, ...], value: Any, rule: str) -> None:
    document = build_document(AT_HOME, FACTS)
    holder: dict[str, Any] = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value

    with pytest.raises(UnsignableError, match=rule) as refused:
        check_before_signing(document, allows_http=False)

    assert refused.value.rule == rule


def test_a_name_of_nothing_but_controls_is_refused() -> None:
    with pytest.raises(UnsignableError, match="empty member"):
        check_before_signing(build_document(AT_HOME, with_holder(FACTS, name="\x00\u202e")), allows_http=False)


def test_the_exam_is_said_where_the_holder_agreed_and_its_numbers_are_text() -> None:
    document = build_document(AT_HOME, replace(FACTS, exam=RECORD))

    bare = build_document(AT_HOME, FACTS)
    achievement = document["credentialSubject"]["achievement"]
    [described], [result] = achievement.pop("resultDescription"), document["credentialSubject"].pop("result")
    [evidence] = document.pop("evidence")
    assert document == bare
    assert (result["value"], described["requiredValue"], result["resultDescription"]) == ("92", "80", described["id"])
    assert (evidence["id"], evidence["narrative"]) == (f"{URL}/evidence", "A graded exam: 60 questions; 90 minutes.")


@pytest.mark.parametrize(("percent", "words"), [("100", "100"), ("92.00", "92"), ("87.50", "87.5"), ("1E+1", "10"), ("0.1", "0.1")])
def test_a_percentage_is_written_without_exponent_or_trailing_zeros(percent: str, words: str) -> None:
    assert write_percent(Decimal(percent)) == words


@pytest.mark.parametrize("document", [None, [], {}, {"credentialSubject": {"result": 7, "achievement": {"resultDescription": [{}]}}}])
def test_what_says_no_score_has_none(document: Any) -> None:
    assert score_in(document) is None
    assert evidence_in(document) is None


def test_a_reading_that_is_no_address_is_refused() -> None:
    document = build_document(ISSUER, replace(FACTS, exam=RECORD))
    document["credentialSubject"]["result"][0]["resultDescription"] = "exam score"

    with pytest.raises(UnsignableError, match="address"):
        check_before_signing(document, allows_http=True)


def test_an_achievement_says_its_code_and_what_it_meets_elsewhere_and_nothing_empty() -> None:
    meets = Alignment(name="Hazard assessment", url="https://frame.example/ha-1", code="HA-1")

    said = achievement_document(AT_HOME, replace(FACTS.achievement, code="WSP-101", alignments=(meets,)))

    assert said["humanCode"] == "WSP-101"
    assert said["alignment"] == [
        {"type": ["Alignment"], "targetName": "Hazard assessment", "targetUrl": "https://frame.example/ha-1", "targetCode": "HA-1"}
    ]
    assert {"humanCode", "alignment"} & set(achievement_document(AT_HOME, FACTS.achievement)) == set()


def test_where_nothing_is_said_of_a_person_there_is_no_empty_list_of_it() -> None:
    document = build_document(ISSUER, replace(FACTS, holder=replace(FACTS.holder, name=None, email=None)))

    assert "identifier" not in document["credentialSubject"]
    check_before_signing(document, allows_http=True)


@pytest.mark.parametrize(
    "wrong",
    [
        ProgramOptions(alignments=[Alignment(name="", url="https://frame.example")]),
        ProgramOptions(alignments=[Alignment(name="A", url="http://frame.example")]),
        ProgramOptions(alignments=[Alignment(name="A", url="https://[")]),
        ProgramOptions(alignments=[Alignment(name="A", url="https://frame.example/a b")]),
        ProgramOptions(alignments=[Alignment(name="A", url="https://frame.example", type="Badge")]),
        ProgramOptions(alignments=[Alignment(name="A", url="https://frame.example")] * 51),
    ],
)
def test_what_no_verifier_would_take_is_refused_before_anything_is_awarded(wrong: ProgramOptions) -> None:
    with pytest.raises(InvalidInputError):
        check_options(wrong)
