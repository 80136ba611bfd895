from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.events import EventRecord
from laurel.web.browser_sessions import BrowserSession
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import make_user


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, name="Ada Lovelace", email="ada@example.com")
    session.commit()
    return user


def test_the_account_page_says_what_is_known(client: FlaskClient, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page = client.get("/account").text

    for words in ("Ada Lovelace", "ada@example.com", "Confirmed", "/account/credentials", "/orders", "/change", "This browser"):
        assert words in page


def test_a_name_is_changed(submit: Submit, client: FlaskClient, sign_in: SignIn, session: Session, ada: User) -> None:
    sign_in(ada)

    assert submit("/account/name", name="Ada King", certificate_name="Somebody Else").location == "/account"

    session.refresh(ada)
    assert (ada.name, ada.certificate_name) == ("Ada King", None)
    assert "Your name is saved." in client.get("/account").text
    assert 'value="Ada King"' in client.get("/account/name").text


def test_an_empty_name_is_refused_and_nothing_changes(submit: Submit, sign_in: SignIn, session: Session, ada: User) -> None:
    sign_in(ada)

    assert "Enter your name." in submit("/account/name", name="").text

    session.refresh(ada)
    assert (ada.name, ada.certificate_name) == ("Ada Lovelace", None)


def test_one_sees_and_ends_ones_own_sessions(
    client: FlaskClient, other_client: FlaskClient, csrf: Callable[[], str], session: Session, sign_in: SignIn, ada: User
) -> None:
    sign_in(ada)
    sign_in(ada, client=other_client)
    grace = make_user(session)
    sign_in(grace, client=client.application.test_client())
    page = client.get("/account").text
    handles = [part.split("/end")[0] for part in page.split("/account/sessions/")[1:] if not part.startswith("end-others")]
    assert len(handles) == 1

    assert client.post(f"/account/sessions/{handles[0]}/end", data={"csrf_token": csrf()}).status_code == 303

    assert other_client.get("/account").status_code == 302
    assert client.get("/account").status_code == 200


def test_a_strangers_session_does_not_exist(
    client: FlaskClient, csrf: Callable[[], str], session: Session, sign_in: SignIn, ada: User
) -> None:
    grace = make_user(session)
    theirs = sign_in(grace, client=client.application.test_client())
    row = session.scalars(select(BrowserSession).where(BrowserSession.user_id == grace.id)).one()
    sign_in(ada)

    for handle in (row.id[:16], row.id, "", "0" * 16, "x"):
        assert client.post(f"/account/sessions/{handle}/end", data={"csrf_token": csrf()}).status_code == 404
    assert theirs.get("/account").status_code == 200


def test_ending_this_session_signs_out(client: FlaskClient, csrf: Callable[[], str], session: Session, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    row = session.scalars(select(BrowserSession)).one()

    assert client.post(f"/account/sessions/{row.id[:16]}/end", data={"csrf_token": csrf()}).location == "/login"
    assert client.get("/account").status_code == 302


def test_all_others_end_at_once(client: FlaskClient, csrf: Callable[[], str], session: Session, sign_in: SignIn, ada: User) -> None:
    others = [sign_in(ada, client=client.application.test_client()) for _ in range(3)]
    sign_in(ada)

    client.post("/account/sessions/end-others", data={"csrf_token": csrf()})

    assert "3 other sessions ended." in client.get("/account").text
    assert {other.get("/account").status_code for other in others} == {302}
    assert "SessionsEnded" in session.scalars(select(EventRecord.name)).all()


def test_sessions_that_are_over_are_not_listed(client: FlaskClient, session: Session, sign_in: SignIn, ada: User) -> None:
    sign_in(ada, client=client.application.test_client())
    for row in session.scalars(select(BrowserSession)):
        row.last_seen_at -= timedelta(days=15)
    session.commit()
    sign_in(ada)

    assert "End all others" not in client.get("/account").text
