import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.bus import deliver, list_due, publish
from laurel.core.db import Database
from laurel.core.errors import InvalidInputError
from laurel.core.events import Delivery, EventRecord
from laurel.core.mail import Mail
from laurel.credentials import handlers, queries
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.ed25519_gateway import fits
from laurel.credentials.events import CredentialIssued
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, IssuerKey, StatusEntry, StatusList
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.rules.moments import add_months
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.issuers import ensure_key
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.status_lists import refresh_status_lists
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, NAME, make_completion, make_course, make_credential, make_pending
from tests.fakes import PlainVault


def document_of(session: Session, credential: Credential) -> dict[str, object]:
    version = session.scalars(select(CredentialVersion).filter_by(credential_id=credential.id, n=credential.current_n)).one()
    found: dict[str, object] = json.loads(version.signed_json)
    return found


def test_a_completed_course_awards_its_credential_once_however_often_it_is_told(session: Session) -> None:
    event = make_completion(session)

    handlers.award_credential(session, event)
    handlers.award_credential(session, event)

    credential = session.scalars(select(Credential)).one()
    assert (credential.state, credential.holder_name, credential.attempt_id) == (CredentialState.PENDING, "Ada Lovelace", event.attempt_id)
    assert len(session.scalars(select(EventRecord).filter_by(name="CredentialAwarded")).all()) == 1


def test_a_course_without_an_achievement_awards_nothing(session: Session) -> None:
    event = make_completion(session)
    other = make_course(session)

    handlers.award_credential(session, type(event)(**{**event.__dict__, "course_id": other.id}))

    assert session.scalars(select(Credential)).all() == []


def test_issuing_signs_what_was_awarded(session: Session) -> None:
    credential = make_credential(session)

    document = document_of(session, credential)
    version = session.scalars(select(CredentialVersion)).one()
    entry, published = session.scalars(select(StatusEntry)).one(), session.scalars(select(StatusList)).all()
    assert credential.state is CredentialState.ISSUED
    assert document["id"] == f"http://laurel.test/credentials/{credential.id}"
    assert document["name"] == NAME
    assert document["credentialStatus"]["statusListIndex"] == str(entry.position)  # type: ignore[index]
    assert version.status_entry_id == entry.id
    assert version.valid_until == add_months(version.valid_from, 12)
    assert len(published) == 2  # so that the number of a list does not date a credential
    assert [event.name for event in session.scalars(select(EventRecord).order_by(EventRecord.id))].count("CredentialIssued") == 1


