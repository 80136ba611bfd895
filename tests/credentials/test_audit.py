"""`laurel credentials audit`: what is as it must be passes, and each thing that is not is told."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from laurel.commands import main
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import BulkRow, Credential, CredentialEvent, CredentialVersion, IssuerKey, StatusEntry, StatusList
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.anchors import Anchor
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.history import record
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.renewal import renew_signature
from laurel.credentials.services.status_lists import refresh_status_lists
from laurel.learning.models import Enrollment
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState
from tests.credentials.chains import unguarded
from tests.credentials.rotation import compromise, rotate
from tests.credentials.test_services_bulk import draft, finish, make_line, start
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_credential, make_pending
from tests.fakes import PlainVault


def run(database: Database, *, page_size: int = 200, anchors: Sequence[Anchor] = ()) -> tuple[int, list[str]]:
    """How many credentials were looked at, and what was found."""
    audit = Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now(), page_size=page_size, anchors=anchors)
    details = [difference.detail for difference in audit.differences()]
    return audit.credentials, details


def test_a_corrected_certificate_and_an_imported_one_are_well(database: Database) -> None:
    with database.session(writes=True) as session:
        renamed = make_credential(session)
        facts = {"holder_name": "Ada King", "reason": "She married.", "actor_id": None}
        correct(session, renamed.id, issuer=ISSUER, keys=PlainVault(), now=clock.now(), **facts)  # type: ignore[arg-type]
        achievement = make_achievement(session)
        finish(session, start(session, draft(session, make_line(make_user(session), achievement.slug))))
        session.commit()

    assert run(database) == (2, [])


def test_an_import_that_no_confirmed_job_names_is_told(database: Database) -> None:
    with database.session(writes=True) as session:
        achievement = make_achievement(session)
        finish(session, start(session, draft(session, make_line(make_user(session), achievement.slug))))
        session.execute(delete(BulkRow))
        session.commit()

    assert run(database) == (1, ["it was imported, and no import names it"])


def revoke_it(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())


def test_what_is_well_has_no_differences(database: Database) -> None:
    with database.session(writes=True) as session:
        make_pending(session)
        make_credential(session)
        make_credential(session, validity_months=0)
        revoked, renewed = make_credential(session), make_credential(session)
        revoke_it(session, revoked)
        first = find_active_key(session, ISSUER.did)
        assert first is not None
        rotate(session)
        make_credential(session)
        session.commit()
    assert run(database) == (6, [])

    with database.session(writes=True) as session:
        compromise(session, first.fragment)
        for credential_id in session.scalars(select(Credential.id)).all():
            if session.scalar(select(CredentialVersion.id).filter_by(credential_id=credential_id)):
                renew_signature(session, credential_id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
        refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now())
        assert session.scalar(select(CredentialVersion.n).filter_by(credential_id=renewed.id, n=2)) == 2
        session.commit()
    assert run(database) == (6, [])


def test_a_voided_attempt_is_no_difference_once_its_credential_is_revoked(database: Database) -> None:
    with database.session(writes=True) as session:
        credential = make_credential(session)
        session.execute(update(Attempt).values(is_counted=False))
        session.commit()
    assert run(database)[1] == ["the attempt that earned it was voided"]

    with database.session(writes=True) as session:
        revoke_it(session, credential)
        session.commit()
    assert run(database)[1] == []


def elsewhere(session: Session) -> None:
    session.execute(update(Attempt).values(learner_id=make_user(session).id))


def enrolled_elsewhere(session: Session) -> None:
    session.execute(update(Enrollment).values(learner_id=make_user(session).id))


def forged(session: Session) -> None:
    text = session.scalars(select(CredentialVersion.signed_json)).one()
    session.execute(update(CredentialVersion).values(signed_json=text.replace("Ada Lovelace", "Eve Lovelace")))


def other_number(session: Session) -> None:
    session.execute(update(Credential).values(number="LRL-7Q4M-KD2X-93ZZ"))


def rewritten_history(session: Session) -> None:
    with unguarded(session):
        session.execute(update(CredentialEvent).where(CredentialEvent.position == 1).values(reason="nothing happened"))


def history_with_a_hole(session: Session) -> None:
    with unguarded(session):
        session.execute(delete(CredentialEvent).where(CredentialEvent.document_sha256.is_not(None)))


def other_place(session: Session) -> None:
    session.execute(update(StatusEntry).values(position=(StatusEntry.position + 1) % 131_072))


def list_of_somebody_else(session: Session) -> None:
    for found in session.scalars(select(StatusList)):
        document = json.loads(found.signed_json)
        document["validUntil"] = "2099-01-01T00:00:00Z"
        found.signed_json = json.dumps(document)


DAMAGES: list[tuple[Callable[[Session], object], str]] = [
    (elsewhere, "the attempt that earned it is somebody else’s"),
    (enrolled_elsewhere, "the enrollment that it completes is somebody else’s"),
    (lambda session: session.execute(update(Attempt).values(passed=False)), "the attempt that earned it is not passed"),
    (lambda session: session.execute(update(Attempt).values(passed=None)), "the attempt that earned it is not passed"),
    (lambda session: session.execute(update(Attempt).values(state=AttemptState.VOIDED)), "the attempt that earned it was voided"),
    (forged, "version 1: its bytes are not those of its SHA-256"),
    (forged, "version 1: its proof does not hold under did:web:laurel.test#key-"),
    (forged, "version 1: the history knows no document with its SHA-256"),
    (lambda session: session.execute(update(CredentialVersion).values(signed_json="no JSON")), "version 1: its id is None"),
    (lambda session: session.execute(update(CredentialVersion).values(sha256="0" * 64)), "version 1: its bytes are not those"),
    (other_number, "version 1: its number is LRL-"),
    (lambda session: session.execute(update(CredentialVersion).values(valid_until=None)), "version 1: its end is "),
    (lambda session: session.execute(update(IssuerKey).values(state=KeyState.COMPROMISED)), "is compromised, and it was not signed again"),
    (lambda session: session.execute(update(IssuerKey).values(fragment="key-1999-01")), "version 1: its key is did:web:laurel.test#key-"),
    (lambda session: session.execute(update(StatusEntry).values(set_at=clock.now())), "its status entry is set, and it was not revoked"),
    (other_place, "version 1: its status index is "),
    (lambda session: session.execute(update(Credential).values(state="revoked")), "its status entry is not set"),
    (lambda session: session.execute(update(Credential).values(state="revoked")), "it is revoked, and the history does not say so"),
    (lambda session: session.execute(update(Credential).values(state="pending")), "it is pending and has 1 signed documents"),
    (lambda session: session.execute(update(Credential).values(current_n=2)), "2 is said to be the current one"),
    (rewritten_history, "entry 1 was changed, or one before it is missing"),
    (history_with_a_hole, "the history knows no document with its SHA-256"),
    (list_of_somebody_else, "its bytes are not those of its SHA-256"),
    (list_of_somebody_else, "its proof does not hold under"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES)
def test_what_is_not_as_it_must_be_is_told(database: Database, damage: Callable[[Session], object], words: str) -> None:
    with database.session(writes=True) as session:
        make_credential(session)
        damage(session)
        session.commit()

    assert [detail for detail in run(database)[1] if words in detail]


def test_two_credentials_that_share_a_status_entry_are_both_told(database: Database) -> None:
    with database.session(writes=True) as session:
        make_credential(session)
        make_credential(session)
        session.execute(update(CredentialVersion).values(status_entry_id=session.scalars(select(StatusEntry.id).limit(1)).one()))
        session.commit()

    assert len([detail for detail in run(database)[1] if "belongs to another credential, too" in detail]) == 2


def test_a_list_that_waits_for_being_signed_may_lag_and_a_signed_one_may_not(database: Database) -> None:
    with database.session(writes=True) as session:
        revoke_it(session, make_credential(session))
        session.commit()
    assert run(database)[1] == []

    with database.session(writes=True) as session:
        session.execute(update(StatusList).values(changed_at=None))
        session.commit()
    [detail] = run(database)[1]
    assert "was revoked and is not in it" in detail


def test_it_goes_through_all_pages(database: Database) -> None:
    with database.session(writes=True) as session:
        for _ in range(5):
            make_credential(session)
        session.commit()

    assert run(database, page_size=2) == (5, [])


@pytest.mark.usefixtures("operator")
def test_the_command_ends_with_0_or_with_1_and_its_differences(database: Database) -> None:
    with database.session(writes=True) as session:
        credential = make_credential(session)
        session.commit()
    well = CliRunner().invoke(main, ["credentials", "audit"])
    with database.session(writes=True) as session:
        session.execute(update(Attempt).values(passed=False))
        session.commit()
    ill = CliRunner().invoke(main, ["credentials", "audit"])

    assert (well.exit_code, well.output) == (0, "1 certificate\n0 differences\n")
    assert ill.exit_code == 1
    assert ill.output.splitlines() == [
        f"differs: {credential.number:24} the attempt that earned it is not passed",
        "1 certificate",
        "1 difference",
    ]


def test_a_revocation_that_was_taken_back_in_our_records_is_told_from_then_on(database: Database) -> None:
    with database.session(writes=True) as session:
        credential = make_credential(session)
        revoke_it(session, credential)
        refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(minutes=6))
        session.execute(update(Credential).values(state="issued", revoked_at=None))
        session.execute(update(StatusEntry).values(set_at=None))
        session.execute(update(StatusList).values(changed_at=clock.now()))
        refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(minutes=12))
        session.commit()

    revoked, listed = run(database)[1]
    assert revoked == "the history says that it was revoked, and it is issued"
    assert "is revoked in it and nowhere else" in listed


def test_a_correction_that_was_taken_back_in_our_records_is_told_by_the_history(database: Database) -> None:
    with database.session(writes=True) as session:
        credential = make_credential(session)
        facts = {"holder_name": "Ada King", "reason": "She married.", "actor_id": None}
        correct(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now(), **facts)  # type: ignore[arg-type]
        session.execute(delete(CredentialVersion).filter_by(n=2))
        session.execute(update(CredentialVersion).values(superseded_at=None))
        session.execute(update(StatusEntry).values(set_at=None))
        session.execute(update(Credential).values(current_n=1, holder_name="Ada Lovelace"))
        session.commit()

    assert "version 2: the history says that it was signed, and it is not there" in run(database)[1]


def test_a_renewal_of_which_either_side_was_taken_away_is_told(database: Database) -> None:
    with database.session(writes=True) as session:
        old, new = make_credential(session), make_credential(session)
        record(session, HistoryKind.RENEWED, at=clock.now(), credential_id=old.id, reason=f"by {uuid4()}")
        session.execute(update(Credential).where(Credential.id == new.id).values(renewed_from_id=old.id))
        session.commit()
        lost = session.scalars(select(CredentialEvent.position).filter_by(kind=HistoryKind.RENEWED)).one()

    found = run(database)[1]

    assert [detail for detail in found if detail.startswith(f"entry {lost} says that something was renewed by ")]
    assert "it renews another one, and the history does not say so" in found
