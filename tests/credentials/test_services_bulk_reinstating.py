"""Many reinstated at once: by every rule of a single one, and by none of its own."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.rules import EntitlementStatus
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.credentials import queries
from laurel.credentials.models import Achievement, AchievementVersion, BulkJob, Credential, CredentialEvent, CredentialVersion
from laurel.credentials.queries.bulk import count_rows
from laurel.credentials.rules.bulk import BulkState, RowState
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.bulk import stop
from laurel.credentials.services.bulk_batches import Desk, advance
from laurel.credentials.services.bulk_reinstating import ANEW, COUNTS, draft_reinstatement, get_revocation, judge
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.reinstating import reinstate
from laurel.quizzes.models import Attempt
from tests.credentials.bulk_jobs import desk, finish, rows_of, start
from tests.credentials.test_audit import run as run_audit
from tests.credentials.test_concurrency import at_once
from tests.credentials.test_erasure import erase
from tests.credentials.test_holds import grant
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending, make_revocation_job
from tests.fakes import PlainVault

LONG_AGO = clock.now() - timedelta(days=30)
WHY = "We had chosen the wrong month."


@pytest.fixture(autouse=True)
def a_site(app: Flask) -> None:
    pass


@pytest.fixture
def admin(session: Session) -> User:
    return make_user(session, roles=["admin"])


@pytest.fixture
def revoked(session: Session) -> list[Credential]:
    """Four, the third never signed, that one job has revoked by mistake."""
    return [make_pending(session) if n == 2 else make_credential(session, at=LONG_AGO + timedelta(days=n)) for n in range(4)]


@pytest.fixture
def mistake(session: Session, revoked: list[Credential]) -> BulkJob:
    job = make_revocation_job(session, *revoked)
    finish(session, start(session, job))
    return job


def draft(session: Session, admin: User, *, mistake: BulkJob | None = None, numbers: tuple[str, ...] = (), key: str = "again") -> BulkJob:
    revocation = get_revocation(session, mistake.id) if mistake is not None else None
    rows = judge(session, numbers=numbers, revocation=revocation, actor_id=admin.id, now=clock.now())
    return draft_reinstatement(session, rows, key=key, title="the mistake", reason=WHY, actor_id=admin.id, now=clock.now())


def told(session: Session, job: BulkJob) -> list[tuple[str, str]]:
    session.flush()
    session.expire_all()
    return [(row.state.value, row.message) for row in rows_of(session, job)]


def alone(session: Session, credential: Credential, admin: User) -> None:
    reinstate(session, credential.id, reason="By itself.", actor_id=admin.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())


def revoke_alone(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.REQUIREMENTS_WITHDRAWN, note="Copied.", actor_id=None, now=clock.now())


def test_all_that_a_job_revoked_counts_again_as_if_each_had_been_reinstated_alone(
    session: Session, database: Database, admin: User, revoked: list[Credential], mistake: BulkJob
) -> None:
    job = draft(session, admin, mistake=mistake)
    assert {state for state, _message in told(session, job)} == {"ready"}
    assert all(message.endswith(": issued in error.") for _state, message in told(session, job))
    assert {found.state for found in revoked} == {CredentialState.REVOKED}

    finish(session, start(session, job))

    assert told(session, job) == [("done", "")] * 4
    assert job.state is BulkState.DONE
    assert {(found.state, found.revoked_at, found.revocation_note) for found in revoked} == {(CredentialState.ISSUED, None, "")}
    assert [found.current_n for found in sorted(revoked, key=lambda found: found.awarded_at)] == [2, 2, 2, 1]
    assert {queries.get_version(session, found.id, found.current_n).note for found in revoked} == {WHY}
    entries = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.REINSTATED)).all()
    assert {entry.actor_id for entry in entries} == {admin.id}
    assert session.scalar(select(func.count()).select_from(EventRecord).filter_by(name="CredentialReinstated")) == 4
    confirmed = session.scalars(select(EventRecord).filter_by(name="BulkJobConfirmed", actor_id=admin.id)).one()
    assert (confirmed.facts["kind"], confirmed.facts["rows"]) == ("reinstate", 4)
    session.commit()
    assert run_audit(database) == (4, [])


def test_a_dry_run_says_what_stands_against_each(session: Session, admin: User, revoked: list[Credential], mistake: BulkJob) -> None:
    alone(session, revoked[0], admin)
    alone(session, revoked[1], admin)
    revoke_alone(session, revoked[1])
    revoked[3].holder_id = admin.id
    valid, gone = make_credential(session), make_credential(session)
    with time_machine.travel(LONG_AGO):
        over = make_credential(session, at=LONG_AGO - timedelta(days=20), validity_months=1)
    for found in (gone, over):
        revoke_alone(session, found)
    gone_number = gone.number
    erase(session, gone)
    number = "LRL-0000-0000-0000"

    job = draft(session, admin, mistake=mistake, numbers=(valid.number, over.number, gone_number, number))

    said = {row.credential_id or row.name: (row.state, row.message) for row in rows_of(session, job)}
    assert said[revoked[0].id] == (RowState.SKIPPED, COUNTS)
    assert said[revoked[1].id] == (RowState.SKIPPED, ANEW)
    assert said[revoked[2].id][0] is RowState.READY
    assert said[revoked[3].id] == (RowState.WRONG, "This is your own. A colleague has to do that.")
    assert said[valid.id] == (RowState.SKIPPED, COUNTS)
    assert "would have expired" in said[over.id][1]
    assert said[gone_number] == (RowState.WRONG, "It was erased. Nothing of it is left.")
    assert said[number] == (RowState.WRONG, "We never gave out this number.")


def test_what_happened_since_the_dry_run_is_seen_when_its_turn_comes(
    session: Session, admin: User, revoked: list[Credential], mistake: BulkJob
) -> None:
    job = draft(session, admin, mistake=mistake)
    start(session, job)
    alone(session, revoked[0], admin)
    alone(session, revoked[1], admin)
    revoke_alone(session, revoked[1])
    of_his = select(AchievementVersion.achievement_id).where(AchievementVersion.id == revoked[3].achievement_version_id)
    course_id = session.scalars(select(Achievement.course_id).where(Achievement.id.in_(of_his))).one()
    grant(session, revoked[3].holder_id, course_id, EntitlementStatus.REVOKED)
    job.actor_id = revoked[2].holder_id
    session.flush()

    finish(session, job.id)

    said = {row.credential_id: (row.state, row.message) for row in rows_of(session, job)}
    assert said[revoked[0].id] == (RowState.SKIPPED, "It was reinstated in the meantime.")
    assert said[revoked[1].id] == (RowState.FAILED, ANEW)
    assert said[revoked[2].id] == (RowState.FAILED, "This is your own. A colleague has to do that.")
    assert said[revoked[3].id][0] is RowState.FAILED
    assert "was taken back" in said[revoked[3].id][1]
    assert session.scalar(select(func.count()).select_from(CredentialEvent).filter_by(kind=HistoryKind.REINSTATED)) == 2


def make_second(session: Session, first: Credential, *, days: int = 1) -> Credential:
    """Another certificate of the same holder and program, awarded later."""
    second = make_credential(session, learner=session.get_one(User, first.holder_id), at=LONG_AGO + timedelta(days=days))
    second.achievement_version_id = first.achievement_version_id
    session.flush()
    return second


def test_of_two_of_one_program_the_first_award_counts_again_as_the_dry_run_says(session: Session, admin: User) -> None:
    first = make_credential(session, at=LONG_AGO)
    second, third = make_second(session, first), make_second(session, first, days=2)
    mistake = make_revocation_job(session, third, second, first)
    finish(session, start(session, mistake))

    job = draft(session, admin, mistake=mistake)

    words = f"No. 1 of this list ({first.number}) is for the same holder and program, and only one of them can count: the first award."
    assert [row.credential_id for row in rows_of(session, job)] == [first.id, second.id, third.id]
    assert told(session, job)[1:] == [("wrong", words), ("wrong", words)]
    finish(session, start(session, job))
    assert [state for state, _message in told(session, job)] == ["done", "wrong", "wrong"]


def test_a_row_that_cannot_be_does_not_stand_in_the_way_of_another(session: Session, admin: User) -> None:
    first = make_credential(session, at=LONG_AGO)
    second = make_second(session, first)
    finish(session, start(session, make_revocation_job(session, second, first)))
    attempt = session.get_one(Attempt, first.attempt_id)
    attempt.is_counted = False
    session.flush()

    job = draft(session, admin, numbers=(first.number, second.number))

    assert [state for state, _message in told(session, job)] == ["wrong", "ready"]


def test_what_renewed_another_is_reinstated_with_it(session: Session, admin: User) -> None:
    first = make_credential(session, at=LONG_AGO)
    second = make_second(session, first)
    second.renewed_from_id = first.id
    session.flush()
    finish(session, start(session, make_revocation_job(session, second, first)))

    job = draft(session, admin, numbers=(first.number, second.number))

    assert [state for state, _message in told(session, job)] == ["ready", "ready"]


def test_the_same_form_sent_twice_is_one_job_and_nothing_to_say_is_refused(session: Session, admin: User, mistake: BulkJob) -> None:
    assert draft(session, admin, mistake=mistake) is draft(session, admin, mistake=mistake)
    rows = judge(session, revocation=mistake, actor_id=admin.id, now=clock.now())
    with pytest.raises(InvalidInputError, match="Say why"):
        draft_reinstatement(session, rows, key="k", title="t", reason=" – ", actor_id=admin.id, now=clock.now())


def test_only_a_job_that_has_revoked_and_is_over_is_taken_back(session: Session, admin: User, revoked: list[Credential]) -> None:
    job = make_revocation_job(session, *revoked)
    with pytest.raises(NotFoundError):
        get_revocation(session, job.id)
    start(session, job)
    advance(session, job.id, desk(), now=clock.now(), size=1)
    with pytest.raises(ConflictError, match="Stop it first"):
        get_revocation(session, job.id)
    stop(session, job.id, actor_id=admin.id, now=clock.now())

    again = draft(session, admin, mistake=job)

    assert len(rows_of(session, again)) == 1
    with pytest.raises(NotFoundError):
        get_revocation(session, again.id)


def test_eight_workers_reinstate_each_once(database: Database) -> None:
    with database.session(writes=True) as session:
        credentials = [make_credential(session, at=LONG_AGO) for _ in range(6)]
        mistake = make_revocation_job(session, *credentials)
        finish(session, start(session, mistake))
        job_id = start(session, draft(session, make_user(session, roles=["admin"]), mistake=mistake))
        session.commit()

    at_once(database, lambda session: finish(session, job_id))

    with database.session(writes=True) as session:
        finish(session, job_id)
        assert count_rows(session, job_id)[RowState.DONE] == 6
        assert session.scalar(select(func.count()).select_from(CredentialVersion)) == 12


def test_killed_in_the_middle_it_goes_on_and_does_nothing_twice(database: Database) -> None:
    with database.session(writes=True) as session:
        credentials = [make_credential(session, at=LONG_AGO) for _ in range(5)]
        mistake = make_revocation_job(session, *credentials)
        finish(session, start(session, mistake))
        job_id = start(session, draft(session, make_user(session, roles=["admin"]), mistake=mistake))
        session.commit()
    for ends_well in (True, False):
        with database.session(writes=True) as session:
            advance(session, job_id, desk(), now=clock.now(), size=2)
            session.commit() if ends_well else session.rollback()

    with database.session(writes=True) as session:
        finish(session, job_id)
        session.commit()

    assert run_audit(database) == (5, [])
    with database.session(writes=False) as session:
        assert session.scalar(select(func.count()).select_from(CredentialEvent).filter_by(kind=HistoryKind.REINSTATED)) == 5


def test_too_many_are_done_in_parts(session: Session, admin: User, mistake: BulkJob) -> None:
    numbers = tuple(f"LRL-0000-0000-{n:04}" for n in range(1000))
    with pytest.raises(InvalidInputError, match="in parts"):
        judge(session, numbers=numbers, revocation=mistake, actor_id=admin.id, now=clock.now())


def test_an_issuer_without_a_key_lets_it_wait(session: Session, admin: User, revoked: list[Credential], mistake: BulkJob) -> None:
    job = draft(session, admin, mistake=mistake)
    start(session, job)
    lost = PlainVault(lost=True)
    while advance(session, job.id, Desk(ISSUER, lost), now=clock.now()):
        pass
    assert {state for state, _message in told(session, job)} == {"waiting"}

    finish(session, job.id)

    assert {state for state, _message in told(session, job)} == {"done"}
    assert {found.state for found in revoked} == {CredentialState.ISSUED}
