import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.bus import deliver, list_due
from laurel.core.db import Database
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.credentials import queries
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, StatusEntry
from laurel.credentials.openbadges_gateway import is_unaltered
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason, Verdict
from laurel.credentials.services.correcting import ChangedMeanwhileError, correct
from laurel.credentials.services.examining import judge, look_up, read_upload
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.views.presenters import show_examination
from laurel.web.pages import day
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.fakes import PlainVault


def rename(session: Session, credential_id: UUID, name: str, *, now: datetime | None = None, seen_n: int | None = None) -> Credential:
    return correct(
        session,
        credential_id,
        holder_name=name,
        reason="She married.",
        actor_id=None,
        issuer=ISSUER,
        keys=PlainVault(),
        now=now or clock.now(),
        seen_n=seen_n,
    )


def versions_of(session: Session, credential: Credential) -> list[CredentialVersion]:
    return list(session.scalars(select(CredentialVersion).filter_by(credential_id=credential.id).order_by(CredentialVersion.n)))


def test_a_correction_is_the_same_certificate_with_a_newer_document(session: Session) -> None:
    credential = make_credential(session)
    number = credential.number

    rename(session, credential.id, "Ada  King")

    old, new = versions_of(session, credential)
    before, after = json.loads(old.signed_json), json.loads(new.signed_json)
    assert (credential.number, credential.state, credential.current_n, new.n) == (number, CredentialState.ISSUED, 2, 2)
    assert credential.holder_name == "Ada King"
    assert after["credentialSubject"]["identifier"][0]["identityHash"] == "Ada King"
    for member in ("id", "awardedDate", "validUntil", "name", "issuer"):
        assert after[member] == before[member]
    assert after["validFrom"] > before["validFrom"]
    assert after["credentialSubject"]["id"] == before["credentialSubject"]["id"]
    assert after["credentialStatus"]["id"] != before["credentialStatus"]["id"]
    assert is_unaltered(new.signed_json, queries.list_versions(session, credential.id)[0][1].public_key)


def test_the_older_document_is_superseded_and_its_bit_set(session: Session) -> None:
    credential = make_credential(session)

    rename(session, credential.id, "Ada King")

    (new, _, new_entry, _), (old, _, old_entry, old_list) = queries.list_versions(session, credential.id)
    assert old.superseded_at is not None
    assert old_entry.set_at is not None
    assert old_list.changed_at is not None  # so that it is signed again
    assert (new.superseded_at, new_entry.set_at) == (None, None)


def test_the_chain_says_what_was_corrected_and_keeps_no_name(session: Session) -> None:
    staff = make_user(session, roles=["admin"])
    credential = make_credential(session)

    correct(
        session,
        credential.id,
        holder_name="Ada King",
        reason="Lovelace was a title.",
        actor_id=staff.id,
        issuer=ISSUER,
        keys=PlainVault(),
        now=clock.now(),
    )

    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
    told = chain[-1]
    assert (told.kind, told.version_n, told.actor_id) == (HistoryKind.CORRECTED, 2, staff.id)
    assert told.document_sha256 == versions_of(session, credential)[1].sha256
    assert not any(word in told.reason for word in ("Ada", "King", "Lovelace"))
    assert find_break((event.link, event.hash) for event in chain) is None
    assert versions_of(session, credential)[1].note == "Lovelace was a title."
    assert session.scalars(select(EventRecord).filter_by(name="CredentialCorrected")).one().actor_id == staff.id


def test_the_same_name_again_changes_nothing(session: Session) -> None:
    credential = make_credential(session)
    rename(session, credential.id, "Ada King")

    rename(session, credential.id, " Ada King ", seen_n=1)

    assert len(versions_of(session, credential)) == 2


def test_a_correction_of_what_somebody_else_corrected_meanwhile_is_refused(session: Session) -> None:
    credential = make_credential(session)
    rename(session, credential.id, "Ada King", seen_n=1)

    with pytest.raises(ChangedMeanwhileError):
        rename(session, credential.id, "Ada Byron", seen_n=1)


