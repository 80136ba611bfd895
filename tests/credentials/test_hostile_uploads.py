"""What is sent to do harm is refused by name, soon, and without a word to any other machine."""

import io
import json
import time
import tracemalloc
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core.db import Database
from laurel.credentials.pypdf_gateway import find_in_pdf
from laurel.credentials.rules.baking import bake_png, bake_svg
from laurel.credentials.rules.foreign import EXPLANATIONS, MAX_TEXT, MAX_UPLOAD, Cause, UnreadableError, parse_object
from laurel.web.limits import limiter
from tests.conftest import QueryCount
from tests.credentials import carriers
from tests.credentials.carriers import carried, carrier, chunk, in_attribute, many_attachments, pdf, png, svg
from tests.credentials.test_examining import ask, stored
from tests.factories.credentials import ISSUER, make_credential

pytestmark = pytest.mark.usefixtures("no_network")

OURS = {"type": ["VerifiableCredential"], "issuer": "did:web:laurel.test", "id": "http://laurel.test/credentials/x"}
GOOD = json.dumps(OURS)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
MANY = "".join(f'"m{n}": {n},' for n in range(8_000))

JSON: dict[str, tuple[bytes, Cause]] = {
    "text cut off": (GOOD.encode()[:-1], Cause.NOT_JSON),
    "two documents": ((GOOD + GOOD).encode(), Cause.NOT_JSON),
    "an array": (f"[{GOOD}]".encode(), Cause.NOT_A_CREDENTIAL),
    "nothing in it": (b"{}", Cause.NOT_A_CREDENTIAL),
    "nested arrays": (b"[" * 100_000, Cause.TOO_DEEP),
    "nested objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, Cause.TOO_DEEP),
    "one level too many": (b'{"a":' * 33 + b"1" + b"}" * 33, Cause.TOO_DEEP),
    "a member twice": (b'{"issuer": "did:web:laurel.test", "issuer": "did:web:evil.example"}', Cause.DUPLICATE_MEMBER),
    "a member twice, written otherwise": (b'{"id": 1, "\\u0069d": 2}', Cause.DUPLICATE_MEMBER),
    "not a number": (b'{"a": NaN}', Cause.UNFIT_NUMBER),
    "infinite": (b'{"a": -Infinity}', Cause.UNFIT_NUMBER),
    "infinite by its exponent": (b'{"a": 1e999}', Cause.UNFIT_NUMBER),
    "a huge number": (b'{"a": ' + b"9" * 100_000 + b"}", Cause.UNFIT_NUMBER),
    "half a character": (b'{"a": "\\ud800"}', Cause.UNFIT_TEXT),
    "half a character as a name": (b'{"\\udfff": 1}', Cause.UNFIT_TEXT),
    "Latin-1": ('{"a": "é"}'.encode("latin-1"), Cause.NOT_UTF8),
    "UTF-16": (GOOD.encode("utf-16"), Cause.UNKNOWN_FORMAT),
    "two marks at the start": (b"\xef\xbb\xbf\xef\xbb\xbf{}", Cause.UNKNOWN_FORMAT),
    "too long": (b'{"a": "' + b"x" * 200_000 + b'"}', Cause.TOO_LARGE),
    "packed": (carriers.gzipped(GOOD.encode()), Cause.UNKNOWN_FORMAT),
    "an archive": (b"PK\x03\x04" + bytes(100), Cause.UNKNOWN_FORMAT),
    "a comment": (b'{"a": 1} // no', Cause.NOT_JSON),
    "control characters": (b'{"a": "\x00"}', Cause.NOT_JSON),
    "spaces": (b" \n\t ", Cause.EMPTY),
    "a picture": (png(), Cause.WRONG_FORMAT),
    "types of all kinds": (b'{"type": [{}, [], null, 1], "issuer": [[]]}', Cause.NOT_A_CREDENTIAL),
    "an issuer of another type": (b'{"type": "VerifiableCredential", "issuer": {"id": {"id": 1}}}', Cause.NOT_A_CREDENTIAL),
}
PNG: dict[str, tuple[bytes, Cause]] = {
    "cut off": (png(carrier(GOOD.encode()))[:-5], Cause.PNG_DAMAGED),
    "signature only": (carriers.PNG, Cause.PNG_DAMAGED),
    "no end": (carriers.PNG + chunk(b"IHDR", bytes(13)), Cause.PNG_DAMAGED),
    "something after its end": (png(carrier(GOOD.encode())) + b"<?php", Cause.PNG_DAMAGED),
    "a chunk longer than the file": (carriers.PNG + b"\xff\xff\xff\xffIHDR" + bytes(20), Cause.PNG_DAMAGED),
    "a wrong checksum": (png(carrier(GOOD.encode())).replace(b"did:web", b"did:wib"), Cause.PNG_DAMAGED),
    "very many chunks": (png(*[chunk(b"tEXt", b"")] * 5_000), Cause.PNG_DAMAGED),
    "no credential": (png(chunk(b"tEXt", b"openbadges\0{}")), Cause.NO_CREDENTIAL),
    "two credentials": (png(carrier(GOOD.encode()), carrier(GOOD.encode())), Cause.SEVERAL_CREDENTIALS),
    "a bomb": (png(chunk(b"iTXt", b"openbadgecredential\0\x01\0\0\0" + carriers.bomb())), Cause.TOO_LARGE),
    "packed badly": (png(chunk(b"iTXt", b"openbadgecredential\0\x01\0\0\0no")), Cause.PNG_DAMAGED),
    "packed and cut off": (png(chunk(b"iTXt", b"openbadgecredential\0\x01\0\0\0" + carriers.bomb(100)[:-6])), Cause.PNG_DAMAGED),
    "a flag that is none": (png(chunk(b"iTXt", b"openbadgecredential\0\x07\0\0\0{}")), Cause.PNG_DAMAGED),
    "no text": (png(chunk(b"iTXt", b"openbadgecredential\0")), Cause.PNG_DAMAGED),
    "nested text": (bake_png(png(), '{"a":' * 20_000), Cause.TOO_DEEP),
}
SVG: dict[str, tuple[bytes, Cause]] = {
    "a billion laughs": (svg("&l9;", before=f"<!DOCTYPE svg [{LAUGHS}]>"), Cause.SVG_DOCTYPE),
    "a file of ours": (svg("&x;", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), Cause.SVG_DOCTYPE),
    "an address": (svg("", before='<!DOCTYPE svg SYSTEM "http://evil.example/x.dtd">'), Cause.SVG_DOCTYPE),
    "parameter entities": (svg("", before='<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://evil.example/">%x;]>'), Cause.SVG_DOCTYPE),
    "an unknown entity": (svg("&nbsp;"), Cause.SVG_DAMAGED),
    "deep": (svg("<g>" * 50_000), Cause.TOO_DEEP),
    "wide": (svg("<g/>" * 50_000), Cause.TOO_DEEP),
    "cut off": (svg(carried(GOOD))[:-6], Cause.SVG_DAMAGED),
    "not a drawing": (b"<html><body/></html>", Cause.SVG_DAMAGED),
    "no credential": (svg("<title>Badge</title>"), Cause.NO_CREDENTIAL),
    "a credential of another namespace": (svg("<credential>{}</credential>"), Cause.NO_CREDENTIAL),
    "two credentials": (svg(carried(GOOD) * 2), Cause.SEVERAL_CREDENTIALS),
    "markup in the credential": (svg('<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0"><g/></o:credential>'), Cause.SVG_DAMAGED),
    "a long credential": (svg(carried("x" * 200_000)), Cause.TOO_LARGE),
    "a long token": (svg(in_attribute("x" * 200_000)), Cause.TOO_LARGE),
    "Latin-1": (svg("<title>é</title>").decode().encode("latin-1"), Cause.NOT_UTF8),
    "UTF-7": (b'<?xml version="1.0" encoding="utf-7"?>' + svg("+ADw-"), Cause.NO_CREDENTIAL),
    "an empty credential": (svg(carried("")), Cause.NOT_JSON),
}
PDF: dict[str, tuple[bytes, Cause]] = {
    "a bomb": (carriers.pdf_bomb(), Cause.PDF_DAMAGED),
    "no attachment": (pdf(), Cause.NO_CREDENTIAL),
    "another attachment": (pdf(("invoice.json", b"{}")), Cause.NO_CREDENTIAL),
    "two credentials": (pdf(("credential.json", GOOD.encode()), ("credential.json", b"{}")), Cause.SEVERAL_CREDENTIALS),
    "credentials in many leaves": (many_attachments(10, 5), Cause.SEVERAL_CREDENTIALS),
    "locked": (pdf(("credential.json", GOOD.encode()), password="secret"), Cause.PDF_ENCRYPTED),
    "cut off": (pdf(("credential.json", GOOD.encode()))[:-200], Cause.PDF_DAMAGED),
    "a head alone": (b"%PDF-1.7\n", Cause.PDF_DAMAGED),
    "a name tree that contains itself": (
        carriers.raw_pdf([b"<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>", b"<</Kids[2 0 R 2 0 R]>>"]),
        Cause.NO_CREDENTIAL,
    ),
    "an object that is itself": (carriers.raw_pdf([b"<</Type/Catalog/Names 2 0 R>>", b"2 0 R"]), Cause.PDF_DAMAGED),
    "an attachment without content": (
        carriers.raw_pdf([b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[(credential.json) 7]>>>>>>"]),
        Cause.PDF_DAMAGED,
    ),
    "nested arrays": (carriers.raw_pdf([b"<</Type/Catalog/Names " + b"[" * 100_000 + b">>"]), Cause.PDF_DAMAGED),
    "not a credential inside": (pdf(("credential.json", b"{}")), Cause.NOT_A_CREDENTIAL),
}
TOKENS: dict[str, tuple[bytes, Cause]] = {
    "two parts": (b"eyJhIjoxfQ.eyJhIjoxfQ", Cause.UNKNOWN_FORMAT),
    "a header that is no JSON": (b"gICA.eyJhIjoxfQ.AAAA", Cause.NOT_UTF8),
    "a header that is a list": (b"W10.eyJhIjoxfQ.AAAA", Cause.NOT_A_CREDENTIAL),
    "base64 of odd length": (b"eyJhIjoxf.eyJhIjoxfQ.AAAA", Cause.NOT_A_TOKEN),
    "base64 in another spelling": (b"eyJhIjoxfR.eyJhIjoxfQ.AAAA", Cause.NOT_A_TOKEN),
    "a huge signature": (b"e30.e30." + b"A" * 5_000, Cause.NOT_A_TOKEN),
    "no algorithm": (b"e30.e30.AAAA", Cause.UNSUPPORTED_ALGORITHM),
}
CASES = [
    pytest.param(media, content, cause, id=f"{media}: {name}")
    for media, table in (
        ("application/vc", JSON),
        ("image/png", PNG),
        ("image/svg+xml", SVG),
        ("application/pdf", PDF),
        ("application/jwt", TOKENS),
    )
    for name, (content, cause) in table.items()
]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@SQLITE
@pytest.mark.parametrize(("media", "content", "cause"), CASES)
def test_what_cannot_be_read_is_refused_by_name(client: FlaskClient, media: str, content: bytes, cause: Cause) -> None:
    began = time.process_time()
    answer = ask(client, content, media)

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert (answer.json["cause"], answer.json["detail"]) == (cause, EXPLANATIONS[cause])
    assert answer.headers["Cache-Control"] == "no-store"
    assert time.process_time() - began < 2


@SQLITE
@pytest.mark.parametrize(("media", "content", "cause"), CASES)
def test_the_page_refuses_it_too_in_words(client: FlaskClient, media: str, content: bytes, cause: Cause) -> None:
    page = client.post("/verify", data={"file": (io.BytesIO(content), "file")})

    assert page.status_code == 422
    assert 'id="file-error"' in page.text
    assert "verdict-ok" not in page.text


HEAVY: dict[str, dict[str, Any]] = {
    "blank nodes that look alike": {**OURS, "credentialSubject": [{"achievement": {"type": "Achievement"}} for _ in range(400)]},
    "contexts by the hundred": {**OURS, "@context": ["https://www.w3.org/ns/credentials/v2"] * 500},
    "a context within a context": {**OURS, "@context": {"a": {"@id": "https://a.example/a", "@context": {"b": "@nest"}}}},
    "a context that names itself": {**OURS, "@context": {"id": {"@id": "id", "@type": "@id"}, "id2": "id"}},
    "many members": {**OURS, **json.loads(f"{{{MANY[:-1]}}}")},
}


@SQLITE
@pytest.mark.parametrize("document", HEAVY.values(), ids=HEAVY)
def test_a_document_made_to_be_costly_is_given_up_soon(client: FlaskClient, session: Session, document: dict[str, Any]) -> None:
    make_credential(session)
    session.commit()
    proof = {**json.loads(stored(session))["proof"], "proofValue": "z" + "2" * 88}
    contexts = document.get("@context", json.loads(stored(session))["@context"])
    began = time.process_time()

    answer = ask(client, json.dumps({**document, "@context": contexts, "proof": proof}))

    assert (answer.status_code, answer.json["verdict"]) == (200, "signature invalid")
    assert time.process_time() - began < 3


def test_an_object_is_not_parsed_beyond_what_a_credential_may_take() -> None:
    with pytest.raises(UnreadableError) as refused:
        parse_object(f'{{"a": "{"x" * MAX_TEXT}"}}')

    assert refused.value.cause is Cause.TOO_LARGE


def test_a_pdf_with_several_credentials_is_refused_before_they_are_unpacked() -> None:
    content = many_attachments(10, 12)  # 14 MB unpacked
    tracemalloc.start()
    with pytest.raises(UnreadableError):
        find_in_pdf(content)
    _left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 3_000_000


@SQLITE
def test_what_has_more_parts_than_any_of_ours_is_not_looked_up(client: FlaskClient, session: Session, queries: QueryCount) -> None:
    credential = make_credential(session)
    session.commit()
    document = {**OURS, "id": ISSUER.credential_url(credential.id), "evidence": [[] for _ in range(200)]}
    queries.clear()

    answer = ask(client, json.dumps(document))

    assert (answer.json["verdict"], queries.selects) == ("signature invalid", 0)


@SQLITE
def test_two_megabytes_is_the_limit(client: FlaskClient) -> None:
    full, over = b"x" * MAX_UPLOAD, b"x" * (MAX_UPLOAD + 1)

    assert ask(client, full, "image/png").status_code == 422
    refused = ask(client, over, "image/png")
    assert (refused.status_code, refused.mimetype) == (413, "application/problem+json")
    assert [_send(client, field, over).status_code for field in ('file"; filename="f', "pasted")] == [422, 422]
    for field in ('file"; filename="f', "pasted"):
        page = _send(client, field, over * 2)
        assert page.status_code == 413
        assert EXPLANATIONS[Cause.TOO_LARGE] in page.text


def _send(client: FlaskClient, field: str, content: bytes) -> TestResponse:
    """One field of a form, written by hand: the test client would leave a file open."""
    body = f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'.encode() + content + b"\r\n--b--\r\n"
    return client.post("/verify", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})


@SQLITE
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({}, b"{}", 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, carriers.gzipped(b"{}"), 415),
        ({"Content-Type": "application/json"}, b"", 400),
        ({"Content-Type": "application/json", "Accept": "text/html"}, b"no", 422),
    ],
)
def test_the_api_says_what_is_wrong_as_the_standard_wants(client: FlaskClient, headers: dict[str, str], body: bytes, status: int) -> None:
    answer = client.post("/api/v1/verify", data=body, headers=headers)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"


