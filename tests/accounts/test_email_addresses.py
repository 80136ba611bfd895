"""The page of a person's e-mail addresses, and what each of them opens."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import FurtherAddress, MailedLink, User
from laurel.core.mail import Mail
from laurel.web.browser_sessions import BrowserSession
from tests.accounts.conftest import Submit
from tests.conftest import SignIn
from tests.factories.accounts import PASSWORD, make_further_address, make_user

WORK = "ada@work.example"
PAGE = "/account/addresses"


@pytest.fixture
def ada(session: Session) -> User:
    user = make_user(session, name="Ada Lovelace", email="ada@example.com", password=PASSWORD)
    session.commit()
    return user


@pytest.fixture
def eve(session: Session) -> User:
    user = make_user(session)
    session.commit()
    return user


@pytest.fixture
def proof(submit: Submit, sign_in: SignIn, ada: User, mailed_path: Callable[[str], str]) -> str:
    """The link by which Ada, who is signed in, is to prove her address at work."""
    sign_in(ada)
    submit(f"{PAGE}/new", email=WORK)
    return mailed_path(f"{PAGE}/proof/")


def grow_stale(session: Session) -> None:
    for row in session.scalars(select(BrowserSession)):
        row.created_at -= timedelta(minutes=11)
    session.commit()


def without_chance(page: str) -> str:
    """What differs from one request to the next by itself."""
    return re.sub(r'(name="csrf_token"[^>]*>|claims/[0-9a-f]{16})', "", page)


def test_an_address_is_asked_for_proven_and_made_the_first(
    submit: Submit, client: FlaskClient, sign_in: SignIn, session: Session, ada: User, mailed_path: Callable[[str], str]
) -> None:
    sign_in(ada)
    assert f'href="{PAGE}"' in client.get("/account").text
    assert submit(f"{PAGE}/new", email=" Ada@Work.example ").location == PAGE
    waiting = client.get(PAGE).text
    assert f"A mail is on its way to {WORK}." in waiting
    assert "Waiting" in waiting
    path = mailed_path(f"{PAGE}/proof/")

    seen = client.get(path)
    assert "You are signed in as Ada Lovelace." in seen.text
    assert seen.headers["Referrer-Policy"] == "same-origin"
    assert session.scalars(select(FurtherAddress)).all() == []
    assert submit(path).location == PAGE
    session.rollback()
    further = session.scalars(select(FurtherAddress)).one()
    assert f"{WORK} is one of your addresses now." in client.get(PAGE).text
    assert "has been used" in client.get(path).text

    assert submit(f"{PAGE}/{further.id}/first", at="/account/name").location == PAGE
    session.rollback()
    assert ada.email == WORK
    kept = session.scalars(select(FurtherAddress).where(FurtherAddress.email == "ada@example.com")).one()
    assert submit(f"{PAGE}/{kept.id}/remove", at="/account/name").location == PAGE
    assert "ada@example.com is no longer one of your addresses." in client.get(PAGE).text


def test_somebody_elses_address_is_answered_shown_and_kept_like_nobodys(
    submit: Submit, client: FlaskClient, sign_in: SignIn, session: Session, ada: User, mails: Callable[[], list[Mail]]
) -> None:
    make_user(session, email="one@example.com")
    make_further_address(session, make_user(session), "two@example.com")
    session.commit()
    sign_in(ada)

    seen = []
    for address in ("one@example.com", "two@example.com", "new@example.com"):
        answer = submit(f"{PAGE}/new", email=address)
        page = without_chance(client.get(PAGE).text).replace(address, "the address")
        session.rollback()
        (link,) = session.scalars(select(MailedLink))
        seen.append((answer.status_code, answer.location, answer.text.replace(address, ""), re.sub(r"\d\d:\d\d", "", page)))
        assert submit(f"{PAGE}/claims/{link.id[:16]}/withdraw", at="/account/name").location == PAGE
        client.get(PAGE)

    assert seen[0] == seen[1] == seen[2]
    assert [(mail.recipient, mail.subject) for mail in mails()] == [
        ("one@example.com", "This address has an account already"),
        ("two@example.com", "This address has an account already"),
        ("new@example.com", "Add this address to your account"),
    ]
    assert all("/proof/" not in f"{mail.text}{mail.html}" for mail in mails()[:2])
    assert all("Ada" not in f"{mail.text}{mail.html}" for mail in mails())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter your e-mail address."),
        ("no address", "Write an e-mail address such as name@example.com."),
        ("аda@example.com", "Use an address with plain letters only"),
        ("a@b.example\nBcc: eve@example.com", "Write an e-mail address such as"),
        (f"{'a' * 250}@example.com", "That address is too long."),
        ("ADA@example.com", "This is one of your addresses already."),
    ],
)
def test_what_cannot_be_added_is_said_beside_the_field_and_mails_nobody(
    submit: Submit, sign_in: SignIn, session: Session, ada: User, mails: Callable[[], list[Mail]], typed: str, said: str
) -> None:
    sign_in(ada)

    answer = submit(f"{PAGE}/new", email=typed)

    assert said in answer.text
    assert 'id="email-error"' in answer.text
    assert (mails(), session.scalars(select(MailedLink)).all()) == ([], [])


def test_the_sixth_try_within_minutes_is_refused(submit: Submit, sign_in: SignIn, ada: User, mails: Callable[[], list[Mail]]) -> None:
    sign_in(ada)

    answers = [submit(f"{PAGE}/new", email=WORK) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "Retry-After" in answers[-1].headers
    assert len(mails()) == 5


def test_one_address_gets_five_of_these_mails_a_day_whoever_asks(
    submit: Submit, app_clients: Callable[[], FlaskClient], sign_in: SignIn, session: Session, mails: Callable[[], list[Mail]]
) -> None:
    for statuses in ([303] * 3, [303, 303, 429]):
        person = make_user(session)
        session.commit()
        browser = sign_in(person, client=app_clients())
        assert [submit(f"{PAGE}/new", client=browser, email=WORK).status_code for _ in statuses] == statuses
    assert len(mails()) == 5


@pytest.fixture
def app_clients(client: FlaskClient) -> Callable[[], FlaskClient]:
    return client.application.test_client


def test_what_decides_over_an_account_needs_a_password_of_the_last_minutes(
    submit: Submit, client: FlaskClient, sign_in: SignIn, session: Session, ada: User
) -> None:
    further = make_further_address(session, ada, WORK)
    session.commit()
    sign_in(ada)
    grow_stale(session)

    assert client.get(f"{PAGE}/new").location == f"/account/confirm-password?next={PAGE}/new"
    for act in ("first", "remove"):
        assert submit(f"{PAGE}/{further.id}/{act}", at="/account/name").location == f"/account/confirm-password?next={PAGE}"
    session.rollback()
    assert (ada.email, session.scalars(select(FurtherAddress.email)).all()) == ("ada@example.com", [WORK])


def test_a_link_is_for_who_asked_and_leads_a_stranger_to_sign_in(
    client: FlaskClient, other_client: FlaskClient, sign_in: SignIn, eve: User, proof: str
) -> None:
    assert other_client.get(proof).location == f"/login?next={proof}"
    refused = sign_in(eve, client=other_client).get(proof)
    assert refused.status_code == 404
    assert "asked for by another account" in refused.text
    assert "Add this address" in client.get(proof).text


def test_who_proves_an_address_second_is_told_so(
    submit: Submit,
    client: FlaskClient,
    other_client: FlaskClient,
    sign_in: SignIn,
    eve: User,
    proof: str,
    mailed_path: Callable[[str], str],
) -> None:
    sign_in(eve, client=other_client)
    submit(f"{PAGE}/new", client=other_client, email=WORK)
    submit(mailed_path(f"{PAGE}/proof/"), client=other_client)

    answer = client.get(proof)

    assert answer.status_code == 409
    assert "This address belongs to another account by now: whoever proved it first has it." in answer.text


def test_any_proven_address_signs_in_and_one_that_only_waits_does_not(
    submit: Submit, client: FlaskClient, other_client: FlaskClient, sign_in: SignIn, session: Session, ada: User
) -> None:
    make_further_address(session, ada, WORK)
    session.commit()
    sign_in(ada, client=other_client)
    submit(f"{PAGE}/new", client=other_client, email="waiting@example.com")

    refused = submit("/login", email="waiting@example.com", password=PASSWORD)
    assert "do not belong together" in refused.text
    assert submit("/login", email="ADA@work.example", password=PASSWORD).status_code == 303
    assert "Ada Lovelace" in client.get("/account").text


def test_a_further_address_is_tried_as_often_as_any_and_tells_not_whose_it_is(submit: Submit, session: Session, ada: User) -> None:
    """Tries count for the address that was typed: else the tenth at one would refuse another, and so say that both are one person's."""
    make_further_address(session, ada, WORK)
    session.commit()

    assert [submit("/login", email=WORK, password="wrong password").status_code for _ in range(11)] == [200] * 10 + [429]
    assert submit("/login", email="ada@example.com", password=PASSWORD).status_code == 303


