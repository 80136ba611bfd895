"""Whoever takes a former name again: it is their present name, and what had ended under it bears no former one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import Credential, NameChange
from laurel.credentials.queries import names
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import name_changes
from laurel.credentials.services.issuing import revoke
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential
from tests.factories.holders import apply_name, make_name_change, reverse_name

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIRST, SECOND = "Zebulon Quince", "Augusta Ada King"


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name=FIRST)


@pytest.fixture
def ended(session: Session, person: User) -> Credential:
    """It was revoked under the first name, beside one that counts, and the person has had the second name since."""
    make_credential(session, learner=person, at=clock.now() - timedelta(days=9))
    gone = make_credential(session, learner=person, at=clock.now() - timedelta(days=9))
    revoke(session, gone.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now() - timedelta(days=8))
    take(session, person, SECOND, at=clock.now() - timedelta(days=5))
    assert gone.shown_name == "A former name"
    return gone


def take(session: Session, person: User, name: str, *, at: datetime) -> NameChange:
    change = make_name_change(session, person, name=name, now=at)
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=at)
    apply_name(session, change, at=at)
    session.expire_all()
    return change


def test_what_had_ended_under_it_says_it_again_and_stays_private(
    session: Session, person: User, ended: Credential, sign_in: SignIn
) -> None:
    take(session, person, FIRST, at=clock.now() - timedelta(hours=1))
    session.commit()

    assert (ended.shown_name, ended.visibility) == (FIRST, Visibility.PRIVATE)
    assert names.list_names_on(session, person.id) == [FIRST]
    page = sign_in(person).get("/account/credentials").text
    assert "former name" not in page


def test_what_had_ended_under_the_other_one_bears_a_former_name(session: Session, person: User, ended: Credential) -> None:
    other = make_credential(session, learner=person, at=clock.now() - timedelta(days=1))
    revoke(session, other.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now() - timedelta(hours=2))
    assert other.shown_name == SECOND

    take(session, person, FIRST, at=clock.now() - timedelta(hours=1))

    assert (ended.shown_name, other.shown_name) == (FIRST, "A former name")


def test_taking_that_back_makes_it_a_former_one_again(session: Session, person: User, ended: Credential) -> None:
    change = take(session, person, FIRST, at=clock.now() - timedelta(hours=1))

    name_changes.ask_to_reverse(session, person.id, change.id, now=clock.now())
    reverse_name(session, change)
    session.expire_all()

    assert (person.name_on_certificates, ended.shown_name, ended.visibility) == (SECOND, "A former name", Visibility.PRIVATE)


@pytest.mark.parametrize("end", ["withdrawn", "refused"])
def test_a_wish_that_came_to_nothing_takes_no_way_back_away(session: Session, person: User, sign_in: SignIn, end: str) -> None:
    make_credential(session, learner=person, at=clock.now() - timedelta(days=9))
    applied = take(session, person, SECOND, at=clock.now() - timedelta(days=1))
    wish, staff = make_name_change(session, person, name="Grace Hopper"), make_user(session, roles=["admin"])
    session.commit()
    client = sign_in(person)
    way_back = f"/account/certificate-name/{applied.id}/reverse"
    assert way_back not in client.get("/account/certificate-name").text  # one thing at a time
    session.rollback()  # what it has read since is older than the session of the browser

    if end == "withdrawn":
        name_changes.withdraw_name(session, person.id, wish.id, now=clock.now())
    else:
        name_changes.refuse_name(session, wish.id, reason="Show us.", actor_id=staff.id, now=clock.now())
    session.commit()

    page = client.get("/account/certificate-name").text
    assert way_back in page
    assert ("Show us." in page) == (end == "refused")


def test_what_was_taken_back_is_not_taken_back_again(session: Session, person: User, sign_in: SignIn) -> None:
    make_credential(session, learner=person, at=clock.now() - timedelta(days=9))
    take(session, person, SECOND, at=clock.now() - timedelta(days=2))
    latest = take(session, person, "Grace Hopper", at=clock.now() - timedelta(days=1))
    name_changes.ask_to_reverse(session, person.id, latest.id, now=clock.now())
    reverse_name(session, latest)
    session.commit()

    assert "/reverse" not in sign_in(person).get("/account/certificate-name").text
