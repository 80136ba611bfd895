"""A PDF or a picture can show anything around a genuine credential: what is vouched for is the credential alone."""

import io
import json
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core import clock
from laurel.credentials.models import Credential, CredentialVersion
from tests.credentials import carriers
from tests.factories.credentials import NAME, make_credential


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    session.commit()
    return issued


@pytest.fixture
def text(session: Session, credential: Credential) -> str:
    return session.scalars(select(CredentialVersion.signed_json).filter_by(credential_id=credential.id)).one()


def ask(client: FlaskClient, content: bytes, media: str) -> TestResponse:
    return client.post("/api/v1/verify", data=content, headers={"Content-Type": media})


@pytest.mark.parametrize(
    ("media", "looks"), [("image/svg+xml", "What the drawing shows"), ("application/pdf", "What is printed on the PDF")]
)
def test_a_forged_look_around_a_genuine_credential_is_not_vouched_for(
    client: FlaskClient, credential: Credential, text: str, media: str, looks: str
) -> None:
    drawing = carriers.svg(f"{carriers.carried(text)}<text>Mallory Evil</text>")
    forged = drawing if media == "image/svg+xml" else carriers.pdf(("credential.json", text.encode()))
    answer, page = ask(client, forged, media).json, client.post("/verify", data={"file": (io.BytesIO(forged), "it")}).text

    assert answer["compare"] == {
        "holder": "Ada Lovelace",
        "title": NAME,
        "awarded": json.loads(text)["awardedDate"],
        "validUntil": json.loads(text)["validUntil"],
        "number": credential.number,
    }
    details = {check["id"]: check["detail"] for check in answer["checks"]}
    assert details["not_altered"] == "The signature fits every word of the credential inside."
    assert details["looks_the_same"].startswith(f"{looks} was not checked")
    assert '<p class="verdict-word">Inside: valid</p>' in page
    beside = page.split(f"{looks} was not checked. Compare it with what was signed:")[1].split('class="checks"')[0]
    assert all(words in beside for words in ("Ada Lovelace", NAME, credential.number))
    assert "This certificate is valid" not in page
    assert "fits every word of it" not in page


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (800, "The credential inside the file was genuine and has expired."),
        (-1, "The credential inside the file is genuine, but its validity has not begun."),
    ],
)
def test_what_is_said_of_the_inside_is_not_said_of_the_file(client: FlaskClient, text: str, days: int, said: str) -> None:
    file = carriers.pdf(("credential.json", text.encode()))

    with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
        page = client.post("/verify", data={"file": (io.BytesIO(file), "it.pdf")}).text

    assert said in page
    assert "This certificate" not in page


def test_a_pdf_that_is_not_ours_is_plainly_refused(client: FlaskClient, text: str) -> None:
    altered = carriers.pdf(("credential.json", text.replace("Ada Lovelace", "Eve Lovelace").encode()))

    answer = ask(client, altered, "application/pdf").json

    assert "looks_the_same" not in {check["id"] for check in answer["checks"]}
    assert answer["compare"] is None
    assert "Inside:" not in client.post("/verify", data={"file": (io.BytesIO(altered), "it.pdf")}).text
