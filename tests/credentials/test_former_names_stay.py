"""What bears a former name, because nobody can sign it anew, is not opened to strangers again by a press of a button."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import Credential, CredentialEvent, NameChange
from laurel.credentials.queries import find_credential
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import name_changes
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.visibility import FormerNameError, change_visibility
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential
from tests.factories.holders import apply_name, make_name_change, reverse_name

FORMER, NEW = "Zebulon Quince", "Augusta Ada King"
BROWSER = {"Accept": "text/html"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
OPEN = [Visibility.PUBLIC, Visibility.UNLISTED]
REVOKED, EXPIRED = "revoked", "expired"


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name=FORMER)


def make_ended(session: Session, person: User, how: str) -> Credential:
    """One that was public and had ended before its holder's name changed; its change can still be taken back."""
    with time_machine.travel(clock.now() - timedelta(days=1 if how == REVOKED else 400)):
        ended = make_credential(session, learner=person)
    ended.visibility = Visibility.PUBLIC
    if how == REVOKED:
        revoke(session, ended.id, reason=RevocationReason.HOLDER_REQUEST, note="Asked for.", actor_id=None, now=clock.now())
    return ended


def rename(session: Session, person: User) -> NameChange:
    at = clock.now() - timedelta(minutes=1)
    make_credential(session, learner=person, at=at - timedelta(days=1))
    change = make_name_change(session, person, name=NEW, now=at)
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=at)
    apply_name(session, change, at=at)
    session.commit()
    return change


@pytest.mark.parametrize("wanted", OPEN)
@pytest.mark.parametrize("how", [REVOKED, EXPIRED])
def test_it_stays_private_and_its_holder_is_told_why_and_what_they_can_do(
    app: Flask, client: FlaskClient, session: Session, person: User, sign_in: SignIn, how: str, wanted: Visibility
) -> None:
    ended = make_ended(session, person, how)
    rename(session, person)
    holder, home = sign_in(person, client=app.test_client()), f"/account/credentials/{ended.id}"
    page = holder.get(home).text
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    written = session.scalars(select(CredentialEvent.position).order_by(CredentialEvent.position)).all()
    sent = holder.post(f"{home}/visibility", data={"csrf_token": token, "visibility": wanted.value}, headers=FROM_HERE)

    assert 'name="visibility"' not in page
    assert sent.status_code == 409
    assert FormerNameError.message in sent.text
    for told in (page, sent.text):
        assert "So it stays private" in told
        assert "what is reinstated carries your present name" in told or how != REVOKED
        assert f"{home}/erase" in told
        assert FORMER not in told
    session.expire_all()
    left = find_credential(session, ended.id)
    assert left is not None
    assert left.visibility is Visibility.PRIVATE
    assert session.scalars(select(CredentialEvent.position).order_by(CredentialEvent.position)).all() == written
    stranger = client.get(f"/credentials/{ended.id}", headers=BROWSER)
    assert "Quince" not in stranger.text
    assert stranger.headers["X-Robots-Tag"] == "noindex"


def test_who_has_the_name_again_opens_it_again(session: Session, person: User) -> None:
    ended = make_ended(session, person, REVOKED)
    change = rename(session, person)
    with pytest.raises(FormerNameError):
        change_visibility(session, person.id, ended.id, wanted=Visibility.PUBLIC, now=clock.now())
    name_changes.ask_to_reverse(session, person.id, change.id, now=clock.now())
    reverse_name(session, change)

    session.refresh(ended)
    assert (ended.shown_name, ended.visibility) == (FORMER, Visibility.PRIVATE)
    assert change_visibility(session, person.id, ended.id, wanted=Visibility.PUBLIC, now=clock.now()).visibility is Visibility.PUBLIC