def test_what_is_not_yet_signed_gets_the_name_without_a_second_document(session: Session) -> None:
    pending = make_pending(session)

    rename(session, pending.id, "Ada King")
    issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    [only] = versions_of(session, pending)
    assert "Ada King" in only.signed_json


def test_what_was_revoked_stays_so(session: Session) -> None:
    credential = make_credential(session)
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())

    with pytest.raises(ConflictError, match="revoked"):
        rename(session, credential.id, "Ada King")

    assert credential.holder_name == "Ada Lovelace"


def test_what_has_expired_is_not_brought_back(session: Session) -> None:
    credential = make_credential(session)

    with pytest.raises(ConflictError, match="expired"):
        rename(session, credential.id, "Ada King", now=clock.now() + timedelta(days=366))


def test_two_documents_never_begin_in_the_same_second(session: Session) -> None:
    moment = clock.now().replace(microsecond=0)
    credential = make_credential(session, at=moment)

    with pytest.raises(ConflictError, match="Wait a second"):
        rename(session, credential.id, "Ada King", now=moment + timedelta(milliseconds=900))


@pytest.mark.parametrize("name", ["", "  ", "\u202e\x00", "x" * 241])
def test_a_name_that_cannot_stand_on_a_certificate_is_refused(session: Session, name: str) -> None:
    credential = make_credential(session)

    with pytest.raises(InvalidInputError) as refused:
        rename(session, credential.id, name)

    assert refused.value.field == "holder_name"


def test_while_the_key_is_missing_nothing_is_corrected(database: Database) -> None:
    with database.session(writes=True) as session:
        credential_id = make_credential(session).id
        session.commit()
    vault = PlainVault()
    vault.lost = True

    with database.session(writes=True) as session, pytest.raises(Exception, match="no key"):
        correct(session, credential_id, holder_name="X", reason="r", actor_id=None, issuer=ISSUER, keys=vault, now=clock.now())

    with database.session(writes=False) as session:
        assert session.get_one(Credential, credential_id).holder_name == "Ada Lovelace"
        assert session.scalars(select(StatusEntry.set_at)).all() == [None]
        assert session.scalars(select(CredentialVersion.superseded_at)).all() == [None]


@pytest.mark.parametrize(("tells_holder", "mails"), [(True, 1), (False, 0)])
def test_the_holder_hears_of_it_unless_told_otherwise(app: Flask, database: Database, tells_holder: bool, mails: int) -> None:
    with database.session(writes=True) as session:
        credential = make_credential(session)
        correct(
            session,
            credential.id,
            holder_name="Ada King",
            reason="She married.",
            actor_id=None,
            issuer=ISSUER,
            keys=PlainVault(),
            now=clock.now(),
            tells_holder=tells_holder,
        )
        session.commit()

    with database.session(writes=False) as session:
        due = list_due(session, now=clock.now())
    for delivery_id in due:
        assert deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)

    with database.session(writes=False) as session:
        found = [mail for mail in session.scalars(select(Mail)) if "corrected" in mail.subject]
        assert len(found) == mails
        for mail in found:
            for body in (mail.text, mail.html or ""):
                assert "Ada King" in body
                assert "She married." in body
                assert "Lovelace" not in body
                assert "certificates@example.com" in body


def test_a_file_of_a_corrected_certificate_is_said_to_be_issued_on_the_day_of_its_award(session: Session) -> None:
    credential = make_credential(session, at=clock.now() - timedelta(days=2))
    rename(session, credential.id, "Ada King")
    carried = read_upload(versions_of(session, credential)[1].signed_json.encode())

    shown = show_examination(ISSUER, judge(carried, look_up(session, ISSUER, carried), now=clock.now()))

    assert shown.verdict is Verdict.VALID
    assert dict(shown.facts)["Issued"] == day(credential.awarded_at)