def test_issuing_twice_changes_nothing(session: Session) -> None:
    credential = make_credential(session)
    before = document_of(session, credential)

    issue(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    assert document_of(session, credential) == before
    assert len(session.scalars(select(CredentialVersion)).all()) == 1


def test_the_name_for_certificates_counts_and_is_frozen_when_it_is_earned(session: Session) -> None:
    learner = make_user(session, name="ada")
    learner.certificate_name = "Ada King, Countess of Lovelace"
    credential = make_pending(session, learner=learner)
    learner.certificate_name = "Somebody Else"

    issue(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    assert credential.holder_name == "Ada King, Countess of Lovelace"
    assert "Somebody Else" not in json.dumps(document_of(session, credential))


def test_an_address_that_its_owner_did_not_confirm_is_left_out(session: Session) -> None:
    learner = make_user(session)
    learner.confirmed_at = None

    document = document_of(session, make_credential(session, learner=learner))

    assert "emailAddress" not in json.dumps(document)


def test_a_program_that_changes_afterwards_does_not_change_what_was_awarded(session: Session) -> None:
    course = make_course(session)
    credential = make_pending(session, course=course, name="The old name")
    make_completion(session, course=course, name="The new name")

    issue(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    assert document_of(session, credential)["name"] == "The old name"


@pytest.fixture
def lost_keys(app: Flask, ports: Ports) -> Iterator[PlainVault]:
    """The vault of the running app, its key-encryption key lost."""
    vault = ports.keys
    assert isinstance(vault, PlainVault)
    vault.lost = True
    yield vault
    vault.lost = False


def test_while_the_key_is_missing_the_credential_stays_pending_and_staff_see_why(database: Database, lost_keys: PlainVault) -> None:
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.commit()
        [delivery_id] = list_due(session, now=clock.now())

    assert not deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)
    lost_keys.lost = False

    with database.session(writes=False) as session:
        credential = queries.get_credential(session, credential_id).credential
        assert credential.state is CredentialState.PENDING
        assert queries.list_pending(session) == [credential_id]
        assert "There is no key for did:web:laurel.test#key-" in (queries.find_signing_trouble(session, credential) or "")
        assert session.scalars(select(StatusEntry)).all() == []

    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        assert deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)

    with database.session(writes=False) as session:
        assert queries.get_credential(session, credential_id).credential.state is CredentialState.ISSUED
        assert session.get_one(Delivery, delivery_id).error is None


def test_a_completed_course_ends_in_a_mail_to_the_holder(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        publish(session, make_completion(session))
        session.commit()

    for _round in range(3):  # award, issue, tell
        with database.session(writes=False) as session:
            due = list_due(session, now=clock.now())
        for delivery_id in due:
            assert deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)

    with database.session(writes=False) as session:
        credential = session.scalars(select(Credential)).one()
        assert credential.state is CredentialState.ISSUED
        assert credential.number in session.scalars(select(Mail.text)).one()


def test_the_first_key_is_made_once_and_its_private_half_is_sealed(session: Session) -> None:
    vault = AesKeyVault("a key-encryption key")
    now = clock.now()

    key = ensure_key(session, ISSUER, vault, now=now)

    assert ensure_key(session, ISSUER, vault, now=now) is key
    assert (key.did, key.fragment, key.state) == ("did:web:laurel.test", f"key-{now:%Y}-01", KeyState.ACTIVE)
    assert fits(b"data", vault.open(key.pair).sign(b"data"), key.public_key)
    assert repr(key.sealed_private_key) not in repr(key) + repr(key.pair)


def test_a_revoked_credential_is_on_the_list_at_the_next_signing(session: Session) -> None:
    credential = make_credential(session)
    now = clock.now()

    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Wrong person.", actor_id=None, now=now)
    assert refresh_status_lists(session, ISSUER, PlainVault(), now=now) == 0  # the moment of one change is blurred
    assert refresh_status_lists(session, ISSUER, PlainVault(), now=now + timedelta(minutes=6)) == 1
    assert refresh_status_lists(session, ISSUER, PlainVault(), now=now + timedelta(minutes=7)) == 0

    [(_version, _key, entry, status_list)] = queries.list_versions(session, credential.id)
    assert queries.list_set_positions(session, status_list.id) == [entry.position]
    assert "Wrong person" not in status_list.signed_json


def test_the_list_does_not_tell_which_minute_a_change_was_made_in_however_quiet_it_was(session: Session) -> None:
    with time_machine.travel("2026-11-23T08:00:00Z", tick=False):
        first, second = make_credential(session), make_credential(session)
    for credential, minute in ((first, 1), (second, 3)):
        at = datetime(2026, 11, 23, 9, minute, 7, tzinfo=UTC)
        revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=at)
        assert refresh_status_lists(session, ISSUER, PlainVault(), now=at + timedelta(minutes=1)) == 0
    assert refresh_status_lists(session, ISSUER, PlainVault(), now=datetime(2026, 11, 23, 9, 5, 2, tzinfo=UTC)) >= 1

    changed = [found for found in queries.list_status_lists(session, ISSUER.did) if queries.list_set_positions(session, found.id)]
    signed = {json.loads(found.signed_json)["proof"]["created"] for found in changed}
    assert signed == {"2026-11-23T09:05:02Z"}
    assert {json.loads(found.signed_json)["validFrom"] for found in changed} == {"2026-11-23T09:00:00Z"}


