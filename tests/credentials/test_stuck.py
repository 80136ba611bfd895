"""What was begun and does not come to its end is told to staff, tried again, and holds nobody fast."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.events import Delivery, EventRecord
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, ExpiryNotice, NameChange
from laurel.credentials.rules.bulk import BulkState
from laurel.credentials.rules.name_changes import NameChangeState
from laurel.credentials.services import name_changes
from laurel.credentials.services.expiry import tell_of_expiry
from laurel.credentials.services.stuck import carry_on, find_stuck
from laurel.settings import Settings
from laurel.worker import Chores
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_revocation_job
from tests.factories.holders import apply_name, make_name_change
from tests.fakes import PlainVault

MINUTE = timedelta(minutes=1)
SLIP = "Zebulon Quinze"
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def vault(ports: Ports) -> Iterator[PlainVault]:
    assert isinstance(ports.keys, PlainVault)
    yield ports.keys
    ports.keys.lost = False


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name="Zebulon Quince")


@pytest.fixture
def change(session: Session, person: User) -> NameChange:
    """Approved by itself, and to be signed onto one certificate."""
    make_credential(session, learner=person, at=clock.now() - timedelta(days=1))
    return make_name_change(session, person, name=SLIP)


def name_on(session: Session, person: User) -> str:
    session.rollback()
    session.expire_all()
    return session.scalars(select(Credential.holder_name).where(Credential.holder_id == person.id)).one()


def test_a_job_that_stands_still_is_told_with_what_hinders_it(session: Session) -> None:
    job = make_revocation_job(session, make_credential(session))
    job.state, job.confirmed_at, job.error = BulkState.RUNNING, clock.now(), "KeyVaultError: no key"
    session.flush()

    assert find_stuck(session, now=clock.now() + 14 * MINUTE) == []
    [still] = find_stuck(session, now=clock.now() + 16 * MINUTE)
    assert still.startswith("The job “By hand” has done nothing since ")
    assert still.endswith(": KeyVaultError: no key")
    job.state = BulkState.PAUSED
    session.flush()
    assert find_stuck(session, now=clock.now() + 16 * MINUTE) == []


def test_a_change_of_name_is_told_after_an_hour_forwards_and_backwards(session: Session, person: User, change: NameChange) -> None:
    assert find_stuck(session, now=clock.now() + 59 * MINUTE) == []
    [slow] = find_stuck(session, now=clock.now() + 61 * MINUTE)
    assert slow.startswith("1 change of name could not be signed for more than an hour")

    apply_name(session, change)
    assert find_stuck(session, now=clock.now() + 61 * MINUTE) == []
    name_changes.ask_to_reverse(session, person.id, change.id, now=clock.now() + 90 * MINUTE)
    assert find_stuck(session, now=clock.now() + 100 * MINUTE) == []
    assert len(find_stuck(session, now=clock.now() + 151 * MINUTE)) == 1


def test_the_worker_tries_again_every_hour_what_was_given_up_after_eight_tries(
    app: Flask, settings: Settings, database: Database, ports: Ports, vault: PlainVault, session: Session, person: User, change: NameChange
) -> None:
    session.commit()
    chores = Chores(settings, database, ports)
    vault.lost = True
    chores.carry_on_with_names()
    assert name_on(session, person) == "Zebulon Quince"

    vault.lost = False
    chores.look_after_the_rest()
    assert name_on(session, person) == SLIP
    name_changes.ask_to_reverse(session, person.id, change.id, now=clock.now())
    carry_on(session, change.id, issuer=ISSUER, keys=vault, now=clock.now() + MINUTE)
    session.commit()
    assert name_on(session, person) == "Zebulon Quince"


def test_the_person_withdraws_what_does_not_come_and_nothing_applies_it_any_more(
    session: Session, sign_in: SignIn, person: User, change: NameChange
) -> None:
    session.commit()
    client = sign_in(person)
    assert "Withdraw it" not in client.get("/account/certificate-name").text
    session.execute(update(NameChange).values(asked_at=clock.now() - 12 * MINUTE))
    session.execute(update(EventRecord).values(occurred_at=clock.now() - 11 * MINUTE))
    session.commit()

    page = client.get("/account/certificate-name").text
    assert "This takes longer than it should" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    client.post(f"/account/certificate-name/{change.id}/withdraw", data={"csrf_token": token}, headers=FROM_HERE)

    session.refresh(change)
    assert change.state is NameChangeState.WITHDRAWN
    apply_name(session, change)
    assert name_on(session, person) == "Zebulon Quince"


def test_staff_see_why_and_try_again(
    session: Session, sign_in: SignIn, csrf: Callable[[], str], vault: PlainVault, person: User, change: NameChange
) -> None:
    session.execute(update(Delivery).values(error="KeyVaultError: nothing opens"))
    admin = make_user(session, roles=["admin"])
    session.commit()
    staff, where = sign_in(admin), f"/backoffice/name-changes/{change.id}"
    assert "The last try failed: KeyVaultError: nothing opens" in staff.get(where).text

    vault.lost = True
    refused = staff.post(f"{where}/try-again", data={"csrf_token": csrf()}, follow_redirects=True)
    assert "Nothing can be signed at the moment" in refused.text
    vault.lost = False
    assert "It is done." in staff.post(f"{where}/try-again", data={"csrf_token": csrf()}, follow_redirects=True).text
    assert name_on(session, person) == SLIP


def test_an_address_that_is_none_keeps_nobody_else_from_hearing_of_the_end(app: Flask, session: Session) -> None:
    nowhere, other = (make_credential(session, validity_months=1) for _ in range(2))
    session.execute(update(User).where(User.id == nowhere.holder_id).values(email="one@example.com, two@example.com"))
    soon = clock.now() + timedelta(days=25)

    assert [tell_of_expiry(session, now=soon) for _ in range(2)] == [2, 0]

    told = {notice.credential_id: notice.told_at is not None for notice in session.scalars(select(ExpiryNotice))}
    assert told == {nowhere.id: False, other.id: True}
    assert len(session.scalars(select(Mail).where(Mail.key.startswith("credential-ends:"))).all()) == 1


def test_a_chore_that_fails_stops_none_behind_it(app: Flask, settings: Settings, database: Database, ports: Ports) -> None:
    done: list[str] = []

    def fail() -> None:
        raise LookupError("It is not there.")

    Chores(settings, database, ports).look_after_each(fail, lambda: done.append("the next"))

    assert done == ["the next"]
