import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Credential, CredentialVersion, IssuerKey, StatusList
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import NAME, make_achievement, make_credential, make_pending

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
VALIDATOR = {"Accept": "application/ld+json, application/json, text/plain"}
JSON_TYPES = ["application/vc", "application/ld+json", "application/vc+ld+json", "application/json"]


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    session.commit()
    return issued


def _stored(session: Session) -> bytes:
    return session.scalars(select(CredentialVersion.signed_json)).one().encode()


def test_nothing_is_wrong_before_anything_was_sent(client: FlaskClient) -> None:
    assert "number-error" not in client.get("/verify").text
    assert 'id="number-error"' in client.get("/verify?number=+").text


@pytest.mark.parametrize("media", JSON_TYPES)
def test_the_stored_bytes_are_served_under_the_name_that_was_asked_for(
    client: FlaskClient, session: Session, credential: Credential, media: str
) -> None:
    answer = client.get(f"/credentials/{credential.id}", headers={"Accept": media})

    assert answer.data == _stored(session)
    assert answer.headers["Content-Type"] == media
    assert answer.headers["Vary"].split(", ").count("Accept") == 1
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "media"),
    [(BROWSER, "text/html"), (VALIDATOR, "application/ld+json"), ({"Accept": "*/*"}, "application/vc"), ({}, "application/vc")],
)
def test_browsers_get_the_page_and_programs_the_document(
    client: FlaskClient, credential: Credential, headers: dict[str, str], media: str
) -> None:
    assert client.get(f"/credentials/{credential.id}", headers=headers).mimetype == media


def test_who_accepts_nothing_that_we_have_is_told_what_there_is(client: FlaskClient, credential: Credential) -> None:
    answer = client.get(f"/credentials/{credential.id}", headers={"Accept": "image/png"})

    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert "application/vc" in json.loads(answer.data)["detail"]


def test_the_file_can_be_saved(client: FlaskClient, session: Session, credential: Credential) -> None:
    shown = client.get(f"/credentials/{credential.id}.json", headers=BROWSER)
    saved = client.get(f"/credentials/{credential.id}.json?download=1", headers=BROWSER)

    assert shown.data == saved.data == _stored(session)
    assert shown.mimetype == "application/json"
    assert "Content-Disposition" not in shown.headers
    assert saved.headers["Content-Disposition"] == f'attachment; filename="{credential.number}.json"'


