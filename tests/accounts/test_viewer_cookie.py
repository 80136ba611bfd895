"""The cookie by which a public page's script knows that somebody is signed in."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.accounts.models import User
from laurel.web.browser_sessions import BrowserSession
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import PASSWORD, make_user


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, email="ada@example.com", password=PASSWORD)
    session.commit()
    return user


def said(answer: TestResponse) -> str | None:
    """What the answer says about the cookie."""
    return next((line for line in answer.headers.getlist("Set-Cookie") if line.startswith("laurel_viewer=")), None)


def knows(client: FlaskClient) -> bool:
    return client.get_cookie("laurel_viewer", domain="laurel.test") is not None


def test_signing_in_sets_it_readable_and_without_personal_data(submit: Submit, client: FlaskClient, ada: User) -> None:
    cookie = said(submit("/login", email="ada@example.com", password=PASSWORD))

    assert cookie is not None
    assert cookie.split(";")[0] == "laurel_viewer=1"
    assert "HttpOnly" not in cookie
    assert "SameSite=Lax" in cookie
    assert f"Max-Age={60 * 24 * 3600}" in cookie


def test_registering_sets_it_too(submit: Submit, client: FlaskClient) -> None:
    submit("/register", name="Ada", email="ada@example.com", password=PASSWORD)

    assert knows(client)


def test_signing_out_removes_it(submit: Submit, client: FlaskClient, ada: User) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)
    submit("/logout", at="/account/name")

    assert not knows(client)


def test_it_goes_when_the_session_turns_out_to_be_over(submit: Submit, client: FlaskClient, session: Session, ada: User) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)
    row = session.scalars(select(BrowserSession)).one()
    row.last_seen_at -= timedelta(days=30)
    session.commit()

    client.get("/learn")

    assert not knows(client)


def test_it_goes_when_the_session_was_ended_elsewhere(submit: Submit, client: FlaskClient, session: Session, ada: User) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)
    session.execute(delete(BrowserSession))
    session.commit()

    client.get("/login")

    assert not knows(client)


def test_a_browser_that_lost_it_gets_it_again(client: FlaskClient, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    assert not knows(client)

    client.get("/account")

    assert knows(client)
    assert said(client.get("/account")) is None


def test_a_password_alone_is_not_enough_where_a_code_is_due(submit: Submit, client: FlaskClient, session: Session, ada: User) -> None:
    ada.tf_primary_method, ada.tf_totp_secret = "authenticator", "secret"
    session.commit()

    submit("/login", email="ada@example.com", password=PASSWORD)

    assert not knows(client)


def test_a_visitor_hears_nothing_of_it(client: FlaskClient) -> None:
    assert said(client.get("/login")) is None
    assert said(client.get("/courses")) is None
