"""Staff hear of what keeps certificates from being signed or checked, before anybody else does."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, IssuerKey, StatusList
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.trouble import find_reminders, find_trouble, tell_staff
from laurel.settings import Settings
from laurel.worker import Chores
from tests.conftest import SignIn
from tests.credentials.rotation import compromise, rotate, stage
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.fakes import PlainVault


@pytest.fixture
def vault(ports: Ports) -> Iterator[PlainVault]:
    assert isinstance(ports.keys, PlainVault)
    yield ports.keys
    ports.keys.lost = False


@pytest.fixture
def chores(app: Flask, settings: Settings, database: Database, ports: Ports) -> Chores:
    return Chores(settings, database, ports)


def troubles(session: Session, *, after: timedelta = timedelta(0), vault: PlainVault | None = None) -> list[str]:
    return find_trouble(session, ISSUER, vault or PlainVault(), now=clock.now() + after)


def test_a_site_without_keys_and_one_that_is_well_have_none(session: Session) -> None:
    assert troubles(session) == []
    make_credential(session)
    assert troubles(session) == []


def test_a_missing_key_encryption_key_is_told_with_the_number_of_those_that_wait(session: Session) -> None:
    make_credential(session)
    make_pending(session)
    make_pending(session)

    [key, waiting] = troubles(session, vault=PlainVault(lost=True))

    assert "KEY_ENCRYPTION_KEY is missing or another one" in key
    assert waiting == "2 certificates wait for being signed. Nothing is lost."


def test_certificates_of_a_compromised_key_are_told_until_they_are_signed_again(session: Session) -> None:
    make_credential(session)
    first = find_active_key(session, ISSUER.did)
    assert first is not None
    compromise(session, first.fragment)

    assert troubles(session) == [
        "No key is active that signs certificates.",
        "1 certificate of a compromised key still to be signed again.",
    ]
    rotate(session)
    assert troubles(session) == ["1 certificate of a compromised key still to be signed again."]


def test_a_list_that_was_not_signed_again_is_told_days_before_it_ends(session: Session) -> None:
    make_credential(session)

    assert troubles(session, after=timedelta(days=4, hours=6)) == []
    [late] = troubles(session, after=timedelta(days=4, hours=13))
    assert "A status list was not signed again" in late


def test_a_revocation_that_is_not_published_is_told_after_a_quarter_of_an_hour(session: Session) -> None:
    make_credential(session)
    session.execute(update(StatusList).values(changed_at=clock.now()))

    assert troubles(session, after=timedelta(minutes=14)) == []
    [unpublished] = troubles(session, after=timedelta(minutes=16))
    assert "is not published: its status list could not be signed" in unpublished


def test_what_is_new_is_mailed_at_once_and_what_lasts_once_a_day(app: Flask, session: Session) -> None:
    for troubles_found in (["One is lost."], ["One is lost."], ["One is lost.", "12 wait."], ["One is lost.", "13 wait."]):
        tell_staff(session, ISSUER, troubles_found, [], now=clock.now())

    assert session.scalar(select(func.count()).select_from(Mail)) == 2


def test_the_worker_mails_staff_once_a_day_and_signs_what_waited(chores: Chores, database: Database, vault: PlainVault) -> None:
    chores.look_after_credentials()  # makes the first keys
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.commit()
    vault.lost = True

    with time_machine.travel(clock.now().replace(hour=12), tick=False):
        chores.look_after_credentials()
        chores.look_after_credentials()
        chores.issue_pending()
    vault.lost = False
    chores.look_after_credentials()
    assert chores.issue_pending() == 1

    with database.session(writes=False) as session:
        mail = session.scalars(select(Mail).where(Mail.subject.startswith("Certificates need looking after"))).one()
        assert mail.recipient == ISSUER.email
        assert "1 certificate waits for being signed" in mail.text
        assert session.get_one(Credential, credential_id).state is CredentialState.ISSUED


def test_the_worker_makes_the_first_keys_and_no_second_ones(chores: Chores, database: Database) -> None:
    chores.look_after_credentials()
    chores.look_after_credentials()

    with database.session(writes=False) as session:
        assert {key.purpose for key in session.scalars(select(IssuerKey))} == set(KeyPurpose)
        assert len(session.scalars(select(IssuerKey)).all()) == 2


def test_the_back_office_shows_it_on_its_first_page(session: Session, sign_in: SignIn, vault: PlainVault) -> None:
    make_credential(session)
    make_pending(session)
    session.commit()
    staff = sign_in(make_user(session, roles=["admin"]))

    assert "needs a person" not in staff.get("/backoffice").text
    vault.lost = True

    page = staff.get("/backoffice").text
    assert "Certificates need a person" in page
    assert "1 certificate waits for being signed" in page


def test_a_key_that_is_almost_a_year_in_use_is_told_once_a_week_with_what_its_successor_needs(
    chores: Chores, session: Session, database: Database
) -> None:
    make_credential(session)
    session.execute(update(IssuerKey).values(active_at=clock.now() - timedelta(days=340)))
    session.commit()

    chores.tell_of_trouble()
    stage(session)
    session.commit()
    chores.tell_of_trouble()

    mail = session.scalars(select(Mail).where(Mail.subject.startswith("Certificates need looking after"))).one()
    assert "no successor is staged" in mail.text
    assert "once a week" in mail.text
    [reminder] = find_reminders(session, ISSUER, now=clock.now())
    assert "may be activated from" in reminder