def test_changes_that_go_on_do_not_put_the_list_off(session: Session) -> None:
    first, second = make_credential(session), make_credential(session)
    [(_version, _key, entry, same)] = queries.list_versions(session, first.id)
    [(_other, _other_key, beside, _list)] = queries.list_versions(session, second.id)
    beside.list_id, beside.position = same.id, (entry.position + 1) % 131_072
    session.flush()
    for credential, at in ((first, "09:04:59"), (second, "09:05:01")):
        now = datetime.fromisoformat(f"2026-11-23T{at}+00:00")
        revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=now)

    [(_version, _key, _entry, of_first)] = queries.list_versions(session, first.id)
    assert of_first.changed_at == datetime(2026, 11, 23, 9, 4, 59, tzinfo=UTC)
    refresh_status_lists(session, ISSUER, PlainVault(), now=datetime(2026, 11, 23, 9, 5, 12, tzinfo=UTC))
    assert of_first.changed_at is None


def test_a_change_counts_also_for_who_has_not_seen_that_the_list_was_signed_meanwhile(session: Session, database: Database) -> None:
    first, second = make_credential(session), make_credential(session)
    [(_version, _key, entry, same)] = queries.list_versions(session, first.id)
    [(_other, _other_key, beside, _list)] = queries.list_versions(session, second.id)
    beside.list_id, beside.position = same.id, (entry.position + 1) % 131_072
    before = datetime(2026, 11, 23, 9, 4, 59, tzinfo=UTC)
    revoke(session, first.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=before)
    assert same.changed_at == before  # as this session knows it from now on
    session.commit()
    with database.session(writes=True) as signer:
        refresh_status_lists(signer, ISSUER, PlainVault(), now=before + timedelta(minutes=1))
        signer.commit()

    later = before + timedelta(minutes=2)
    revoke(session, second.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=later)
    session.commit()

    with database.session(writes=False) as reader:
        assert reader.get_one(StatusList, same.id).changed_at == later


def test_lists_are_signed_again_before_they_grow_old(session: Session) -> None:
    make_credential(session)

    with time_machine.travel(clock.now() + timedelta(days=5), tick=False):
        assert refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now()) == 2


@pytest.mark.parametrize("note", ["", " \u200b\n"])
def test_nothing_is_revoked_without_words(session: Session, note: str) -> None:
    credential = make_credential(session)

    with pytest.raises(InvalidInputError, match="Say why"):
        revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note=note, actor_id=None, now=clock.now())

    assert credential.state is CredentialState.ISSUED


def test_the_history_is_a_chain_that_holds(session: Session) -> None:
    credential = make_credential(session)
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=credential.holder_id, now=clock.now())
    session.commit()
    session.expire_all()

    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()

    assert [event.kind for event in chain] == [HistoryKind.KEY_ACTIVATED, HistoryKind.ISSUED, HistoryKind.REVOKED]
    assert find_break((event.link, event.hash) for event in chain) is None
    assert chain[1].document_sha256 == session.scalars(select(CredentialVersion.sha256)).one()


def test_the_holder_is_told_once(app: Flask, session: Session) -> None:
    credential = make_credential(session)
    event = CredentialIssued(occurred_at=clock.now(), credential_id=credential.id, holder_id=credential.holder_id)

    handlers.email_holder(session, event)
    handlers.email_holder(session, event)

    mail = session.scalars(select(Mail)).one()
    assert mail.subject == f"Your certificate: {NAME}"
    for body in (mail.text, mail.html or ""):
        assert f"http://laurel.test/credentials/{credential.id}" in body
        assert credential.number in body


def test_another_address_of_the_site_gets_keys_of_its_own(session: Session) -> None:
    here = ensure_key(session, ISSUER, PlainVault(), now=clock.now())
    moved = type(ISSUER)(public_url="http://127.0.0.1:8123", name="Laurel", email="a@example.com", is_production=False)

    there = ensure_key(session, moved, PlainVault(), now=clock.now())

    assert there.did == "did:web:127.0.0.1%3A8123"
    assert {key.state for key in session.scalars(select(IssuerKey))} == {KeyState.ACTIVE}
    assert here.id != there.id
