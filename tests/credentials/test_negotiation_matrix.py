"""Every public address of a credential: which form it has for whom, how it is kept, and that it tells nobody who asked (§7)."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries import get_credential, get_version
from laurel.credentials.services.issuing import issue
from tests.credentials.carriers import add_token_key
from tests.factories.credentials import ISSUER, make_pending
from tests.factories.organizations import make_credential_of
from tests.factories.scores import agree, give_score
from tests.fakes import PlainVault

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CREDENTIAL = "/credentials/{id}"
EVIDENCE = f"{CREDENTIAL}/evidence"
LIST = "/status/revocation/1"
LIST_OF_ACME = "{list_of_acme}"
ACHIEVEMENT = "/achievements/{slug}/v1"
DID = "/.well-known/did.json"
DID_OF_ACME = "/orgs/acme/did.json"
VC, LD, VC_LD, JSON, HTML = "application/vc", "application/ld+json", "application/vc+ld+json", "application/json", "text/html"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
VALIDATOR = "application/ld+json, application/json;q=0.9, text/plain;q=0.8"

NAMED = [(media, media) for media in (VC, LD, VC_LD, JSON)]
WISHES: list[tuple[str | None, str | None]] = [
    *NAMED,
    (None, VC),
    ("", VC),
    ("*/*", VC),
    ("application/*", VC),
    (VALIDATOR, LD),
    ("application/json, */*", JSON),
    ("application/json;q=0.5, application/vc;q=0.4", JSON),
    ("APPLICATION/LD+JSON", LD),
    ("application/vc; q=0, */*", LD),
    ("image/png", None),
    ("text/plain", None),
    ("application/vc;q=0", None),
    ("application/xml, text/csv;q=0.9", None),
]
PAGE_WISHES: list[tuple[str | None, str | None]] = [(HTML, HTML), (CHROME, HTML), ("text/*", HTML), (f"{HTML};q=0.1, {LD}", LD)]
NO_CREDENTIAL: list[tuple[str | None, str | None]] = [
    (LD, LD),
    (JSON, JSON),
    (VC, None),
    (VC_LD, None),
    *[(accept, LD) for accept in (None, "", "*/*", "application/*", VALIDATOR, f"{VC}, {LD};q=0.5", f"{VC}, */*;q=0.1")],
    ("application/json;q=0.5, application/vc", JSON),
    (f"{LD};q=0, */*", JSON),
    ("image/png", None),
]
"""Achievement and evidence are JSON-LD and no credentials: whoever names the type of credentials alone is not given one under its name."""
LIST_WISHES: list[tuple[str | None, str | None]] = [(HTML, None), (CHROME, VC)]
DID_TYPE = "application/did+json"
DID_WISHES: list[tuple[str | None, str | None]] = [
    (DID_TYPE, DID_TYPE),
    ("application/did+json, */*;q=0.1", DID_TYPE),
    *[(accept, JSON) for accept in (None, "*/*", JSON, CHROME, VALIDATOR, "image/png")],
]
MATRIX = {
    CREDENTIAL: WISHES + PAGE_WISHES,
    **dict.fromkeys((EVIDENCE, ACHIEVEMENT), NO_CREDENTIAL + PAGE_WISHES),
    **dict.fromkeys((LIST, LIST_OF_ACME), WISHES + LIST_WISHES),
    **dict.fromkeys((DID, DID_OF_ACME), DID_WISHES),
}
FIXED = {
    f"{CREDENTIAL}.json": (JSON, "public, max-age=300"),
    f"{CREDENTIAL}.jwt": ("application/jwt", "public, max-age=300"),
    f"{CREDENTIAL}/badge.png": ("image/png", "public, max-age=300"),
    f"{CREDENTIAL}/badge.svg": ("image/svg+xml", "public, max-age=300"),
    f"{CREDENTIAL}/card.png": ("image/png", "public, max-age=300"),
    f"{CREDENTIAL}/certificate.pdf": ("application/pdf", "private, max-age=0"),
    f"{ACHIEVEMENT}/badge.png": ("image/png", "public, max-age=3600"),
    f"{ACHIEVEMENT}/badge.svg": ("image/svg+xml", "public, max-age=3600"),
    "/.well-known/jwks.json": ("application/jwk-set+json", "public, max-age=3600"),
    "/keys/{token_key}.jwk": ("application/jwk+json", "public, max-age=86400"),
    "/orgs/acme/keys/{token_key}.jwk": ("application/jwk+json", "public, max-age=86400"),
    "/orgs/acme/logo.png": ("image/png", "public, max-age=3600"),
    "/issuer/logo.png": ("image/png", "public, max-age=3600"),
    "/api/v1/certificates/{number}": (JSON, "public, max-age=60"),
}
CACHING = {
    **dict.fromkeys((CREDENTIAL, EVIDENCE), "public, max-age=300"),
    **dict.fromkeys((ACHIEVEMENT, DID, DID_OF_ACME), "public, max-age=3600"),
    **dict.fromkeys((LIST, LIST_OF_ACME), "public, max-age=300, stale-while-revalidate=600"),
}
EVERY = [*CACHING, *FIXED]


@pytest.fixture
def places(session: Session, acme: Organization) -> dict[str, str]:
    """A certificate of the house that shows its score, and one of an organization: each issuer has its own keys and lists."""
    issued = make_pending(session)
    give_score(session, issued)
    agree(session, issued)
    issue(session, issued.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    of_acme = json.loads(get_version(session, make_credential_of(session, acme).id, 1).signed_json)
    token_key, _of_acme = add_token_key(session).fragment, add_token_key(session, did=of_acme["issuer"]["id"])
    session.commit()
    return {
        "id": str(issued.id),
        "number": issued.number,
        "token_key": token_key,
        "slug": get_credential(session, issued.id).achievement.slug,
        "list_of_acme": of_acme["credentialStatus"]["statusListCredential"].removeprefix(ISSUER.public_url),
    }


@pytest.mark.parametrize("address", MATRIX)
def test_the_form_is_the_best_that_was_named(client: FlaskClient, places: dict[str, str], address: str) -> None:
    for accept, media in MATRIX[address]:
        answer = client.get(address.format(**places), headers={} if accept is None else {"Accept": accept})
        assert (answer.status_code, answer.mimetype) == ((200, media) if media else (406, "application/problem+json")), accept
        assert "Accept" in [part.strip() for part in answer.headers["Vary"].split(",")]
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if media != HTML:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_an_address_that_names_its_form_has_no_other(client: FlaskClient, places: dict[str, str]) -> None:
    for address, expected in FIXED.items():
        for accept in (None, "*/*", CHROME, VALIDATOR, "text/plain"):
            answer = client.get(address.format(**places), headers={} if accept is None else {"Accept": accept})

            assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, *expected), (address, accept)
            assert "Set-Cookie" not in answer.headers, address


def test_head_and_conditional_requests_are_answered_short(client: FlaskClient, places: dict[str, str]) -> None:
    for address in EVERY:
        check_short_answers(client, address.format(**places), caching=CACHING.get(address) or FIXED[address][1])


def check_short_answers(client: FlaskClient, url: str, *, caching: str) -> None:
    first = client.get(url)
    head = client.head(url)
    same = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    weak = client.get(url, headers={"If-None-Match": f"W/{first.headers['ETag']}"})
    other = client.get(url, headers={"If-None-Match": '"something-else"'})

    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", first.headers["ETag"]), url
    assert head.headers["Content-Type"] == first.headers["Content-Type"], url
    assert (same.status_code, same.data) == (weak.status_code, weak.data) == (304, b""), url
    assert (other.status_code, other.data) == (200, first.data), url
    for answer in (first, head, same):
        assert answer.headers["Cache-Control"] == caching, url
        assert "Set-Cookie" not in answer.headers, url
    assert first.headers.get("Vary") == same.headers.get("Vary"), url


def test_each_form_has_a_tag_of_its_own(client: FlaskClient, places: dict[str, str]) -> None:
    of_credentials, of_parts = [VC, LD, VC_LD, JSON], [LD, JSON]
    for address in (CREDENTIAL, EVIDENCE, LIST, LIST_OF_ACME, ACHIEVEMENT):
        forms = of_parts if address in (EVIDENCE, ACHIEVEMENT) else of_credentials
        tags = {client.get(address.format(**places), headers={"Accept": media}).headers["ETag"] for media in forms}
        assert len(tags) == len(forms)


def test_machines_are_never_sent_elsewhere(client: FlaskClient, places: dict[str, str]) -> None:
    for url in (address.format(**places) for address in EVERY):
        for slip in (f"{url}/", url.replace("/", "//", 1), f"{url}//"):
            assert client.get(slip, headers={"Accept": LD}).status_code == 404, slip


def test_who_is_signed_in_gets_the_same_and_no_cookie(client: FlaskClient, places: dict[str, str]) -> None:
    for url in (address.format(**places) for address in EVERY):
        stranger = client.get(url)
        client.set_cookie("laurel_demo", "somebody", domain="laurel.test")
        known = client.get(url, headers={"Origin": "https://elsewhere.example"})

        assert (known.status_code, known.data) == (200, stranger.data), url
        assert "Set-Cookie" not in known.headers, url
        assert "Cookie" not in known.headers.get("Vary", "")
        client.delete_cookie("laurel_demo", domain="laurel.test")


def test_a_page_of_another_site_may_ask_the_api(app: Flask, places: dict[str, str]) -> None:
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    client = app.test_client()
    asked = client.options(
        "/api/v1/verify",
        base_url="http://laurel.test",
        headers={**elsewhere, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"},
    )
    text = client.get(f"/credentials/{places['id']}.json", base_url="http://laurel.test", headers=elsewhere).data
    sent = client.post("/api/v1/verify", base_url="http://laurel.test", data=text, headers={**elsewhere, "Content-Type": VC})

    assert (asked.status_code, asked.data) == (204, b"")
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert asked.headers["Access-Control-Allow-Origin"] == sent.headers["Access-Control-Allow-Origin"] == "*"
    assert (sent.status_code, sent.json["verdict"]) == (200, "valid")
    assert "Set-Cookie" not in sent.headers
    assert "Access-Control-Allow-Credentials" not in sent.headers


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/verify", 405),
        ("/api/v1/nothing", 404),
        ("/status/revocation/999", 404),
        ("/status/revocation/99999999999999999999", 404),
        ("/status/revocation/x", 404),
        ("/credentials/x.json", 404),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vc"])
def test_machines_are_refused_as_rfc_9457_says_also_where_there_is_no_address(
    client: FlaskClient, address: str, status: int, accept: str
) -> None:
    answer = client.get(address, headers={"Accept": accept})
    kind = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR" if "/status/" in address else "about:blank"

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (answer.json["type"], answer.json["status"]) == (kind, status)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_browser_gets_a_page_where_there_is_no_address_but_for_the_api(client: FlaskClient) -> None:
    asked = {"Accept": "text/html,*/*;q=0.8"}

    assert client.get("/credentials/x", headers=asked).mimetype == HTML
    assert client.get("/api/v1/verify", headers=asked).mimetype == "application/problem+json"


def test_the_status_by_number_forgives_and_helps(client: FlaskClient, places: dict[str, str]) -> None:
    number = places["number"]
    found = client.get(f"/api/v1/certificates/{number.lower().removeprefix('lrl-').replace('-', '')}")
    unknown, typo = client.get("/api/v1/certificates/LRL-7Q4M-KD2X-93ZZ"), client.get("/api/v1/certificates/LRL-7Q4M-KD2X-93Z1")

    assert (found.status_code, found.json["verdict"], found.json["credential"]["number"]) == (200, "valid", number)
    assert [check["ok"] for check in found.json["checks"]] == [True] * 4
    assert "Ada" not in found.text
    assert (unknown.status_code, unknown.mimetype, typo.status_code) == (404, "application/problem+json", 404)
    assert "typing error" in typo.json["detail"]
    assert client.get("/api/v1/certificates/x", headers={"Accept": HTML}).mimetype == "application/problem+json"