def test_a_new_password_is_chosen_by_a_link_to_any_proven_address(
    submit: Submit, client: FlaskClient, session: Session, mails: Callable[[], list[Mail]], mailed_path: Callable[[str], str]
) -> None:
    ada = make_user(session, email="typo@example.com", password=PASSWORD, confirmed=False)
    make_further_address(session, ada, WORK)
    session.commit()

    submit("/reset", email=WORK)
    client.get(mailed_path("/reset/"))
    assert WORK in client.get("/reset/new").text
    assert submit("/reset/new", password="copper meadow lantern").status_code == 303

    session.rollback()
    assert ada.confirmed_at is None  # nobody read a mail at the first address
    assert [mail.recipient for mail in mails()] == [WORK, "typo@example.com"]
    assert submit("/login", email=WORK, password="copper meadow lantern").status_code == 303


def test_registering_with_a_further_address_of_somebody_says_that_there_is_an_account(submit: Submit, session: Session, ada: User) -> None:
    make_further_address(session, ada, WORK)
    session.commit()

    answer = submit("/register", name="Eve", email=WORK, password=PASSWORD)

    assert "There is already an account with this e-mail address." in answer.text
    assert len(session.scalars(select(User)).all()) == 1


def test_with_five_addresses_no_further_one_is_offered(client: FlaskClient, sign_in: SignIn, session: Session, ada: User) -> None:
    local = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    for number in range(4):
        make_further_address(session, ada, f"{number}{local}")
    session.commit()

    page = sign_in(ada).get(PAGE).text

    assert "5 addresses are the most that an account has." in page
    assert f'href="{PAGE}/new"' not in page
    assert page.count("Make it the first") >= 4
