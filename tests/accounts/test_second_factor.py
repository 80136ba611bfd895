import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.mail import Mail
from laurel.settings import Settings
from laurel.web.browser_sessions import BrowserSession
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import PASSWORD, make_user

PRESENT = datetime(2026, 11, 20, 9, 30, 10, tzinfo=UTC)
WRONG = "That code is not right"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """This process's clock, which authenticator codes go by; it stands until it is moved."""
    with time_machine.travel(PRESENT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, email="ada@example.com", password=PASSWORD)
    session.commit()
    return user


@pytest.fixture
def ask_staff_for_codes(app: Flask) -> Iterator[None]:
    settings: Settings = app.extensions["laurel_settings"]
    strict = replace(settings, staff_second_factor=True)
    app.extensions["laurel_settings"] = strict
    yield
    app.extensions["laurel_settings"] = settings


class Phone:
    """An authenticator app that scanned the key."""

    def __init__(self, key: str) -> None:
        self.totp = TOTP(key=key.replace("-", ""))

    def code(self, steps: int = 0) -> str:
        return str(self.totp.generate(time=datetime.now(UTC) + timedelta(seconds=30 * steps)).token)  # noqa: TID251 (the phone's own clock)


@pytest.fixture
def set_up(submit: Submit, client: FlaskClient, sign_in: SignIn) -> Callable[[User], Phone]:
    """Sign in, scan the key, give the first code."""

    def do(user: User) -> Phone:
        sign_in(user)
        page = client.get("/account/second-factor/set-up")
        found = re.search(r'class="setup-key">([^<]+)<', page.text)
        assert found is not None
        phone = Phone(found.group(1))
        answer = submit("/account/second-factor/set-up", code=phone.code())
        assert (answer.status_code, answer.location) == (303, "/account/recovery-codes")
        return phone

    return do


def codes_on(client: FlaskClient) -> list[str]:
    return re.findall(r"<li>([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})</li>", client.get("/account/recovery-codes").text)


def leave(client: FlaskClient) -> None:
    client.delete_cookie("laurel_demo", domain="laurel.test")


def test_setting_up_shows_a_key_and_keeps_it_until_the_code_is_right(
    submit: Submit, client: FlaskClient, sign_in: SignIn, session: Session, ada: User
) -> None:
    sign_in(ada)
    first = client.get("/account/second-factor/set-up").text
    wrong = submit("/account/second-factor/set-up", code="000000").text

    key = re.search(r'class="setup-key">([^<]+)<', first)
    assert key is not None
    assert key.group(1) in wrong
    assert WRONG in wrong
    assert "data:image/svg+xml" in first
    session.refresh(ada)
    assert not ada.has_second_factor


def test_with_a_second_factor_the_password_alone_does_not_open(
    submit: Submit, client: FlaskClient, session: Session, set_up: Callable[[User], Phone], clock: time_machine.Traveller, ada: User
) -> None:
    phone = set_up(ada)
    leave(client)
    clock.shift(60)

    answer = submit("/login?next=/account", email="ada@example.com", password=PASSWORD)
    assert answer.location == "/login/code?next=/account"
    assert client.get("/account").status_code == 302
    halfway = client.get_cookie("laurel_demo", domain="laurel.test")

    answer = submit("/login/code?next=/account", code=f" {phone.code()[:3]} {phone.code()[3:]} ")

    assert (answer.status_code, answer.location) == (303, "/account")
    assert client.get("/account").status_code == 200
    assert client.get_cookie("laurel_demo", domain="laurel.test") != halfway


def test_the_key_is_stored_sealed(set_up: Callable[[User], Phone], client: FlaskClient, session: Session, ada: User) -> None:
    set_up(ada)
    codes = codes_on(client)

    session.refresh(ada)
    assert ada.tf_totp_secret is not None
    assert '"enckey"' in ada.tf_totp_secret
    assert len(codes) == 10
    assert not set(codes) & set(ada.mf_recovery_codes or [])


@pytest.mark.parametrize(("steps", "expected"), [(-2, 200), (-1, 303), (0, 303), (1, 303), (2, 200)])
def test_a_code_may_be_one_step_off(
    submit: Submit,
    client: FlaskClient,
    set_up: Callable[[User], Phone],
    clock: time_machine.Traveller,
    ada: User,
    steps: int,
    expected: int,
) -> None:
    phone = set_up(ada)
    leave(client)
    clock.shift(300)
    submit("/login", email="ada@example.com", password=PASSWORD)

    assert submit("/login/code", code=phone.code(steps)).status_code == expected


def test_a_code_works_once(
    submit: Submit,
    client: FlaskClient,
    other_client: FlaskClient,
    set_up: Callable[[User], Phone],
    clock: time_machine.Traveller,
    ada: User,
) -> None:
    phone = set_up(ada)
    leave(client)
    clock.shift(60)
    for browser in (client, other_client):
        submit("/login", client=browser, email="ada@example.com", password=PASSWORD)

    assert submit("/login/code", code=phone.code()).status_code == 303
    again = submit("/login/code", client=other_client, code=phone.code())

    assert WRONG in again.text
    assert other_client.get("/account").status_code == 302


