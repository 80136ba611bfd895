from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import MailedLink, User
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import PASSWORD, make_user

ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD}


def count(session: Session, table: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_one_form_opens_an_account_and_signs_in(submit: Submit, client: FlaskClient, session: Session) -> None:
    answer = submit("/register", **ADA)

    assert (answer.status_code, answer.location) == (303, "/learn")
    assert client.get("/account").status_code == 200
    user = session.scalars(select(User)).one()
    assert (user.email, user.name, user.confirmed_at, user.role_names) == ("ada@example.com", "Ada Lovelace", None, [])
    assert [event.name for event in session.scalars(select(EventRecord).order_by(EventRecord.id))] == ["UserRegistered", "SignedIn"]


def test_registering_leads_to_where_one_came_from(client: FlaskClient) -> None:
    path = "/register?next=/courses/ai-foundations/enroll"
    token = client.get(path).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]

    assert client.post(path, data={"csrf_token": token, **ADA}).location == "/courses/ai-foundations/enroll"


def test_sign_in_and_registration_hand_on_where_one_came_from(client: FlaskClient) -> None:
    assert 'href="/register?next=/learn/x"' in client.get("/login?next=/learn/x").text
    assert 'href="/login?next=/learn/x"' in client.get("/register?next=/learn/x").text


def test_a_taken_address_is_said_openly_with_a_way_on(submit: Submit, session: Session, client: FlaskClient) -> None:
    make_user(session, email="ada@example.com")
    session.commit()

    answer = submit("/register", **ADA | {"email": "Ada@Example.com"})

    assert "There is already an account with this e-mail address." in answer.text
    assert 'href="/login"' in answer.text
    assert 'href="/reset"' in answer.text
    assert 'value="Ada Lovelace"' in answer.text
    assert PASSWORD not in answer.text
    assert count(session, User) == 1
    assert client.get("/account").status_code == 302


def test_names_are_kept_as_inert_text(submit: Submit, client: FlaskClient, session: Session) -> None:
    name = "<svg onload=alert(1)> {{7*7}} \u202eexe.gpj %s"

    submit("/register", **ADA | {"name": name})

    assert session.scalars(select(User.name)).one() == "<svg onload=alert(1)> {{7*7}} exe.gpj %s"
    page = client.get("/account").text
    assert "&lt;svg onload=alert(1)&gt; {{7*7}} exe.gpj %s" in page
    assert "<svg onload" not in page
    mail = session.scalars(select(Mail)).one()
    assert "<svg onload" not in (mail.html or "")
    assert "49" not in mail.subject


def test_a_composed_and_a_decomposed_name_are_the_same(submit: Submit, session: Session) -> None:
    submit("/register", **ADA | {"name": "  Zoe\u0308   K  "})

    assert session.scalars(select(User.name)).one() == "Zo\u00eb K"


def test_the_eleventh_registration_of_an_hour_is_refused(submit: Submit, client: FlaskClient) -> None:
    def register(number: int) -> int:
        client.delete_cookie("laurel_demo", domain="laurel.test")
        return submit("/register", **ADA | {"email": f"person-{number}@example.com"}).status_code

    assert [register(number) for number in range(11)] == [303] * 10 + [429]


def test_the_mailed_link_confirms_with_a_button(
    submit: Submit, client: FlaskClient, session: Session, mailed_path: Callable[[str], str]
) -> None:
    submit("/register", **ADA)
    path = mailed_path("/confirm/")

    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert session.scalars(select(User.confirmed_at)).one() is None

    answer = submit(path)

    assert (answer.status_code, answer.location) == (303, "/account")
    session.rollback()
    assert session.scalars(select(User.confirmed_at)).one() is not None
    assert client.get(path).status_code == 404
    assert "Confirmed" in client.get("/account").text


def test_the_link_works_in_another_browser(submit: Submit, other_client: FlaskClient, mailed_path: Callable[[str], str]) -> None:
    submit("/register", **ADA)

    answer = submit(mailed_path("/confirm/"), client=other_client)

    assert answer.location == "/login"
    assert "Your e-mail address is confirmed." in other_client.get("/login").text
    assert other_client.get("/account").status_code == 302


def test_an_old_link_says_what_to_do(submit: Submit, client: FlaskClient, session: Session, mailed_path: Callable[[str], str]) -> None:
    submit("/register", **ADA)
    for link in session.scalars(select(MailedLink)):
        link.ends_at -= timedelta(days=2)
    session.commit()

    answer = client.get(mailed_path("/confirm/"))

    assert answer.status_code == 404
    assert "This link no longer works" in answer.text


def test_the_mail_can_be_sent_again_and_only_the_newest_link_works(
    submit: Submit, client: FlaskClient, csrf: Callable[[], str], mailed_path: Callable[[str], str], mails: Callable[[], list[Mail]]
) -> None:
    submit("/register", **ADA)
    first = mailed_path("/confirm/")

    assert client.post("/account/confirmation", data={"csrf_token": csrf()}).status_code == 303

    assert [mail.subject for mail in mails()] == ["Welcome to Laurel: please confirm your address", "Please confirm your address"]
    assert client.get(first).status_code == 404
    assert client.get(mailed_path("/confirm/")).status_code == 200


def test_the_mail_is_not_sent_more_than_five_times_a_day(
    client: FlaskClient, csrf: Callable[[], str], session: Session, sign_in: SignIn
) -> None:
    sign_in(make_user(session, confirmed=False))

    for _ in range(6):
        client.post("/account/confirmation", data={"csrf_token": csrf()})

    assert count(session, Mail) == 5
    assert "That was tried too often" in client.get("/account").text


def test_a_confirmed_address_gets_no_mail(client: FlaskClient, csrf: Callable[[], str], session: Session, sign_in: SignIn) -> None:
    sign_in(make_user(session))

    client.post("/account/confirmation", data={"csrf_token": csrf()})

    assert count(session, Mail) == 0
