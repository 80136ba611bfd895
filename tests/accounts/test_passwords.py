import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import LinkPurpose, MailedLink, User
from laurel.accounts.services.links import make_link
from laurel.core.clock import now
from laurel.core.mail import Mail
from laurel.web.browser_sessions import BrowserSession
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import PASSWORD, make_user

NEW = "copper meadow lantern"
SAID = "If there is an account with that address, a mail with a link is on its way."


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, email="ada@example.com", password=PASSWORD)
    session.commit()
    return user


def count_signed_in(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(BrowserSession).where(BrowserSession.user_id.is_not(None))) or 0


def test_known_and_unknown_addresses_get_the_same_answer(submit: Submit, client: FlaskClient, ada: User) -> None:
    answers = []
    for address in ("ada@example.com", "stranger@example.com"):
        answer = submit("/reset", email=address)
        page = client.get("/reset").text
        answers.append((answer.status_code, answer.location, SAID in page, re.sub(r'name="csrf_token"[^>]*>', "", page)))

    assert answers[0] == answers[1]
    assert answers[0][:3] == (303, "/reset", True)


def test_a_link_is_mailed_to_the_account_only(submit: Submit, mails: Callable[[], list[Mail]], ada: User) -> None:
    submit("/reset", email="ADA@example.com")
    submit("/reset", email="stranger@example.com")

    (mail,) = mails()
    assert (mail.recipient, mail.subject) == ("ada@example.com", "Choose a new password")


def test_the_link_sets_a_new_password_once(
    submit: Submit,
    client: FlaskClient,
    other_client: FlaskClient,
    session: Session,
    sign_in: SignIn,
    ada: User,
    mailed_path: Callable[[str], str],
) -> None:
    sign_in(ada, client=other_client)
    submit("/reset", email="ada@example.com")
    path = mailed_path("/reset/")

    opened = client.get(path)
    assert (opened.status_code, opened.location, opened.headers["Referrer-Policy"]) == (303, "/reset/new", "no-referrer")
    answer = submit("/reset/new", password=NEW)

    assert (answer.status_code, answer.location) == (303, "/login")
    assert "Your new password is set." in client.get("/login").text
    assert count_signed_in(session) == 0
    assert client.get("/account").status_code == 302
    assert other_client.get("/account").status_code == 302
    assert "do not belong together" in submit("/login", email="ada@example.com", password=PASSWORD).text
    assert submit("/login", email="ada@example.com", password=NEW).status_code == 303
    other_client.get(path)
    assert other_client.get("/reset/new").status_code == 404


def test_the_secret_of_the_link_is_kept_nowhere(
    submit: Submit, client: FlaskClient, session: Session, ada: User, mailed_path: Callable[[str], str]
) -> None:
    submit("/reset", email="ada@example.com")
    path = mailed_path("/reset/")
    client.get(path)

    secret = path.removeprefix("/reset/")
    assert secret not in str(session.scalars(select(BrowserSession.data)).all())
    assert secret not in client.get("/reset/new").text


def test_the_person_is_told_of_the_new_password(
    submit: Submit, client: FlaskClient, mails: Callable[[], list[Mail]], ada: User, mailed_path: Callable[[str], str]
) -> None:
    submit("/reset", email="ada@example.com")
    client.get(mailed_path("/reset/"))
    submit("/reset/new", password=NEW)

    assert [mail.subject for mail in mails()] == ["Choose a new password", "Your password was changed"]
    assert all(NEW not in mail.text for mail in mails())


def test_a_weak_new_password_is_refused_and_the_link_lives_on(
    submit: Submit, client: FlaskClient, ada: User, mailed_path: Callable[[str], str]
) -> None:
    submit("/reset", email="ada@example.com")
    client.get(mailed_path("/reset/"))

    assert "others would guess" in submit("/reset/new", password="laurel2026").text
    assert "not your name or e-mail" in submit("/reset/new", password="ada@example.com").text
    assert submit("/reset/new", password=NEW).status_code == 303


def test_an_old_link_is_dead(submit: Submit, client: FlaskClient, session: Session, ada: User, mailed_path: Callable[[str], str]) -> None:
    submit("/reset", email="ada@example.com")
    for link in session.scalars(select(MailedLink)):
        link.ends_at -= timedelta(minutes=61)
    session.commit()

    assert client.get(mailed_path("/reset/"), follow_redirects=True).status_code == 404


def test_two_who_use_the_link_at_once_set_one_password(
    submit: Submit, client: FlaskClient, other_client: FlaskClient, session: Session, ada: User
) -> None:
    token = make_link(session, ada, LinkPurpose.RESET, now=now())
    session.commit()
    for browser in (client, other_client):
        browser.get(f"/reset/{token}")

    def choose(browser: FlaskClient) -> int:
        return submit("/reset/new", client=browser, password=f"{NEW} {id(browser)}").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(choose, (client, other_client))) == [303, 404]


def test_the_sixth_mail_of_a_day_is_refused_for_known_and_unknown_alike(submit: Submit, mails: Callable[[], list[Mail]], ada: User) -> None:
    for address in ("ada@example.com", "stranger@example.com"):
        statuses = [submit("/reset", email=address).status_code for _ in range(6)]
        assert statuses == [303] * 5 + [429]
    assert len(mails()) == 5


def test_a_reset_confirms_the_address(submit: Submit, client: FlaskClient, session: Session, mailed_path: Callable[[str], str]) -> None:
    make_user(session, email="new@example.com", password=PASSWORD, confirmed=False)
    session.commit()
    submit("/reset", email="new@example.com")
    client.get(mailed_path("/reset/"))
    submit("/reset/new", password=NEW)

    session.rollback()
    assert session.scalars(select(User.confirmed_at)).one() is not None


def test_changing_the_password_keeps_this_session_and_ends_the_others(
    submit: Submit, client: FlaskClient, other_client: FlaskClient, session: Session, sign_in: SignIn, ada: User
) -> None:
    sign_in(ada)
    sign_in(ada, client=other_client)
    before = client.get_cookie("laurel_demo", domain="laurel.test")

    answer = submit("/change", present=PASSWORD, password=NEW)

    assert (answer.status_code, answer.location) == (303, "/account")
    assert client.get("/account").status_code == 200
    assert client.get_cookie("laurel_demo", domain="laurel.test") != before
    assert other_client.get("/account").status_code == 302
    assert count_signed_in(session) == 1


def test_changing_the_password_needs_the_present_one(submit: Submit, session: Session, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    before = ada.password

    answer = submit("/change", present="wrong password", password=NEW)

    assert "That is not your present password." in answer.text
    session.refresh(ada)
    assert ada.password == before


def test_guessing_the_present_password_is_limited(submit: Submit, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)

    statuses = [submit("/change", present="wrong password", password=NEW).status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]


def test_giving_the_password_once_more_makes_the_session_fresh(
    submit: Submit, client: FlaskClient, session: Session, sign_in: SignIn, ada: User
) -> None:
    sign_in(ada)
    for row in session.scalars(select(BrowserSession)):
        row.created_at -= timedelta(minutes=11)
    session.commit()

    asked = client.get("/account/second-factor/set-up")
    assert asked.location == "/account/confirm-password?next=/account/second-factor/set-up"
    assert "not your present password" in submit("/account/confirm-password", password="wrong password").text
    answer = submit(asked.location, password=PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/account/second-factor/set-up")
    assert client.get(answer.location).status_code == 200
    assert count_signed_in(session) == 1
