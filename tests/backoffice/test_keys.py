"""Signing keys in the back office: what is shown, and acts that take one person or two."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.accounts.models import User
from laurel.accounts.services import set_roles
from laurel.app import Ports
from laurel.approvals.models import Approval
from laurel.approvals.rules import ApprovalState
from laurel.core import clock
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.models import CredentialEvent, IssuerKey
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.keys import KeyState
from laurel.web.browser_sessions import BrowserSession
from tests.conftest import QueryCount, SignIn
from tests.credentials.rotation import stage
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.fakes import PlainVault


class Send(Protocol):
    def __call__(self, path: str, **fields: str) -> TestResponse: ...


@pytest.fixture
def owner(session: Session) -> User:
    return make_user(session, name="Olga Owner", roles=["owner"])


@pytest.fixture
def colleague(session: Session) -> User:
    return make_user(session, name="Carl Colleague", roles=["owner"])


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> FlaskClient:
    return sign_in(owner)


@pytest.fixture
def send(browser: FlaskClient, csrf: Callable[..., str]) -> Send:
    def post(path: str, **fields: str) -> TestResponse:
        """As the page that stands there has it: what was shown is sent along."""
        page = browser.get(path.removesuffix("/agree").removesuffix("/refuse")).text
        seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
        return browser.post(path, data={"csrf_token": csrf(), "seen": seen[1] if seen else "", **fields})

    return post


@pytest.fixture
def active(session: Session) -> IssuerKey:
    make_credential(session)
    found = find_active_key(session, ISSUER.did)
    assert found is not None
    return found


@pytest.fixture
def staged(session: Session, active: IssuerKey) -> IssuerKey:
    key = stage(session)
    session.commit()
    return key


@pytest.fixture
def alone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of one person."""
    monkeypatch.setitem(app.extensions, "laurel_settings", replace(app.extensions["laurel_settings"], two_person_rule=False))


@pytest.fixture
def lost(ports: Ports) -> Iterator[None]:
    assert isinstance(ports.keys, PlainVault)
    ports.keys.lost = True
    yield
    ports.keys.lost = False


def states(session: Session, *keys: IssuerKey) -> list[KeyState]:
    session.rollback()
    for key in keys:
        session.refresh(key)
    return [key.state for key in keys]


def address(key: IssuerKey, verb: str = "") -> str:
    return f"/backoffice/keys/{key.id}" + (f"/{verb}" if verb else "")


def test_the_list_says_of_every_key_what_it_signed_and_what_comes_next(
    browser: FlaskClient, session: Session, active: IssuerKey, queries: QueryCount
) -> None:
    fresh = stage(session, at=clock.now())
    make_credential(session)
    session.commit()
    queries.clear()

    page = browser.get("/backoffice/keys").text

    assert queries.selects <= 20
    row = page.split(active.fragment)[1].split("</tr>")[0]
    assert "2 documents, 2 lists" in row
    assert "In use" in row
    assert "May be activated from" in page.split(fresh.fragment)[1].split("</tr>")[0]
    assert "There is none yet. The worker makes the first one." in page  # for tokens


def test_what_needs_looking_after_stands_above_the_keys(browser: FlaskClient, session: Session, active: IssuerKey, lost: None) -> None:
    make_pending(session)
    session.execute(update(IssuerKey).values(active_at=clock.now() - timedelta(days=340)))
    session.commit()

    page = browser.get("/backoffice/keys").text

    assert f"The key {active.fragment} does not open" in page
    assert "1 certificate waits for being signed" in page
    assert "no successor is staged" in page
    assert "A signing key is to be changed soon" in browser.get("/backoffice").text


def test_one_asks_another_agrees_and_then_it_is_done(
    send: Send, browser: FlaskClient, session: Session, sign_in: SignIn, owner: User, colleague: User, active: IssuerKey, staged: IssuerKey
) -> None:
    asked = send(address(staged, "activate"), reason="the yearly change")

    assert "/backoffice/keys/requests/" in asked.location
    assert states(session, active, staged) == [KeyState.ACTIVE, KeyState.STAGED]
    mail = session.scalars(select(Mail).where(Mail.subject.contains("second person"))).one()
    assert (mail.recipient, asked.location in mail.text) == (ISSUER.email, True)
    own = browser.get(asked.location).text
    assert "You asked for this" in own
    assert "Agree, and do it now" not in own

    sign_in(colleague)
    assert "1 change of a signing key waits for a second person" in browser.get("/backoffice").text
    shown = browser.get(asked.location).text
    assert "the yearly change" in shown
    assert f"{staged.fragment} signs from now on. {active.fragment} is retired with it" in shown
    done = send(f"{asked.location}/agree")

    assert done.location == address(staged)
    assert states(session, active, staged) == [KeyState.RETIRED, KeyState.ACTIVE]
    page = browser.get(address(staged)).text
    assert f"Agreed: {staged.fragment} signs from now on." in page
    assert "Carl Colleague" in page.split("Key act agreed")[1].split("</tr>")[0]
    assert "Olga Owner" in page.split("Key activated")[1].split("</tr>")[0]
    assert send(f"{asked.location}/agree").status_code == 409
    assert "Agreed, Carl Colleague" in browser.get(asked.location).text