@pytest.mark.parametrize("address", ["/credentials/{id}", "/credentials/{id}.json", "/.well-known/did.json", "/status/revocation/1"])
def test_documents_answer_head_and_conditional_requests(client: FlaskClient, credential: Credential, address: str) -> None:
    url = address.format(id=credential.id)
    first = client.get(url)
    head = client.head(url)
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})

    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("application/did+json", "application/did+json"),
        ("application/json", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_the_did_document_is_json_unless_its_own_type_is_named(
    client: FlaskClient, credential: Credential, accept: str | None, media: str
) -> None:
    answer = client.get("/.well-known/did.json", headers={"Accept": accept} if accept else {})

    assert (answer.status_code, answer.mimetype) == (200, media)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_a_did_document_without_keys_is_not_remembered(client: FlaskClient) -> None:
    answer = client.get("/.well-known/did.json")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json["verificationMethod"] == []


def test_the_status_list_is_served_as_it_was_signed(client: FlaskClient, session: Session, credential: Credential) -> None:
    answer = client.get("/status/revocation/1")

    assert answer.data == session.scalars(select(StatusList.signed_json).filter_by(number=1)).one().encode()
    assert answer.mimetype == "application/vc"
    assert answer.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=600"


@pytest.mark.parametrize(
    ("address", "status"), [("/status/revocation/99", 404), ("/status/revocation/1?timestamp=2026-11-20T00:00:00Z", 400)]
)
def test_a_list_that_cannot_be_had_says_so_as_the_standard_wants(
    client: FlaskClient, credential: Credential, address: str, status: int
) -> None:
    answer = client.get(address)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert json.loads(answer.data)["type"] == "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["", ".json", "/certificate.pdf", "/badge.png", "/badge.svg"])
def test_what_never_existed_is_not_found_in_the_words_of_the_asker(client: FlaskClient, path: str) -> None:
    address = f"/credentials/{uuid4()}{path}"
    to_machine, to_person = client.get(address), client.get(address, headers=BROWSER)

    assert (to_machine.status_code, to_machine.mimetype) == (404, "application/problem+json")
    assert json.loads(to_machine.data)["detail"] == "There is no such certificate."
    assert (to_person.status_code, to_person.mimetype) == (404, "text/html")
    assert "There is no such certificate." in to_person.text


def test_the_page_shows_all_that_is_printed_on_the_certificate(client: FlaskClient, credential: Credential, queries: QueryCount) -> None:
    queries.clear()
    page = client.get(f"/credentials/{credential.id}", headers=BROWSER)
    text = page.text

    for words in (
        "Ada Lovelace",
        NAME,
        credential.number,
        "Laurel Academy",
        "Valid until",
        "This certificate is valid.",
        "passed the exam",
    ):
        assert words in text
    for check in ("Issued here", "Not altered", "Not revoked", "In date"):
        assert check in text
    assert '<meta name="robots" content="noindex">' in text
    assert page.headers["Cache-Control"] == "no-cache"
    assert "Accept" in page.headers["Vary"]
    assert "Set-Cookie" not in page.headers
    assert (queries.selects, queries.writes) == (2, 0)  # the certificate, and what it renewed or was renewed by


def test_a_page_whose_stored_document_was_changed_says_so(client: FlaskClient, session: Session, credential: Credential) -> None:
    forged = _stored(session).decode().replace("Ada Lovelace", "Eve Lovelace")
    session.execute(update(CredentialVersion).values(signed_json=forged))
    session.commit()

    text = client.get(f"/credentials/{credential.id}", headers=BROWSER).text

    assert "Signature invalid" in text
    assert "This certificate is valid." not in text


def test_a_page_signed_with_a_key_that_is_not_ours_says_so(client: FlaskClient, session: Session, credential: Credential) -> None:
    session.execute(update(IssuerKey).values(did="did:web:elsewhere.example"))
    session.commit()

    assert "Signature invalid" in client.get(f"/credentials/{credential.id}", headers=BROWSER).text


def test_a_revoked_certificate_keeps_its_page_with_the_reason_and_without_the_note(
    client: FlaskClient, session: Session, credential: Credential
) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Mixed up two people.", actor_id=None, now=clock.now())
    session.commit()

    page = client.get(f"/credentials/{credential.id}", headers=BROWSER)

    assert page.status_code == 200
    assert "Revoked on" in page.text
    assert "issued in error" in page.text
    assert "Mixed up" not in page.text
    assert client.get(f"/credentials/{credential.id}.json").status_code == 200


def test_an_expired_certificate_says_so_and_keeps_its_document(client: FlaskClient, session: Session) -> None:
    with time_machine.travel(clock.now() - timedelta(days=800), tick=False):
        credential = make_credential(session)
        session.commit()

    assert "has expired" in client.get(f"/credentials/{credential.id}", headers=BROWSER).text
    assert client.get(f"/credentials/{credential.id}.json").status_code == 200


def test_a_certificate_that_waits_for_its_signature_has_a_page_and_no_document_yet(client: FlaskClient, session: Session) -> None:
    pending = make_pending(session)
    session.commit()

    page = client.get(f"/credentials/{pending.id}", headers=BROWSER)
    document = client.get(f"/credentials/{pending.id}.json")

    assert page.status_code == 200
    assert "is being signed" in page.text
    assert (document.status_code, document.mimetype) == (503, "application/problem+json")
    for_a_person = client.get(f"/credentials/{pending.id}.json", headers=BROWSER)
    assert document.headers.get("Retry-After") == for_a_person.headers["Retry-After"] == "2"


def test_pictures_and_buttons_have_names_for_who_does_not_see_them(session: Session, sign_in: SignIn) -> None:
    holder = make_user(session)
    credential = make_credential(session, learner=holder)
    client = sign_in(holder)

    page = client.get(f"/credentials/{credential.id}", headers=BROWSER).text
    assert '<div role="img" aria-label="QR code with this address"><svg ' in page
    assert f'Copy link</span><span class="visually-hidden">: {NAME}</span>' in client.get("/account/credentials").text


def test_a_name_cannot_break_the_page(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session, learner=make_user(session, name='<script>alert("1")</script>'))
    session.commit()

    assert "<script>alert" not in client.get(f"/credentials/{credential.id}", headers=BROWSER).text


@pytest.mark.parametrize("shape", [str, str.lower, lambda n: n.replace("-", ""), lambda n: n.removeprefix("LRL-").replace("-", "%20")])
def test_the_number_leads_to_the_page(client: FlaskClient, credential: Credential, shape: Callable[[str], str]) -> None:
    answer = client.get(f"/v/{shape(credential.number)}", headers=BROWSER)

    assert (answer.status_code, answer.location) == (303, f"/credentials/{credential.id}")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_number_leads_to_help(client: FlaskClient) -> None:
    malformed, unknown = client.get("/v/nonsense", headers=BROWSER), client.get("/v/LRL-7Q4M-KD2X-93ZZ", headers=BROWSER)

    assert (malformed.status_code, unknown.status_code) == (404, 404)
    assert "three groups of four" in malformed.text
    assert 'never given out the number <span class="numbers nowrap">LRL-7Q4M-KD2X-93ZZ' in unknown.text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("", 400, "Enter the number of the certificate"),
        ("   ", 400, "Enter the number of the certificate"),
        ("hello", 400, "three groups of four"),
        ("LRL-7Q4M-KD2X-93Z1", 400, "typing error"),
        ("lrl 7q4m kd2x 93zz", 404, "What to do now"),
        ('"><script>', 400, "three groups of four"),
    ],
)
def test_verify_answers_every_input_with_what_to_do(client: FlaskClient, typed: str, status: int, words: str) -> None:
    answer = client.get("/verify", query_string={"number": typed}, headers=BROWSER)

    assert answer.status_code == status
    assert words in answer.text
    assert '"><script>' not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_verify_finds_a_certificate_by_its_number(client: FlaskClient, credential: Credential, queries: QueryCount) -> None:
    queries.clear()
    answer = client.get("/verify", query_string={"number": credential.number.lower()}, headers=BROWSER)

    assert "This certificate is valid." in answer.text
    assert "Ada Lovelace" in answer.text
    assert f"/credentials/{credential.id}" in answer.text
    assert (queries.selects, queries.writes) == (2, 0)  # whether this network guesses, and the certificate


