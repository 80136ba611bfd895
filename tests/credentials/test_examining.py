"""What a file that somebody sends is judged to be. The register decides; the file is only compared with it."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core import clock
from laurel.credentials.models import Credential, CredentialVersion, IssuerKey, KeyState, StatusEntry
from laurel.credentials.openbadges_gateway import sign_credential
from laurel.credentials.rules.baking import bake_png, bake_svg
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuers import open_signatory
from laurel.credentials.services.issuing import revoke
from tests.credentials import carriers
from tests.credentials.samples import SIGNER
from tests.factories.credentials import ISSUER, NAME, make_credential
from tests.fakes import PlainVault

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    carriers.add_token_key(session)
    session.commit()
    return issued


def stored(session: Session) -> str:
    session.rollback()
    return session.scalars(select(CredentialVersion.signed_json).order_by(CredentialVersion.n)).first() or ""


def ask(client: FlaskClient, content: bytes | str, media: str = "application/vc") -> TestResponse:
    """As a program of another site asks: no cookie, no token, another origin."""
    body = content.encode() if isinstance(content, str) else content
    return client.post("/api/v1/verify", data=body, headers={"Content-Type": media, "Origin": "https://elsewhere.example"})


def verdict_of(client: FlaskClient, content: bytes | str, media: str = "application/vc") -> tuple[str, dict[str, bool | None]]:
    answer = ask(client, content, media)
    assert answer.status_code == 200, answer.text
    return answer.json["verdict"], {check["id"]: check["ok"] for check in answer.json["checks"]}


ALL_GOOD = {"issued_here": True, "not_altered": True, "not_revoked": True, "in_date": True}


def resign(session: Session, document: dict[str, Any]) -> str:
    """What the holder of our key could sign besides what we have issued."""
    signatory = open_signatory(session, ISSUER, PlainVault(), now=clock.now())
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    return sign_credential(unsigned, signatory.signer, created=clock.now(), allows_http=True)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("kind", ["json", "pretty", "bom", "jwt", "png", "png with a token", "packed png", "svg", "svg with a token"])
def test_our_credential_is_valid_in_whatever_it_travels(client: FlaskClient, session: Session, credential: Credential, kind: str) -> None:
    text = stored(session)
    document = json.loads(text)
    token = carriers.token(document)
    element = f'<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0" verify="{token}"/>'
    files: dict[str, tuple[bytes | str, str]] = {
        "json": (text, "application/ld+json"),
        "pretty": (json.dumps(document, indent=2, sort_keys=True), "application/json"),
        "bom": (b"\xef\xbb\xbf" + text.encode(), "application/json"),
        "jwt": (token, "application/jwt"),
        "png": (bake_png(carriers.png(), text), "image/png"),
        "png with a token": (bake_png(carriers.png(), token), "image/png"),
        "packed png": (carriers.png(carriers.carrier(text.encode(), flag=1)), "image/png"),
        "svg": (bake_svg(carriers.svg("").decode(), text), "image/svg+xml"),
        "svg with a token": (carriers.svg(element), "image/svg+xml"),
    }

    looks = {"looks_the_same": None} if "png" in kind or "svg" in kind else {}
    assert verdict_of(client, *files[kind]) == ("valid", ALL_GOOD | looks)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("path", "media"), [("badge.png", "image/png"), ("badge.svg", "image/svg+xml"), ("certificate.pdf", "application/pdf")]
)
def test_what_we_hand_out_is_valid_when_it_comes_back(client: FlaskClient, credential: Credential, path: str, media: str) -> None:
    handed_out = client.get(f"/credentials/{credential.id}/{path}").data

    assert verdict_of(client, handed_out, media) == ("valid", ALL_GOOD | {"looks_the_same": None})


def test_the_answer_describes_the_credential_and_names_nobody(client: FlaskClient, session: Session, credential: Credential) -> None:
    answer = ask(client, stored(session))

    assert answer.json["credential"] == {
        "id": f"http://laurel.test/credentials/{credential.id}",
        "number": credential.number,
        "name": NAME,
        "issuer": "did:web:laurel.test",
        "official": None,
        "validFrom": json.loads(stored(session))["validFrom"],
        "validUntil": json.loads(stored(session))["validUntil"],
        "revokedAt": None,
        "revocationReason": None,
    }
    assert "Ada Lovelace" not in answer.text


CHANGES: dict[str, Change] = {
    "the holder": lambda d: d["credentialSubject"]["identifier"][0].update(identityHash="Eve Lovelace"),
    "the title": lambda d: d.update(name="Doctor of everything"),
    "the end": lambda d: d.update(validUntil="2999-01-01T00:00:00Z"),
    "the status": lambda d: d["credentialStatus"].update(statusListIndex="1"),
    "no status": lambda d: d.pop("credentialStatus"),
    "the number": lambda d: d["credentialSubject"].update(licenseNumber="LRL-7Q4M-KD2X-93ZZ"),
    "no proof": lambda d: d.pop("proof"),
    "a proof that is no object": lambda d: d.update(proof="z123"),
    "two proofs": lambda d: d.update(proof=[d["proof"], d["proof"]]),
    "a proof by nobody": lambda d: d["proof"].update(verificationMethod=7),
    "a key with odd letters": lambda d: d["proof"].update(verificationMethod="did:web:laurel.test#\x00'--"),
    "the purpose": lambda d: d["proof"].update(proofPurpose="authentication"),
    "the suite": lambda d: d["proof"].update(cryptosuite="eddsa-jcs-2022"),
    "the signature": lambda d: d["proof"].update(proofValue="z" + "2" * 88),
    "words that the signature does not cover": lambda d: d.update(honors="with distinction"),
    "a context of their own": lambda d: d["@context"].append({"@vocab": "https://evil.example/"}),
    "a context from elsewhere": lambda d: d["@context"].append("https://evil.example/context.json"),
    "an id in odd letters": lambda d: d.update(id="http://laurel.test/credentials/\x00"),
    "no id": lambda d: d.pop("id"),
    "an id of another type": lambda d: d.update(id={"a": []}),
    "a number for a text": lambda d: d.update(name=1),
    "a list for a text": lambda d: d.update(name=["a", ["b"]]),
    "nothing for a text": lambda d: d.update(name=None),
}


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_fails_the_check_of_its_signature(
    client: FlaskClient, session: Session, credential: Credential, change: str
) -> None:
    document = json.loads(stored(session))
    CHANGES[change](document)

    answer = ask(client, json.dumps(document))

    assert (answer.status_code, answer.json["verdict"], answer.json["credential"]) == (200, "signature invalid", None)
    assert {check["id"]: check["ok"] for check in answer.json["checks"]} == {
        "issued_here": False,
        "not_altered": False,
        "not_revoked": None,
        "in_date": None,
    }


@pytest.mark.usefixtures("no_network")
def test_another_issuers_credential_is_not_judged(client: FlaskClient, session: Session, credential: Credential) -> None:
    document = json.loads(stored(session))
    for issuer in ("did:web:elsewhere.example", {"id": "https://elsewhere.example/issuer", "type": "Profile"}):
        answer = ask(client, json.dumps({**document, "issuer": issuer}))

        assert answer.json["verdict"] == "not issued here"
        assert [check["ok"] for check in answer.json["checks"]] == [False, None, None, None]
        assert "only its issuer can say" in answer.json["checks"][1]["detail"]


def test_what_our_key_signed_and_our_register_does_not_know_is_not_issued_here(
    client: FlaskClient, session: Session, credential: Credential
) -> None:
    document = json.loads(stored(session))
    other = resign(session, {**document, "id": "http://laurel.test/credentials/0b7d6a52-7e0b-4e5e-9c0f-1f6f9a6f2c11"})
    richer = resign(session, {**document, "name": "Doctor of everything"})
    session.commit()

    for text in (other, richer):
        assert verdict_of(client, text)[0] == "not issued here"


def test_a_signature_by_somebody_elses_key_in_our_name_is_invalid(client: FlaskClient, session: Session, credential: Credential) -> None:
    document = json.loads(stored(session))
    method = document.pop("proof")["verificationMethod"]
    forged = sign_credential(document, replace(SIGNER, method=method), created=clock.now(), allows_http=True)

    assert verdict_of(client, forged)[0] == "signature invalid"


def test_a_token_is_held_to_the_key_the_algorithm_and_the_words_of_ours(
    client: FlaskClient, session: Session, credential: Credential
) -> None:
    document = json.loads(stored(session))
    stranger = carriers.generate_private_key(public_exponent=65_537, key_size=2048)
    good = carriers.token(document)
    head, claims, _signature = good.split(".")
    wrong = {
        "another key": carriers.token(document, key=stranger),
        "another kid": carriers.token(document, header={"alg": "RS256", "kid": "https://evil.example/keys/jwt-2026-01.jwk"}),
        "an odd kid": carriers.token(document, header={"alg": "RS256", "kid": "http://laurel.test/keys/\x00.jwk"}),
        "a kid of another type": carriers.token(document, header={"alg": "RS256", "kid": ["jwt-2026-01"]}),
        "no kid": carriers.token(document, header={"alg": "RS256"}),
        "critical": carriers.token(document, header={"alg": "RS256", "kid": carriers.KID, "crit": ["b64"]}),
        "no signature": f"{head}.{claims}.{carriers.encoded(bytes(256))}",
        "a key of the other kind": carriers.token(
            document, header={"alg": "RS256", "kid": carriers.KID.replace("jwt-2026", f"key-{clock.now():%Y}")}
        ),
    }

    assert {name: verdict_of(client, text, "application/jwt")[0] for name, text in wrong.items()} == dict.fromkeys(
        wrong, "signature invalid"
    )
    unissued = [carriers.token({**document, "name": "Doctor"}), carriers.token(document, jti="http://laurel.test/credentials/other")]
    assert {verdict_of(client, text, "application/jwt")[0] for text in unissued} == {"not issued here"}
    for algorithm in ("none", "HS256", "ES256", None, ["RS256"]):
        answer = ask(client, carriers.token(document, header={"alg": algorithm, "kid": carriers.KID}), "application/jwt")
        assert (answer.status_code, answer.json["cause"]) == (422, "unsupported-algorithm")


def test_a_key_that_was_withdrawn_vouches_for_nothing(client: FlaskClient, session: Session, credential: Credential) -> None:
    text = stored(session)
    session.execute(update(IssuerKey).values(state=KeyState.COMPROMISED))
    session.commit()

    verdict, checks = verdict_of(client, text)

    assert (verdict, checks["issued_here"]) == ("signature invalid", False)
    assert verdict_of(client, carriers.token(json.loads(text)), "application/jwt")[0] == "signature invalid"


def test_a_retired_key_goes_on_vouching_for_what_it_signed(client: FlaskClient, session: Session, credential: Credential) -> None:
    text = stored(session)
    session.execute(update(IssuerKey).values(state=KeyState.RETIRED))
    session.commit()

    assert verdict_of(client, text) == ("valid", ALL_GOOD)


def test_a_document_that_was_changed_in_the_register_is_not_vouched_for(
    client: FlaskClient, session: Session, credential: Credential
) -> None:
    forged = stored(session).replace("Ada Lovelace", "Eve Lovelace")
    session.execute(update(CredentialVersion).values(signed_json=forged))
    session.commit()

    assert verdict_of(client, forged)[0] == "signature invalid"


def test_revoked_expired_and_early_copies_say_so(client: FlaskClient, session: Session, credential: Credential) -> None:
    text = stored(session)
    with time_machine.travel(clock.now() + timedelta(days=800), tick=False):
        assert verdict_of(client, text) == ("expired", {**ALL_GOOD, "in_date": False})
    with time_machine.travel(clock.now() - timedelta(days=1), tick=False):
        assert verdict_of(client, text) == ("not yet valid", {**ALL_GOOD, "in_date": False})
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Two people.", actor_id=None, now=clock.now())
    session.commit()

    assert verdict_of(client, text) == ("revoked", {**ALL_GOOD, "not_revoked": False})
    answer = ask(client, text)
    assert answer.json["credential"]["revocationReason"] == "issued in error"
    assert "Two people" not in answer.text


def correct_name(session: Session, credential: Credential, name: str) -> None:
    """A second version with another name, as a name change makes it."""
    document = json.loads(stored(session))
    document["credentialSubject"]["identifier"][0]["identityHash"] = name
    first = session.scalars(select(CredentialVersion)).one()
    entry = session.get_one(StatusEntry, first.status_entry_id)
    entry.set_at, first.superseded_at = clock.now(), clock.now()
    place = StatusEntry(list_id=entry.list_id, position=(entry.position + 1) % 100_000)
    session.add(place)
    session.flush()
    second = CredentialVersion(
        credential_id=credential.id,
        n=2,
        valid_from=first.valid_from,
        valid_until=first.valid_until,
        signed_json=resign(session, document),
        sha256="",
        key_id=first.key_id,
        status_entry_id=place.id,
        signed_at=clock.now(),
    )
    session.add(second)
    found = session.get_one(Credential, credential.id)
    found.current_n, found.holder_name = 2, name
    session.commit()


def test_a_former_name_is_superseded_and_the_new_one_is_not_told(client: FlaskClient, session: Session, credential: Credential) -> None:
    old = stored(session)
    correct_name(session, credential, "Grace Hopper")

    for content, media in ((old, "application/vc"), (carriers.token(json.loads(old)), "application/jwt")):
        answer = ask(client, content, media)
        page = client.post("/verify", data={"pasted": content})

        assert (answer.json["verdict"], answer.json["credential"]) == ("superseded", None)
        assert "Superseded" in page.text
        assert "Ask the holder for the current version" in page.text
        for text in (answer.text, page.text):
            assert "Grace" not in text
            assert "Hopper" not in text
            assert str(credential.id) not in text
            assert credential.number not in text
    current = client.get(f"/credentials/{credential.id}.json").text
    assert verdict_of(client, current) == ("valid", ALL_GOOD)


def test_what_was_signed_and_never_stored_is_not_issued_here(client: FlaskClient, session: Session, credential: Credential) -> None:
    make_credential(session)
    text = session.scalars(select(CredentialVersion.signed_json).where(CredentialVersion.credential_id != credential.id)).one()
    session.rollback()

    assert verdict_of(client, text)[0] == "not issued here"


def test_the_page_takes_a_file_or_a_text_without_script_cookie_or_trace(
    client: FlaskClient, session: Session, credential: Credential
) -> None:
    text = stored(session)
    by_file = client.post("/verify", data={"file": (io.BytesIO(text.encode()), "anything.bin"), "pasted": ""})
    by_text = client.post("/verify", data={"pasted": f"\n {text} \n"})

    for page in (by_file, by_text):
        assert page.status_code == 200
        for words in (
            "Valid: the file that you sent",
            "This certificate is valid.",
            "Ada Lovelace",
            credential.number,
            "Not altered",
            NAME,
        ):
            assert words in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers


def test_a_number_that_is_pasted_is_looked_up(client: FlaskClient, credential: Credential) -> None:
    page = client.post("/verify", data={"pasted": credential.number.lower()})

    assert page.status_code == 200
    assert "This certificate is valid." in page.text


@pytest.mark.parametrize(
    ("pasted", "field", "words"),
    [
        ("", "file", "There is nothing in it"),
        ("hello", "pasted", "none of the files"),
        ('{"a": 1', "pasted", "not complete JSON"),
        ('{"type": "Thing"}', "pasted", "not a credential"),
    ],
)
def test_the_page_says_what_is_wrong_beside_the_field_and_keeps_the_text(client: FlaskClient, pasted: str, field: str, words: str) -> None:
    page = client.post("/verify", data={"pasted": pasted})

    assert page.status_code == 422
    assert words in page.text.split(f'id="{field}-error"')[1]
    assert pasted.replace('"', "&#34;") in page.text


def test_the_green_tick_is_for_valid_alone(client: FlaskClient, session: Session, credential: Credential) -> None:
    text = stored(session)
    altered = text.replace("Ada Lovelace", "Eve Lovelace")
    good, bad = client.post("/verify", data={"pasted": text}).text, client.post("/verify", data={"pasted": altered}).text
    with time_machine.travel(clock.now() + timedelta(days=800), tick=False):
        old = client.post("/verify", data={"pasted": text}).text

    assert "verdict verdict-ok" in good
    assert "verdict verdict-ok" not in bad + old
    assert "Ada Lovelace" not in bad


def test_a_file_is_examined_with_few_questions_and_no_write(
    client: FlaskClient, session: Session, credential: Credential, queries: Any
) -> None:
    text = stored(session)
    queries.clear()
    ask(client, text)

    assert (queries.selects, queries.writes) == (3, 0)
