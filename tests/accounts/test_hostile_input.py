"""What hostile people send to the doors (specs/trust.md §3.1). One database is enough: it is refused before it gets there."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.mail import Mail
from tests.accounts.conftest import Submit
from tests.databases import SqliteTemplates
from tests.factories.accounts import PASSWORD, make_user

ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    with sqlite_templates.fresh() as url:
        yield url


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, email="ada@example.com", password=PASSWORD)
    session.commit()
    return user


def count(session: Session, table: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "\u200b \u3164"}, "Enter your name."),
        ({"name": "x" * 121}, "Use 120 characters at most."),
        ({"email": ""}, "Enter your e-mail address."),
        ({"email": "a@b"}, "Write an e-mail address such as name@example.com."),
        ({"email": "admin@exаmple.com"}, "Use an address with plain letters only: a to z, digits and signs."),
        ({"email": "a@x.com\nBcc: v@y.com"}, "Write an e-mail address such as name@example.com."),
        ({"password": ""}, "Choose a password."),
        ({"password": "short"}, "Use 10 characters or more."),
        ({"password": "laurel2026"}, "one of the first that others would guess"),
        ({"password": "ada@example.com"}, "Use something that is not your name or e-mail address."),
        ({"password": "x" * 5000}, "Use 1000 characters at most."),
        ({"password": "tunnel\x00violin"}, "This contains a character that cannot be stored."),
        ({"name": "Ada\x00"}, "This contains a character that cannot be stored."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(submit: Submit, session: Session, fields: dict[str, str], message: str) -> None:
    answer = submit("/register", **ADA | fields)

    assert answer.status_code == 200
    assert message in answer.text
    assert f'id="{next(iter(fields))}-error"' in answer.text
    assert (count(session, User), count(session, Mail)) == (0, 0)


@pytest.mark.parametrize(
    "extra", [{"role": "admin"}, {"role_names": "admin"}, {"is_active": "true"}, {"confirmed_at": "2026-01-01"}, {"next": "//evil"}]
)
def test_a_field_that_the_form_does_not_have_is_refused(submit: Submit, session: Session, extra: dict[str, str]) -> None:
    assert submit("/register", **ADA, **extra).status_code == 400
    assert count(session, User) == 0


def test_a_field_sent_twice_is_refused(client: FlaskClient, csrf: Callable[[str], str], session: Session) -> None:
    token = csrf("/register")

    answer = client.post("/register", data={"csrf_token": token, **ADA, "email": ["ada@example.com", "eve@example.com"]})

    assert answer.status_code == 400
    assert count(session, User) == 0


@pytest.mark.parametrize("body", [{**ADA}, {"password": ["a"]}, {"email": {"$gt": ""}}, ["x"], "x", 1])
def test_json_is_no_form(client: FlaskClient, csrf: Callable[[str], str], session: Session, body: object) -> None:
    for path in ("/register", "/login", "/reset"):
        token = csrf(path)
        assert client.post(path, json=body, headers={"X-CSRFToken": token}).status_code == 415
    assert count(session, User) == 0


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "a" * 3000, "%F0%9F%99%82", "..", "%0d%0aSet-Cookie:x"])
def test_a_made_up_link_is_dead(client: FlaskClient, ada: User, token: str) -> None:
    answer = client.get(f"/reset/{token}", follow_redirects=True)

    assert answer.status_code == 404
    assert client.get(f"/confirm/{token}").status_code == 404


@pytest.mark.parametrize("host", ["evil.com", "laurel.test:80@evil.com", "laurel.test.evil.com"])
def test_another_host_is_refused(
    client: FlaskClient, csrf: Callable[[str], str], mails: Callable[[], list[Mail]], ada: User, host: str
) -> None:
    form = {"csrf_token": csrf("/reset"), "email": "ada@example.com"}

    assert client.post("/reset", data=form, headers={"Host": host}).status_code == 400
    assert mails() == []


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Host": "evil.com"}, {"X-Forwarded-Proto": "https", "Forwarded": "host=evil.com"}, {"X-Original-URL": "/x"}]
)
def test_links_come_from_the_settings_and_never_from_the_request(
    client: FlaskClient, csrf: Callable[[str], str], mails: Callable[[], list[Mail]], ada: User, headers: dict[str, str]
) -> None:
    client.post("/reset", data={"csrf_token": csrf("/reset"), "email": "ada@example.com"}, headers=headers)

    (mail,) = mails()
    assert set(re.findall(r"https?://[^/\s\"<]+", mail.text + (mail.html or ""))) == {"http://laurel.test"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/courses/ai-foundations/enroll?via=abc", "/courses/ai-foundations/enroll?via=abc"),
        ("https://evil.example", "/learn"),
        ("//evil.example", "/learn"),
        ("/\\evil.example", "/learn"),
        ("/%09/evil.example", "/%09/evil.example"),
        ("javascript:alert(1)", "/learn"),
        ("/logout", "/learn"),
        ("/login?next=/login", "/learn"),
        ("accounts.account_page", "/learn"),
        (".login", "/learn"),
        ("", "/learn"),
    ],
)
def test_after_signing_in_one_goes_on_within_the_site(submit: Submit, client: FlaskClient, ada: User, target: str, expected: str) -> None:
    page = client.get("/login", query_string={"next": target})
    token = page.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]

    form = {"csrf_token": token, "email": "ada@example.com", "password": PASSWORD}
    answer = client.post("/login", query_string={"next": target}, data=form)

    assert (answer.status_code, answer.location) == (303, expected)


@pytest.mark.parametrize("cookie", ["", "x", "eyJ4IjoxfQ.AAAA", "\x7f", "WzFd." + "A" * 27])
def test_a_forged_device_is_a_stranger(submit: Submit, client: FlaskClient, ada: User, cookie: str) -> None:
    client.set_cookie("laurel_device", cookie, domain="laurel.test", path="/login")

    assert submit("/login", email="ada@example.com", password=PASSWORD).status_code == 303
