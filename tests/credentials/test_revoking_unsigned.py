"""What was awarded and is not signed can be revoked: it is never signed, and nobody reads whose it was to be."""

from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.rules import EntitlementStatus
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, StatusEntry
from laurel.credentials.queries import list_history
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.downloads import StaffFile, take_file
from laurel.credentials.services.issuing import award, issue, revoke
from tests.backoffice.test_credential_acts import run_due
from tests.conftest import SignIn
from tests.credentials.test_holds import grant, lose
from tests.credentials.test_on_hold import words_of
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_course, make_pending
from tests.fakes import PlainVault

PAGE = {"Accept": "text/html"}
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def revoke_it(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Help.", actor_id=None, now=clock.now())


def test_it_is_never_signed_and_keeps_its_place(app: object, session: Session, database: Database) -> None:
    pending = make_pending(session)
    revoke_it(session, pending)

    issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    assert pending.enrollment_id is not None
    assert pending.attempt_id is not None
    again = award(
        session,
        enrollment_id=pending.enrollment_id,
        holder_id=pending.holder_id,
        course_id=make_course(session).id,
        attempt_id=pending.attempt_id,
        now=clock.now(),
    )

    assert (again, pending.state, pending.current_n) == (pending, CredentialState.REVOKED, 0)
    assert session.scalar(select(func.count()).select_from(StatusEntry)) == 0
    assert [link.kind for link in list_history(session, pending.id)] == [HistoryKind.REVOKED]
    session.commit()
    assert list(Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now()).differences()) == []


@on_one
def test_everywhere_it_is_revoked_with_its_reason_and_without_a_name(client: FlaskClient, session: Session, database: Database) -> None:
    pending = make_pending(session, learner=make_user(session, name="Ada Lovelace"))
    session.commit()
    assert "Ada Lovelace" in client.get(f"/credentials/{pending.id}", headers=PAGE).text
    revoke_it(session, pending)
    session.commit()
    run_due(database)

    assert words_of(client, pending) == ("revoked", "Revoked", False)
    for path in (f"/credentials/{pending.id}", f"/verify?number={pending.number}"):
        page = client.get(path, headers=PAGE).text
        assert "issued in error" in page
        assert not any(word in page for word in ("Lovelace", "Help.", "in a minute"))
    assert client.get(f"/credentials/{pending.id}.json").status_code == 404
    mail = session.scalars(select(Mail).where(Mail.subject.contains("revoked"))).one()
    assert "had not been signed yet" in mail.text


@on_one
def test_whoever_asks_for_its_files_reads_that_it_was_revoked_and_not_that_it_is_being_signed(session: Session, sign_in: SignIn) -> None:
    pending = make_pending(session)
    revoke_it(session, pending)
    session.commit()
    client, home = sign_in(session.get_one(User, pending.holder_id)), f"/account/credentials/{pending.id}"

    for file in ("everything.zip", "expiry.ics"):
        answer = client.get(f"{home}/{file}")
        assert (answer.status_code, "revoked before it was signed" in answer.text, "being signed" in answer.text) == (404, True, False)
    with pytest.raises(ConflictError, match="revoked before it was signed"):
        take_file(session, pending.id, StaffFile.JSON, actor_id=pending.holder_id, secret="s", now=clock.now())


@on_one
def test_whoever_asks_for_files_of_what_waits_for_a_payment_is_not_told_that_it_is_being_signed(session: Session, sign_in: SignIn) -> None:
    learner, course = make_user(session), make_course(session)
    pending = make_pending(session, learner=learner, course=course)
    grant(session, learner.id, course.id, EntitlementStatus.SUSPENDED)
    session.commit()

    answer = sign_in(learner).get(f"/account/credentials/{pending.id}/everything.zip")
    assert (answer.status_code, "being signed" in answer.text) == (404, False)
    with pytest.raises(ConflictError, match="waits for the holder’s payment"):
        take_file(session, pending.id, StaffFile.JSON, actor_id=learner.id, secret="s", now=clock.now())


@on_one
def test_what_waits_for_a_payment_promises_nothing_and_does_not_say_whose_it_is(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    learner, course = make_user(session, name="Ada Lovelace"), make_course(session)
    pending = make_pending(session, learner=learner, course=course)
    grant(session, learner.id, course.id, EntitlementStatus.SUSPENDED)
    session.commit()

    assert words_of(client, pending) == ("on hold", "On hold", False)
    for path in (f"/credentials/{pending.id}", f"/verify?number={pending.number}"):
        page = client.get(path, headers=PAGE).text
        assert not any(word in page for word in ("Lovelace", "in a minute", "is being signed"))
    assert client.get(f"/credentials/{pending.id}.json").status_code == 404
    assert "as soon as the course is yours again" in sign_in(learner).get("/account/credentials").text


@on_one
def test_a_lost_dispute_revokes_what_was_not_signed_yet(app: object, session: Session) -> None:
    learner, course = make_user(session), make_course(session)
    pending = make_pending(session, learner=learner, course=course)
    right = grant(session, learner.id, course.id, EntitlementStatus.REVOKED)

    lose(session, right, "lost")

    assert (pending.state, pending.revocation_reason) == (CredentialState.REVOKED, RevocationReason.REQUIREMENTS_WITHDRAWN)