def test_verify_says_what_is_revoked_expired_or_not_yet_signed(client: FlaskClient, session: Session) -> None:
    revoked = make_credential(session)
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    pending = make_pending(session)
    session.commit()

    of_revoked = client.get("/verify", query_string={"number": revoked.number}, headers=BROWSER).text
    assert "was revoked and does not count" in of_revoked
    assert "What to do now:</b> Do not rely on it." in of_revoked
    assert "is being signed" in client.get("/verify", query_string={"number": pending.number}, headers=BROWSER).text


def test_guessing_numbers_is_slowed_down(client: FlaskClient) -> None:
    answers = [client.get("/v/nonsense", headers=BROWSER).status_code for _ in range(31)]
    to_machine = client.get("/v/nonsense")

    assert answers == [404] * 30 + [429]
    assert (to_machine.status_code, to_machine.mimetype) == (429, "application/problem+json")
    assert [client.get("/verify?number=nonsense").status_code for _ in range(61)] == [400] * 60 + [429]
    opened = [client.get(f"/verify?utm_source={number}").status_code for number in range(240)]
    assert set(opened[:230]) == {200}  # to open the form is not to look up: a whole company may share an address
    assert [client.get("/verify").status_code for _ in range(10)][-1] == 429  # but 300 pages a minute are enough for one


def test_an_achievement_has_a_page_a_document_and_a_badge(client: FlaskClient, session: Session) -> None:
    version = make_achievement(session)
    session.commit()
    address = f"/achievements/{version.slug}/v1"

    page, document = client.get(address, headers=BROWSER), client.get(address, headers=VALIDATOR)

    assert NAME in page.text
    assert "<strong>passed the exam</strong>" in page.text
    assert (document.mimetype, json.loads(document.data)["id"]) == ("application/ld+json", f"http://laurel.test{address}")
    assert page.headers["Cache-Control"] == document.headers["Cache-Control"] == "public, max-age=3600"
    assert client.get(f"{address}/badge.svg").mimetype == "image/svg+xml"
    assert client.get(f"{address}/badge.png").data.startswith(b"\x89PNG")
    assert client.get(f"/achievements/{version.slug}/v2", headers=BROWSER).status_code == 404


def test_every_address_inside_the_signed_document_answers(client: FlaskClient, session: Session, credential: Credential) -> None:
    addresses = set(re.findall(r'"(http://laurel\.test/[^"#]*)[#"]', _stored(session).decode()))

    assert len(addresses) >= 5
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_no_answer_carries_a_private_key(client: FlaskClient, session: Session, credential: Credential) -> None:
    sealed = session.scalars(select(IssuerKey.sealed_private_key)).one()  # the vault of the tests seals nothing
    public = [f"/credentials/{credential.id}", f"/credentials/{credential.id}.json", "/.well-known/did.json", "/status/revocation/1"]
    for address in public:
        body = client.get(address).data
        members = set(re.findall(rb'"([A-Za-z]+)":', body))
        assert not members & {b"d", b"p", b"q", b"dp", b"dq", b"qi", b"k", b"secretKeyMultibase", b"privateKeyMultibase", b"privateKeyJwk"}
        assert sealed not in body
        assert sealed.hex().encode() not in body


def test_a_holder_sees_their_own_certificates_and_nobody_elses(session: Session, sign_in: SignIn) -> None:
    mine, theirs = make_user(session), make_user(session, name="Charles Babbage")
    own, foreign = make_credential(session, learner=mine), make_credential(session, learner=theirs)
    waiting = make_pending(session, learner=mine)

    page = sign_in(mine).get("/account/credentials", headers=BROWSER)

    assert page.status_code == 200
    assert own.number in page.text
    assert waiting.number in page.text
    assert foreign.number not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_holder_without_certificates_is_told_how_to_earn_one(session: Session, sign_in: SignIn) -> None:
    assert "No certificates yet" in sign_in(make_user(session)).get("/account/credentials", headers=BROWSER).text


def test_the_list_of_certificates_asks_for_a_sign_in(client: FlaskClient) -> None:
    assert client.get("/account/credentials", headers=BROWSER).status_code in {302, 401}