def test_the_code_of_the_set_up_does_not_sign_in(
    submit: Submit, client: FlaskClient, set_up: Callable[[User], Phone], clock: time_machine.Traveller, ada: User
) -> None:
    phone = set_up(ada)
    leave(client)
    submit("/login", email="ada@example.com", password=PASSWORD)

    assert WRONG in submit("/login/code", code=phone.code()).text


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 41, "' OR 1=1", "123456\x00"])
def test_what_is_no_code_is_refused(submit: Submit, client: FlaskClient, set_up: Callable[[User], Phone], ada: User, code: str) -> None:
    set_up(ada)
    leave(client)
    submit("/login", email="ada@example.com", password=PASSWORD)

    assert submit("/login/code", code=code).status_code == 200
    assert client.get("/account").status_code == 302


def test_the_sixth_code_is_refused_even_if_it_is_right(
    submit: Submit, client: FlaskClient, set_up: Callable[[User], Phone], clock: time_machine.Traveller, ada: User
) -> None:
    phone = set_up(ada)
    leave(client)
    clock.shift(600)
    submit("/login", email="ada@example.com", password=PASSWORD)
    for _ in range(5):
        assert submit("/login/code", code="000000").status_code == 200

    refused = submit("/login/code", code=phone.code())

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/account").status_code == 302


def test_a_recovery_code_works_once_and_is_told(
    submit: Submit, client: FlaskClient, set_up: Callable[[User], Phone], mails: Callable[[], list[Mail]], ada: User
) -> None:
    set_up(ada)
    code, *rest = codes_on(client)

    leave(client)
    submit("/login", email="ada@example.com", password=PASSWORD)
    assert submit("/login/code", code=f" {code.upper()} ").status_code == 303
    assert codes_on(client) == rest

    leave(client)
    submit("/login", email="ada@example.com", password=PASSWORD)
    assert WRONG in submit("/login/code", code=code).text
    assert mails()[-1].subject == "A recovery code was used to sign in"


def test_new_recovery_codes_replace_the_old_ones(submit: Submit, client: FlaskClient, set_up: Callable[[User], Phone], ada: User) -> None:
    set_up(ada)
    old = codes_on(client)

    assert submit("/account/recovery-codes").status_code == 303

    new = codes_on(client)
    assert len(new) == 10
    assert not set(old) & set(new)


def test_a_code_page_without_a_password_leads_back(client: FlaskClient) -> None:
    answer = client.get("/login/code?next=/account")

    assert (answer.status_code, answer.location) == (303, "/login?next=/account")


def test_the_password_is_good_for_ten_minutes(
    submit: Submit, client: FlaskClient, session: Session, set_up: Callable[[User], Phone], ada: User
) -> None:
    set_up(ada)
    leave(client)
    submit("/login", email="ada@example.com", password=PASSWORD)
    row = session.scalars(select(BrowserSession).where(BrowserSession.user_id.is_(None)).order_by(BrowserSession.created_at.desc())).first()
    assert row is not None
    assert row.ends_at - row.created_at == timedelta(minutes=10)
    row.ends_at -= timedelta(minutes=10)
    session.commit()

    assert client.get("/login/code").location == "/login"


def test_a_password_changed_meanwhile_ends_the_waiting(
    submit: Submit, client: FlaskClient, session: Session, set_up: Callable[[User], Phone], ada: User
) -> None:
    set_up(ada)
    leave(client)
    submit("/login", email="ada@example.com", password=PASSWORD)
    session.refresh(ada)
    ada.forget_sessions()
    session.commit()

    assert client.get("/login/code").location == "/login"


def test_setting_up_ends_the_other_sessions_and_is_told(
    client: FlaskClient,
    other_client: FlaskClient,
    sign_in: SignIn,
    set_up: Callable[[User], Phone],
    mails: Callable[[], list[Mail]],
    ada: User,
) -> None:
    sign_in(ada, client=other_client)

    set_up(ada)

    assert client.get("/account").status_code == 200
    assert other_client.get("/account").status_code == 302
    assert mails()[-1].subject == "Two-factor sign-in was turned on"


def test_turning_it_off_needs_a_fresh_session(
    submit: Submit, client: FlaskClient, session: Session, csrf: Callable[[], str], set_up: Callable[[User], Phone], ada: User
) -> None:
    set_up(ada)
    for row in session.scalars(select(BrowserSession)):
        row.created_at -= timedelta(minutes=11)
    session.commit()

    answer = client.post("/account/second-factor/remove", data={"csrf_token": csrf()})
    assert answer.location == "/account/confirm-password?next=/account/second-factor"
    session.refresh(ada)
    assert ada.has_second_factor

    submit(answer.location, password=PASSWORD)
    assert client.post("/account/second-factor/remove", data={"csrf_token": csrf()}).location == "/account"
    session.rollback()
    assert (ada.has_second_factor, ada.mf_recovery_codes) == (False, None)


def test_pages_lead_to_one_another(client: FlaskClient, sign_in: SignIn, set_up: Callable[[User], Phone], ada: User) -> None:
    sign_in(ada)
    assert client.get("/account/second-factor").location == "/account/second-factor/set-up"
    assert client.get("/account/recovery-codes").location == "/account/second-factor/set-up"

    set_up(ada)
    assert client.get("/account/second-factor/set-up").location == "/account/second-factor"
    assert "10 of 10 left" in client.get("/account/second-factor").text


def test_staff_may_not_turn_it_off_where_it_is_required(
    client: FlaskClient, csrf: Callable[[], str], session: Session, set_up: Callable[[User], Phone], ask_staff_for_codes: None
) -> None:
    grace = make_user(session, roles=["support"])
    set_up(grace)

    assert client.post("/account/second-factor/remove", data={"csrf_token": csrf()}).status_code == 409
    assert "Turn off" not in client.get("/account/second-factor").text