@SQLITE
def test_whoever_looks_up_very_often_is_slowed_down_by_whatever_door(client: FlaskClient) -> None:
    by_api = [ask(client, b"no").status_code for _ in range(20)]
    by_page = [client.post("/verify", data={"pasted": "no"}).status_code for _ in range(20)]
    by_number = [client.get("/api/v1/certificates/no").status_code for _ in range(20)]
    refused = ask(client, b"no")

    assert by_api == by_page == [422] * 20
    assert by_number == [404] * 20
    assert [client.get("/verify?number=no").status_code, client.post("/verify").status_code, refused.status_code] == [429] * 3
    assert (refused.mimetype, refused.headers["Retry-After"]) == ("application/problem+json", "60")


@given(content=st.binary(max_size=400), start=st.sampled_from([b"", b"{", b"<svg", carriers.PNG, b"%PDF-1.7\n", b"\xef\xbb\xbf"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@SQLITE
def test_no_bytes_break_it_and_none_are_valid(client: FlaskClient, content: bytes, start: bytes) -> None:
    _reset_limits(client)
    answer = client.post("/verify", data={"file": (io.BytesIO(start + content), "file")})

    assert answer.status_code in {200, 422}
    assert "verdict-ok" not in answer.text


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["@context", "id", "type", "issuer", "proof", "credentialSubject", "credentialStatus", "validFrom", "name", "@graph", "@included"]
)


@given(member=MEMBERS, value=JSON_VALUES)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@SQLITE
def test_no_member_of_another_type_breaks_it(client: FlaskClient, session: Session, member: str, value: Any) -> None:
    _reset_limits(client)
    document = {**json.loads(_one(session)), member: value}

    answer = ask(client, json.dumps(document))

    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or answer.json["verdict"] in {"signature invalid", "not issued here"}


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@SQLITE
def test_any_byte_that_changes_what_it_says_makes_it_invalid(client: FlaskClient, session: Session, place: int, byte: int) -> None:
    _reset_limits(client)
    original = _one(session).encode()
    changed = bytearray(original)
    changed[place % len(original)] = byte

    answer = ask(client, bytes(changed))

    is_valid = answer.status_code == 200 and answer.json["verdict"] == "valid"
    assert answer.status_code in {200, 422}
    assert is_valid == _says_the_same(bytes(changed), original)


def _says_the_same(changed: bytes, original: bytes) -> bool:
    try:
        return bool(json.loads(changed) == json.loads(original)) and parse_object(changed.decode()) != {}
    except (ValueError, UnreadableError):
        return False


def _one(session: Session) -> str:
    """The document of this test's credential, made by the first example."""
    if not stored(session):
        make_credential(session)
        session.commit()
    return stored(session)


def _reset_limits(client: FlaskClient) -> None:
    with client.application.app_context():
        limiter.reset()


def test_a_name_of_their_own_cannot_leave_the_carrier() -> None:
    text = json.dumps({**OURS, "name": "]]></openbadges:credential><script>alert(1)</script>"})

    root = ElementTree.fromstring(bake_svg(svg("").decode(), text))  # noqa: S314 (our own drawing)

    assert [(child.tag, child.text) for child in root.iter()][1:] == [("{https://purl.imsglobal.org/ob/v3p0}credential", text)]


@SQLITE
def test_while_the_register_is_away_nothing_is_known(client: FlaskClient, session: Session, database: Database) -> None:
    number = make_credential(session).number
    session.commit()
    text = stored(session)
    session.close()
    database.connect("sqlite:////no-such-folder/laurel.db")

    page, answer = client.post("/verify", data={"pasted": text}), ask(client, text)
    by_number = client.get(f"/api/v1/certificates/{number}")

    for each in (page, answer, by_number):
        assert (each.status_code, each.headers.get("Retry-After")) == (503, "2")
    assert "Temporarily unknown" in page.text
    assert "verdict-ok" not in page.text
    assert (answer.mimetype, answer.json["verdict"]) == ("application/problem+json", "temporarily unknown")
    assert (by_number.mimetype, by_number.json["verdict"]) == ("application/problem+json", "temporarily unknown")
    for typed in (client.get("/verify", query_string={"number": number}), client.post("/verify", data={"pasted": number})):
        assert (typed.status_code, typed.headers.get("Retry-After")) == (503, "2")
        assert f"<title>Temporarily unknown: certificate {number}" in typed.text
        assert f'name="number" value="{number}"' in typed.text
    assert ask(client, json.dumps({**json.loads(text), "issuer": "did:web:elsewhere.example"})).json["verdict"] == "not issued here"
