from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.services import passwords
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.web.browser_sessions import BrowserSession
from laurel.web.counters import Counter
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.commerce import make_sellable_course


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, email="ada@example.com", password=PASSWORD)
    session.commit()
    return user


def facts_of(session: Session, name: str) -> list[dict[str, object]]:
    session.rollback()
    return list(session.scalars(select(EventRecord.facts).where(EventRecord.name == name).order_by(EventRecord.id)))


def test_the_right_password_leads_home(submit: Submit, client: FlaskClient, ada: User) -> None:
    answer = submit("/login", email="ADA@example.com", password=PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/learn")
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("roles", "home"),
    [([], "/learn"), (["author"], "/studio"), (["marketer"], "/studio"), (["support"], "/backoffice"), (["admin"], "/backoffice")],
)
def test_everybody_begins_where_they_work(submit: Submit, session: Session, client: FlaskClient, roles: list[str], home: str) -> None:
    make_user(session, email="ada@example.com", password=PASSWORD, roles=roles)
    session.commit()

    assert submit("/login", email="ada@example.com", password=PASSWORD).location == home
    assert client.get("/login").location == home
    assert client.get("/login?next=/account").location == "/account"
    assert client.get("/login?next=/login").location == home


def test_a_stranger_who_enrolls_is_asked_to_register_and_told_what_for(client: FlaskClient, session: Session) -> None:
    course = make_sellable_course(session, title="Bookkeeping & more")
    session.commit()

    answer = client.get(f"/courses/{course.slug}/enroll?via=x")
    page = client.get(answer.location).text

    assert answer.location == f"/register?next=/courses/{course.slug}/enroll?via%3Dx"
    assert "Create your account to enroll in Bookkeeping &amp; more" in page
    assert f'href="/login?next=/courses/{course.slug}/enroll?via%3Dx"' in page
    assert "Sign in to enroll in Bookkeeping &amp; more" in client.get(f"/login?next=/courses/{course.slug}/enroll").text


@pytest.mark.parametrize(
    "path", ["/courses/no-such-course/enroll", "/courses/", "/no-such-page", "/account", "/learn/%ff", "//evil.example"]
)
def test_other_pages_have_no_reason_to_name(client: FlaskClient, path: str) -> None:
    page = client.get("/register", query_string={"next": path})

    assert page.status_code == 200
    assert "Create your account to" not in page.text


def test_who_is_signed_in_needs_no_sign_in_page(client: FlaskClient, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)

    assert client.get("/login").location == "/learn"
    assert client.get("/register").location == "/learn"


def test_a_page_behind_sign_in_comes_after_it(client: FlaskClient, ada: User) -> None:
    answer = client.get("/account/name?x=1")

    assert (answer.status_code, answer.location) == (302, "/login?next=/account/name?x%3D1")


def test_an_unsafe_request_of_a_stranger_is_401(client: FlaskClient, csrf: Callable[[], str]) -> None:
    assert client.post("/account/sessions/end-others", data={"csrf_token": csrf()}).status_code == 401


def test_whatever_is_wrong_the_answer_is_the_same(submit: Submit, session: Session, ada: User) -> None:
    make_user(session, email="none@example.com")
    make_user(session, email="gone@example.com", password=PASSWORD).active = False
    make_user(session, email="new@example.com", password=PASSWORD, confirmed=False)
    session.commit()
    addresses = ("ada@example.com", "none@example.com", "gone@example.com", "new@example.com", "stranger@example.com", "no address")

    answers = [submit("/login", email=address, password="wrong password") for address in addresses]
    pages = [answer.text.replace(address, "…") for answer, address in zip(answers, addresses, strict=True)]

    assert {answer.status_code for answer in answers} == {200}
    assert len({page.split('name="csrf_token"')[0] + page.split("</form>")[1] for page in pages}) == 1
    assert "do not belong together" in pages[0]
    assert 'value="…"' in pages[0]
    assert len({tuple(name for name, _ in answer.headers) for answer in answers}) == 1


