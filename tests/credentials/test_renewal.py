"""Signing again what a compromised key had signed, on both databases."""

import json
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.events import Delivery
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, StatusEntry, VersionCause
from laurel.credentials.queries.keys import count_to_be_signed_again, find_active_key
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.renewal import AlteredDocumentError, renew_signature
from laurel.settings import Settings
from laurel.worker import Chores
from tests.credentials.rotation import compromise, rotate
from tests.factories.credentials import ISSUER, make_credential
from tests.fakes import PlainVault

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def chores(app: Flask, settings: Settings, database: Database, ports: Ports) -> Chores:
    return Chores(settings, database, ports)


def steal_first_key(session: Session) -> None:
    """The key that has signed so far is compromised; another one is active."""
    first = find_active_key(session, ISSUER.did)
    assert first is not None
    rotate(session)
    compromise(session, first.fragment)
    session.commit()


def renew(session: Session, credential: Credential) -> bool:
    return renew_signature(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())


def waiting(session: Session) -> int:
    return count_to_be_signed_again(session, ISSUER.did, now=clock.now())


def test_the_worker_signs_each_again_once_and_tells_its_holder_once(chores: Chores, database: Database) -> None:
    with database.session(writes=True) as session:
        credentials = [make_credential(session) for _ in range(3)]
        steal_first_key(session)

    assert (chores.renew_signatures(), chores.renew_signatures()) == (3, 0)
    chores.run_due()

    with database.session(writes=False) as session:
        versions = session.scalars(select(CredentialVersion).where(CredentialVersion.n == 2)).all()
        assert {version.cause for version in versions} == {VersionCause.SIGNATURE_RENEWED}
        assert {version.credential_id for version in versions} == {credential.id for credential in credentials}
        assert session.scalar(select(func.count()).select_from(StatusEntry)) == 3
        subjects = session.scalars(select(Mail.subject)).all()
        assert len([subject for subject in subjects if "signed again" in subject]) == 3
        assert set(session.scalars(select(Delivery.error))) == {None}


def test_one_that_cannot_be_signed_again_holds_up_no_other_and_stays_due(chores: Chores, database: Database) -> None:
    with database.session(writes=True) as session:
        credentials = sorted((make_credential(session) for _ in range(3)), key=lambda credential: credential.id)
        session.execute(update(CredentialVersion).where(CredentialVersion.credential_id == credentials[0].id).values(signed_json="{}"))
        steal_first_key(session)

    assert chores.renew_signatures() == 2

    with database.session(writes=False) as session:
        assert waiting(session) == 1


def test_it_goes_on_where_it_was_interrupted(chores: Chores, database: Database, ports: Ports) -> None:
    with database.session(writes=True) as session:
        credentials = [make_credential(session) for _ in range(3)]
        steal_first_key(session)
        renew(session, credentials[1])
        session.commit()

    assert isinstance(ports.keys, PlainVault)
    ports.keys.lost = True
    assert chores.renew_signatures() == 0
    ports.keys.lost = False
    assert chores.renew_signatures() == 2

    with database.session(writes=False) as session:
        assert waiting(session) == 0


def test_without_an_active_key_nothing_is_lost_and_all_is_signed_once_there_is_one(chores: Chores, database: Database) -> None:
    with database.session(writes=True) as session:
        make_credential(session)
        first = find_active_key(session, ISSUER.did)
        assert first is not None
        compromise(session, first.fragment)
        session.commit()

    assert chores.renew_signatures() == 0
    with database.session(writes=True) as session:
        rotate(session)
        session.commit()
    assert chores.renew_signatures() == 1


def test_the_history_says_that_it_was_signed_again_and_why(session: Session) -> None:
    credential = make_credential(session)
    steal_first_key(session)
    assert renew(session, credential)
    session.commit()
    session.expire_all()

    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()

    assert (chain[-1].kind, chain[-1].version_n) == (HistoryKind.SIGNATURE_RENEWED, 2)
    assert "was compromised" in chain[-1].reason
    assert find_break((event.link, event.hash) for event in chain) is None


def test_what_is_revoked_or_has_ended_is_left_as_it_is(session: Session) -> None:
    with time_machine.travel(clock.now() - timedelta(days=400), tick=False):
        ended = make_credential(session)
    revoked = make_credential(session)
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    steal_first_key(session)

    assert (renew(session, ended), renew(session, revoked), waiting(session)) == (False, False, 0)


def test_what_no_compromised_key_signed_is_left_as_it_is(session: Session) -> None:
    credential = make_credential(session)
    rotate(session)

    assert not renew(session, credential)


@pytest.mark.parametrize("also_digest", [False, True])
def test_a_document_that_was_changed_in_the_database_is_not_made_genuine(session: Session, also_digest: bool) -> None:
    credential = make_credential(session)
    version = session.scalars(select(CredentialVersion)).one()
    forged = json.dumps({**json.loads(version.signed_json), "name": "Doctor of Medicine"})
    session.execute(update(CredentialVersion).values(signed_json=forged, **({"sha256": "0" * 64} if also_digest else {})))
    session.expire_all()
    steal_first_key(session)

    with pytest.raises(AlteredDocumentError):
        renew(session, credential)


def test_one_that_was_signed_again_can_still_be_revoked(session: Session) -> None:
    credential = make_credential(session)
    steal_first_key(session)
    renew(session, credential)

    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())

    assert session.scalars(select(StatusEntry)).one().set_at is not None


def test_the_page_says_that_the_signature_was_renewed(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    steal_first_key(session)

    before = client.get(f"/credentials/{credential.id}", headers=BROWSER).text
    renew(session, credential)
    session.commit()
    after = client.get(f"/credentials/{credential.id}", headers=BROWSER).text

    assert "Temporarily unknown" in before
    assert "This certificate is valid." not in before
    assert "Signature renewed on" not in before
    assert "This certificate is valid." in after
    assert "Signature renewed on" in after