def test_who_asked_cannot_agree_but_can_take_it_back(
    send: Send, browser: FlaskClient, session: Session, active: IssuerKey, staged: IssuerKey
) -> None:
    asked = send(address(staged, "retire"), reason="not needed")

    assert send(f"{asked.location}/agree").status_code == 403
    assert send(f"{asked.location}/refuse").location == "/backoffice/keys"

    assert states(session, staged) == [KeyState.STAGED]
    assert session.scalars(select(Approval)).one().state is ApprovalState.WITHDRAWN
    late = send(f"{asked.location}/refuse")
    assert late.location == asked.location
    assert "This request was withdrawn already." in browser.get(late.location).text


def test_the_wish_of_who_is_no_owner_any_more_is_not_carried_out_and_the_request_ends(
    send: Send, browser: FlaskClient, session: Session, sign_in: SignIn, owner: User, colleague: User, active: IssuerKey, staged: IssuerKey
) -> None:
    asked = send(address(staged, "activate"), reason="a last wish")
    sign_in(colleague)
    shown = browser.get(asked.location).text
    assert (owner.email in shown, "Agree, and do it now" in shown) == (True, True)
    owner.role_names = ["admin"]
    session.commit()

    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', shown)
    page = browser.get(asked.location).text
    assert "Agree, and do it now" not in page
    assert "Olga Owner may not ask for this any more" in page
    answer = send(f"{asked.location}/agree", seen=seen[1] if seen else "")

    assert (answer.status_code, "may not ask for this any more" in answer.text) == (409, True)
    assert states(session, active, staged) == [KeyState.ACTIVE, KeyState.STAGED]
    assert session.scalars(select(Approval)).one().state is ApprovalState.VOID
    assert "nothing was done" in browser.get(asked.location).text
    assert send(f"{asked.location}/agree", seen=seen[1] if seen else "").status_code == 409


def test_who_agrees_is_told_what_speaks_for_one_person_with_two_accounts(
    send: Send, browser: FlaskClient, session: Session, sign_in: SignIn, owner: User, staged: IssuerKey
) -> None:
    asked = send(address(staged, "retire"), reason="not needed")
    other = make_user(session, name="olga  owner")
    set_roles(session, other.id, role_names=["owner"], by_id=owner.id, now=clock.now())
    session.commit()
    sign_in(other)

    page = browser.get(asked.location).text

    assert "same name" in page
    assert "gave you your roles" in page


def test_a_request_about_a_key_that_has_changed_is_not_done(
    send: Send, session: Session, sign_in: SignIn, colleague: User, active: IssuerKey, staged: IssuerKey
) -> None:
    asked = send(address(staged, "retire"), reason="not needed")
    session.execute(update(IssuerKey).filter_by(id=active.id).values(state=KeyState.RETIRED))
    session.execute(update(IssuerKey).filter_by(id=staged.id).values(state=KeyState.ACTIVE))
    session.commit()
    sign_in(colleague)

    answer = send(f"{asked.location}/agree")

    assert (answer.status_code, "has changed in the meantime" in answer.text) == (409, True)
    assert states(session, staged) == [KeyState.ACTIVE]
    assert session.scalars(select(Approval)).one().state is ApprovalState.WAITING  # agreed to only together with what it is for


def test_what_nobody_can_agree_to_any_more_does_not_wait_for_a_second_person(
    send: Send, browser: FlaskClient, session: Session, sign_in: SignIn, owner: User, colleague: User, active: IssuerKey, staged: IssuerKey
) -> None:
    asked = send(address(staged, "retire"), reason="not needed")
    other = send(address(active, "retire"), reason="its private half is lost")
    sign_in(colleague)
    assert "2 changes of signing keys wait for a second person" in browser.get("/backoffice").text
    send(address(active, "compromise"), reason="a laptop is gone", name=active.fragment)

    assert "1 change of a signing key waits" in browser.get("/backoffice").text
    listed, page = browser.get("/backoffice/keys").text, browser.get(other.location).text
    assert (asked.location in listed, other.location in listed) == (True, False)
    assert "it was active when this was asked for, and is compromised now" in page
    assert ("Agree, and do it now" in page, "Waiting for a second person" in page) == (False, False)
    again = browser.get(address(active, "compromise"))
    assert "This key is compromised already." in browser.get(again.location).text
    owner.role_names = ["admin"]
    session.commit()
    assert "a second person" not in browser.get("/backoffice").text
    assert asked.location not in browser.get("/backoffice/keys").text
    assert send(f"{other.location}/refuse").location == "/backoffice/keys"