def test_a_disabled_account_is_closed_even_with_its_password(submit: Submit, session: Session, ada: User) -> None:
    session.execute(update(User).values(active=False))
    session.commit()

    assert "do not belong together" in submit("/login", email="ada@example.com", password=PASSWORD).text


def test_an_unconfirmed_person_may_sign_in(submit: Submit, session: Session) -> None:
    make_user(session, email="new@example.com", password=PASSWORD, confirmed=False)
    session.commit()

    assert submit("/login", email="new@example.com", password=PASSWORD).status_code == 303


def test_signing_in_and_failing_are_recorded(submit: Submit, session: Session, ada: User) -> None:
    submit("/login", email="ada@example.com", password="wrong password")
    submit("/login", email="ada@example.com", password=PASSWORD)

    assert facts_of(session, "SignedIn")[0]["user_id"] == str(ada.id)
    failed = facts_of(session, "SignInFailed")[0]
    assert failed["step"] == "password"
    assert failed["network"] == "127.0.0.0/24"
    assert "ada" not in str(failed)


def test_an_old_hash_is_renewed_at_sign_in(submit: Submit, session: Session) -> None:
    user = make_user(session, email="ada@example.com")
    user.password = passwords.context.using(argon2__memory_cost=8192, argon2__time_cost=1).hash(PASSWORD)
    session.commit()

    assert submit("/login", email="ada@example.com", password=PASSWORD).status_code == 303

    session.refresh(user)
    assert user.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_signing_in_changes_the_session_and_its_token(submit: Submit, client: FlaskClient, session: Session, ada: User) -> None:
    client.set_cookie("laurel_demo", "planted by somebody", domain="laurel.test")
    client.get("/login")
    before = client.get_cookie("laurel_demo", domain="laurel.test")
    assert before is not None
    assert before.value != "planted by somebody"

    submit("/login", email="ada@example.com", password=PASSWORD)

    after = client.get_cookie("laurel_demo", domain="laurel.test")
    assert after is not None
    assert after.value != before.value
    rows = session.scalars(select(BrowserSession)).all()
    assert [row.user_id for row in rows] == [ada.id]


def test_the_token_of_forms_changes_at_sign_in(submit: Submit, client: FlaskClient, csrf: Callable[[], str], ada: User) -> None:
    old = csrf()
    submit("/login", email="ada@example.com", password=PASSWORD)

    assert client.post("/account/sessions/end-others", data={"csrf_token": old}).status_code == 400


@pytest.mark.parametrize(
    ("roles", "idle", "absolute"), [([], timedelta(days=14), timedelta(days=60)), (["support"], timedelta(minutes=30), timedelta(hours=12))]
)
def test_how_long_a_session_lasts_depends_on_the_role(
    submit: Submit, session: Session, roles: list[str], idle: timedelta, absolute: timedelta
) -> None:
    make_user(session, email="ada@example.com", password=PASSWORD, roles=roles)
    session.commit()

    submit("/login", email="ada@example.com", password=PASSWORD)

    row = session.scalars(select(BrowserSession).where(BrowserSession.user_id.is_not(None))).one()
    assert timedelta(seconds=row.idle_seconds) == idle
    assert row.ends_at - row.created_at == absolute


def test_signing_out_ends_the_session(submit: Submit, client: FlaskClient, csrf: Callable[[], str], session: Session, ada: User) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)
    token = client.get_cookie("laurel_demo", domain="laurel.test")
    assert token is not None

    answer = client.post("/logout", data={"csrf_token": csrf()})

    assert (answer.status_code, answer.location) == (303, "/")
    assert session.scalars(select(BrowserSession)).all() == []
    assert client.get_cookie("laurel_demo", domain="laurel.test") is None
    client.set_cookie("laurel_demo", token.value, domain="laurel.test")
    assert client.get("/account").status_code == 302


def test_signing_out_is_a_post_with_a_token(client: FlaskClient, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)

    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 400
    assert client.get("/account").status_code == 200


