"""Asking for another name: what is known from the start is said at the first step."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import Credential
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential
from tests.factories.holders import make_name_change

FORMER, NEW = "Zebulon Quince", "Augusta Ada King"
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
STEPS = ("/account/certificate-name/preview", "/account/certificate-name")


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name=FORMER)


@pytest.fixture
def credentials(session: Session, person: User) -> list[Credential]:
    """Two that are valid, each signed a while ago."""
    ago = clock.now() - timedelta(days=1)
    return [make_credential(session, learner=person, at=ago) for _ in range(2)]


def csrf_of(client: FlaskClient, address: str) -> str:
    return client.get(address).text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


@pytest.mark.parametrize("typed", [FORMER, f"  {FORMER.replace(' ', '   ')} "])
@pytest.mark.parametrize("step", STEPS)
def test_the_name_that_one_has_is_refused_at_the_first_step_beside_its_field(
    session: Session, person: User, credentials: list[Credential], sign_in: SignIn, typed: str, step: str
) -> None:
    client = sign_in(person)
    data = {"csrf_token": csrf_of(client, "/account/certificate-name"), "new_name": typed, "words": "I married."}

    sent = client.post(step, data=data, headers=FROM_HERE)

    assert sent.status_code == 400
    assert "That is the name on your certificates already." in sent.text.split('id="new_name-error"', 1)[1].split("</p>", 1)[0]
    assert "I married." in sent.text


def test_the_name_that_one_has_may_be_asked_for_while_a_certificate_has_another(
    session: Session, person: User, credentials: list[Credential], sign_in: SignIn
) -> None:
    credentials[0].holder_name = "王小明"
    session.commit()
    client = sign_in(person)
    data = {"csrf_token": csrf_of(client, "/account/certificate-name"), "new_name": FORMER}

    assert "How your certificates will look" in client.post(STEPS[0], data=data, headers=FROM_HERE).text


@pytest.mark.parametrize("step", STEPS)
def test_while_a_change_is_under_way_every_step_leads_to_the_page_that_says_so(
    session: Session, person: User, credentials: list[Credential], sign_in: SignIn, step: str
) -> None:
    client = sign_in(person)
    token = csrf_of(client, "/account/certificate-name")
    make_name_change(session, person, name=NEW)
    session.commit()

    sent = client.post(step, data={"csrf_token": token, "new_name": "Ada Byron"}, headers=FROM_HERE)

    assert (sent.status_code, sent.location) == (303, "/account/certificate-name")
    page = client.get(sent.location).text
    assert "already under way" in page
    assert f"Staff are looking at “{NEW}”" in page


def test_the_way_back_to_a_preview_leads_to_the_form(person: User, sign_in: SignIn, session: Session) -> None:
    session.commit()
    assert sign_in(person).get(STEPS[0]).location == "/account/certificate-name"