def test_a_key_that_does_not_open_is_not_activated(
    send: Send, session: Session, sign_in: SignIn, colleague: User, staged: IssuerKey, lost: None
) -> None:
    asked = send(address(staged, "activate"), reason="yearly")
    sign_in(colleague)

    answer = send(f"{asked.location}/agree")

    assert (answer.status_code, "does not open" in answer.text) == (503, True)
    assert states(session, staged) == [KeyState.STAGED]


def test_a_stolen_key_is_withdrawn_by_one_person_who_types_its_name(send: Send, session: Session, owner: User, active: IssuerKey) -> None:
    session.commit()
    mistyped = send(address(active, "compromise"), reason="a laptop is gone", name="key-1999-01")
    unexplained = send(address(active, "compromise"), reason=" ", name=active.fragment)

    for answer in (mistyped, unexplained):
        assert (answer.status_code, "field-error" in answer.text) == (400, True)
    assert "a laptop is gone" in mistyped.text
    assert states(session, active) == [KeyState.ACTIVE]

    assert send(address(active, "compromise"), reason="a laptop is gone", name=active.fragment).location == address(active)

    assert states(session, active) == [KeyState.COMPROMISED]
    entry = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position.desc())).first()
    assert entry is not None
    assert (entry.kind.value, entry.actor_id, entry.reason) == ("key compromised", owner.id, f"{active.fragment}: a laptop is gone")


def test_who_is_alone_does_it_alone_and_that_is_written_down(
    send: Send, session: Session, owner: User, alone: None, active: IssuerKey, staged: IssuerKey
) -> None:
    send(address(staged, "activate"), reason="yearly")

    assert states(session, active, staged) == [KeyState.RETIRED, KeyState.ACTIVE]
    waived = session.scalars(select(EventRecord).filter_by(name="ApprovalWaived")).one()
    assert (waived.actor_id, waived.subject_id) == (owner.id, staged.id)


def test_a_new_key_is_published_at_once_and_cannot_be_used_yet(
    send: Send, browser: FlaskClient, session: Session, active: IssuerKey
) -> None:
    session.commit()
    made = send("/backoffice/keys/stage", purpose="di", reason="yearly")

    assert "It may be activated from" in browser.get(made.location).text
    assert "Activate …" not in browser.get(made.location).text
    assert send(f"{made.location}/activate", reason="now").location == made.location  # too early: back, and told why
    assert "24 hours after it was published" in browser.get(made.location).text
    assert len(browser.get("/.well-known/did.json").get_json()["assertionMethod"]) == 2
    assert send("/backoffice/keys/stage", purpose="x", reason="yearly").status_code == 400


def test_a_second_key_of_one_purpose_is_not_staged_from_a_page_that_is_out_of_date(
    send: Send, session: Session, active: IssuerKey, staged: IssuerKey
) -> None:
    again = send("/backoffice/keys/stage", purpose="di", reason="yearly, in another tab")

    assert again.status_code == 409
    assert f"{staged.fragment} is staged already." in again.text.split("field-error")[1].split("</p>")[0]
    assert "yearly, in another tab" in again.text
    assert send("/backoffice/keys/stage", purpose="jwt", reason="yearly").status_code == 303
    assert len(session.scalars(select(IssuerKey).filter_by(did=ISSUER.did)).all()) == 3


def test_a_key_that_cannot_be_sealed_is_not_made(
    send: Send, app: Flask, session: Session, ports: Ports, active: IssuerKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    monkeypatch.setitem(app.extensions, "laurel_ports", replace(ports, keys=AesKeyVault("")))

    answer = send("/backoffice/keys/stage", purpose="di", reason="yearly")

    assert (answer.status_code, "KEY_ENCRYPTION_KEY is missing" in answer.text) == (503, True)


def test_an_act_that_was_not_the_one_shown_is_not_done(send: Send, session: Session, staged: IssuerKey) -> None:
    answer = send(address(staged, "retire"), reason="not needed", seen="retire as lost")

    assert (answer.status_code, "has changed in the meantime" in answer.text) == (409, True)
    assert session.scalars(select(Approval)).all() == []


def test_acts_need_a_password_of_the_last_ten_minutes(send: Send, browser: FlaskClient, session: Session, staged: IssuerKey) -> None:
    session.execute(update(BrowserSession).values(created_at=clock.now() - timedelta(minutes=11)))
    session.commit()

    for path in (address(staged, "retire"), "/backoffice/keys/stage"):
        assert browser.get(path).location.startswith("/account/confirm-password?next=")
        assert send(path, reason="not needed", seen="retire").location.startswith("/account/confirm-password?next=")
    assert browser.get(address(staged)).status_code == 200  # looking is free
    assert session.scalars(select(Approval)).all() == []