def test_the_eleventh_wrong_try_is_refused(submit: Submit, other_client: FlaskClient, ada: User) -> None:
    for _ in range(10):
        assert submit("/login", email="ada@example.com", password="wrong password").status_code == 200

    refused = submit("/login", email="Ada@Example.com", password=PASSWORD, client=other_client)

    assert refused.status_code == 429
    assert 240 < int(refused.headers["Retry-After"]) <= 301
    assert "Try again in 5 minutes" in refused.text
    assert 'value="Ada@Example.com"' in refused.text


def test_strangers_are_refused_as_early_as_known_people(submit: Submit) -> None:
    statuses = [submit("/login", email="stranger@example.com", password="wrong password").status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]


def test_guessing_does_not_lock_a_known_device_out(
    submit: Submit, client: FlaskClient, other_client: FlaskClient, csrf: Callable[[], str], ada: User
) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)
    client.post("/logout", data={"csrf_token": csrf()})
    for _ in range(11):
        blocked = submit("/login", email="ada@example.com", password="wrong password", client=other_client)
    assert blocked.status_code == 429

    assert submit("/login", email="ada@example.com", password=PASSWORD).status_code == 303


def test_a_known_device_has_limits_too(submit: Submit, client: FlaskClient, csrf: Callable[[], str], ada: User) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)
    client.post("/logout", data={"csrf_token": csrf()})

    assert [submit("/login", email="ada@example.com", password="wrong password").status_code for _ in range(11)][-1] == 429


def test_a_device_is_known_for_its_own_account_only(
    submit: Submit, client: FlaskClient, csrf: Callable[[], str], session: Session, ada: User
) -> None:
    make_user(session, email="grace@example.com", password=PASSWORD)
    session.commit()
    submit("/login", email="ada@example.com", password=PASSWORD)
    client.post("/logout", data={"csrf_token": csrf()})
    for _ in range(10):
        submit("/login", email="grace@example.com", password="wrong password")

    client.delete_cookie("laurel_device", domain="laurel.test", path="/login")
    assert submit("/login", email="grace@example.com", password=PASSWORD).status_code == 429


def test_one_password_for_many_accounts_is_refused(submit: Submit) -> None:
    statuses = [submit("/login", email=f"person-{number}@example.com", password="wrong password").status_code for number in range(31)]

    assert statuses == [200] * 30 + [429]


def test_a_campus_signs_in_from_one_address(submit: Submit, client: FlaskClient, session: Session, ada: User) -> None:
    for _ in range(35):
        assert submit("/login", email="ada@example.com", password=PASSWORD).status_code == 303
        client.delete_cookie("laurel_demo", domain="laurel.test")

    assert {counter.tries for counter in session.scalars(select(Counter))} == {0}


def test_a_limit_ends_with_its_window(submit: Submit, session: Session, ada: User) -> None:
    for _ in range(11):
        submit("/login", email="ada@example.com", password="wrong password")
    session.execute(update(Counter).values(ends_at=Counter.ends_at))
    for counter in session.scalars(select(Counter)):
        counter.ends_at -= timedelta(minutes=5)
    session.commit()

    assert submit("/login", email="ada@example.com", password=PASSWORD).status_code == 303


def test_no_mail_is_written_for_signing_in(submit: Submit, session: Session, ada: User) -> None:
    submit("/login", email="ada@example.com", password=PASSWORD)

    assert session.scalars(select(Mail)).all() == []


def test_who_is_there_is_one_statement(client: FlaskClient, sign_in: SignIn, queries: "object", ada: User) -> None:
    sign_in(ada)
    queries.clear()  # type: ignore[attr-defined]

    client.get("/account/name")

    statements = [s for s in queries.statements if s.startswith("SELECT") and "users" in s]  # type: ignore[attr-defined]
    assert "FROM browser_sessions LEFT OUTER JOIN users" in statements[0]
    assert len(statements) == 2  # and the one of this page, which shows the whole person


def test_a_header_or_the_query_string_signs_nobody_in(client: FlaskClient, ada: User) -> None:
    assert client.get("/account", headers={"Authentication-Token": "x", "Authorization": "Basic YWRhOng="}).status_code == 302
    assert client.get("/account?auth_token=x").status_code == 302


def test_a_pages_form_is_not_compressed(client: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/login", headers={"Accept-Encoding": "gzip, br"}).headers
