"""Organizations in the back office: made once, changed for the future, and what is awarded in their name."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core.events import EventRecord
from laurel.credentials.models import AchievementVersion
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries import find_achievement_of_course
from laurel.credentials.queries.keys import find_active_key
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_course
from tests.factories.organizations import make_acme, make_credential_of, png

PLACE = "/backoffice/organizations"
WORDS = {"name": "Acme Academy", "url": "https://acme.example", "email": "Certificates@Acme.example", "description": "Trains people."}


@pytest.fixture
def browser(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Olga Owner", roles=["owner"]))


@pytest.fixture
def send(browser: FlaskClient, csrf: Callable[..., str]) -> Callable[..., TestResponse]:
    def post(path: str, *, logo: bytes | None = None, **fields: str) -> TestResponse:
        data: dict[str, Any] = {"csrf_token": csrf(), **fields}
        if logo is not None:
            data["logo"] = (BytesIO(logo), "logo.png")
        return browser.post(f"{PLACE}{path}", data=data, content_type="multipart/form-data")

    return post


def test_an_organization_is_made_with_its_logo_and_listed(
    send: Callable[..., TestResponse], browser: FlaskClient, session: Session
) -> None:
    answer = send("/new", slug="acme", logo=png(), **WORDS)

    made = session.scalars(select(Organization)).one()
    assert answer.location == f"{PLACE}/{made.id}"
    assert (made.slug, made.email, made.has_logo) == ("acme", "certificates@acme.example", True)
    assert browser.get("/orgs/acme/logo.png").data == png()
    page = browser.get(PLACE).text
    assert "Acme Academy" in page
    assert "did:web:laurel.test:orgs:acme" in page
    told = session.scalars(select(EventRecord).filter_by(name="OrganizationMade")).one()
    assert (told.facts["slug"], told.actor_id is not None) == ("acme", True)


@pytest.mark.parametrize(
    ("wrong", "logo", "message"),
    [
        ({"slug": "Acme!"}, None, "small letters"),
        ({"slug": "taken"}, None, "Another organization has this short name"),
        ({"url": "acme.example"}, None, "begins with https://"),
        ({"email": "nobody"}, None, "Write an e-mail address"),
        ({"name": "", "email": ""}, None, "Enter an e-mail address to which holders may write."),
        ({"description": "x" * 501}, None, "Use at most 500 characters"),
        ({"linkedin_id": "acme-academy"}, None, "Enter digits alone, as they stand in the address of its admin page at LinkedIn"),
        ({"official": "x" * 101}, None, "Use at most 100 characters"),
        ({"official": "Dr. \u1810\u1820"}, None, "Our fonts lack a letter of it"),
        ({}, b"no picture", "This is no PNG"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(
    send: Callable[..., TestResponse], session: Session, wrong: dict[str, str], logo: bytes | None, message: str
) -> None:
    make_acme(session, "taken")
    session.commit()

    answer = send("/new", logo=logo, **{"slug": "acme", **WORDS, **wrong})

    assert (answer.status_code, message in answer.text, "field-error" in answer.text) == (400, True, True)
    assert 'value="https://acme.example"' in answer.text or wrong.get("url") == "acme.example"
    assert [one.slug for one in session.scalars(select(Organization))] == ["taken"]


def test_all_that_is_wrong_is_said_at_once_and_once_beside_each_field(
    send: Callable[..., TestResponse], browser: FlaskClient, csrf: Callable[..., str], session: Session
) -> None:
    acme = make_acme(session, "taken")
    session.commit()
    wrong = {"name": " ", "url": "acme", "email": "nobody", "description": "", "official": "Dr. \u1810\u1820"}

    new, changed = send("/new", slug="taken", logo=b"no picture", **wrong), send(f"/{acme.id}", logo=b"no picture", **wrong)
    nothing = browser.post(f"{PLACE}/new", data={"csrf_token": csrf()})

    for answer, count in ((new, 7), (changed, 6), (nothing, 5)):
        assert (answer.status_code, answer.text.count('class="field-error"')) == (400, count)
    for words in ("has this short name", "It cannot be empty", "begins with https://", "Write an e-mail", "Our fonts lack", "no PNG"):
        assert words in new.text
    assert [one.slug for one in session.scalars(select(Organization))] == ["taken"]


def test_it_is_changed_for_certificates_to_come(send: Callable[..., TestResponse], browser: FlaskClient, session: Session) -> None:
    acme = make_acme(session, logo=png())
    session.commit()

    refused = send(f"/{acme.id}", **WORDS | {"url": "nowhere"})
    changed = send(
        f"/{acme.id}",
        **WORDS | {"name": "Acme University", "slug": "other", "official": "Mx. Robin Vale, Registrar", "linkedin_id": "1337"},
    )

    assert (refused.status_code, changed.status_code) == (400, 303)
    session.refresh(acme)
    assert (acme.name, acme.slug, acme.has_logo) == ("Acme University", "acme", True)  # its short name never, its logo only by another
    page = browser.get(f"{PLACE}/{acme.id}").text
    assert "Acme University" in page
    assert 'value="Mx. Robin Vale, Registrar"' in page
    assert 'value="1337"' in page


def test_a_credential_is_awarded_in_its_name_and_goes_back_to_the_house(
    send: Callable[..., TestResponse], browser: FlaskClient, session: Session
) -> None:
    acme, course = make_acme(session), make_course(session)
    version = make_achievement(session, course=course)
    session.commit()

    def present() -> AchievementVersion:
        session.rollback()
        found = find_achievement_of_course(session, course.id)
        assert found is not None
        return found

    assert send(f"/{acme.id}/credentials", achievement="").status_code == 400
    assert send(f"/{acme.id}/credentials", achievement=str(version.achievement_id)).status_code == 303
    assert (present().organization_id, present().n) == (acme.id, version.n + 1)
    twin = send(f"/{acme.id}/credentials", achievement=str(version.achievement_id))  # from a page that is out of date
    assert (twin.status_code, present().n) == (303, version.n + 1)
    assert "awarded in the name of Acme Academy already. Nothing was changed." in browser.get(twin.location).text
    shown = browser.get(f"/achievements/{version.slug}/v{version.n + 1}", headers={"Accept": "text/html"}).text
    assert "Credential by Acme Academy" in shown

    back = f"/{acme.id}/credentials/{version.achievement_id}/return"
    assert (send(back).status_code, send(back).status_code) == (303, 303)
    assert (present().organization_id, present().n) == (None, version.n + 2)
    assert "It is not awarded in this name any more. Nothing was changed." in browser.get(f"{PLACE}/{acme.id}").text
    assert "Credential by Laurel Academy" in browser.get(f"/achievements/{version.slug}/v{version.n}", headers={"Accept": "text/html"}).text


def test_its_keys_stand_beside_those_of_the_house_and_are_changed_as_they_are(
    browser: FlaskClient, csrf: Callable[..., str], session: Session
) -> None:
    acme = make_acme(session)
    make_credential_of(session, acme)
    session.commit()
    key = find_active_key(session, "did:web:laurel.test:orgs:acme")
    assert key is not None

    page = browser.get("/backoffice/keys").text
    assert "Acme Academy" in page
    assert key.fragment in page.split("did:web:laurel.test:orgs:acme")[1]
    words = {"csrf_token": csrf(), "purpose": "di", "reason": "yearly", "organization": "acme"}
    made = browser.post("/backoffice/keys/stage", data=words)
    assert "did:web:laurel.test:orgs:acme#key-" in browser.get(made.location).text
    assert browser.post("/backoffice/keys/stage", data={**words, "organization": "nobody"}).status_code == 400
    theft = {"csrf_token": csrf(), "reason": "stolen", "name": key.fragment, "seen": "compromise"}
    assert browser.post(f"/backoffice/keys/{key.id}/compromise", data=theft).status_code == 303
    session.rollback()
    assert find_active_key(session, "did:web:laurel.test:orgs:acme") is None
