"""Many certificates at once: the dry run, the confirmation, and batches that may be killed between any two."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.events import EventRecord
from laurel.credentials import queries
from laurel.credentials.models import BulkJob, BulkRow, Credential, CredentialEvent, CredentialVersion
from laurel.credentials.queries.bulk import count_rows
from laurel.credentials.rules.bulk import BulkState, RowState
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState
from laurel.credentials.services.bulk import confirm, pause, resume, stop
from laurel.credentials.services.bulk_batches import advance
from laurel.credentials.services.importing import WHY
from laurel.settings import Settings
from laurel.worker import Chores
from tests.credentials.bulk_jobs import YESTERDAY, desk, draft, finish, make_line, rows_of, start
from tests.credentials.test_concurrency import at_once
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_course, make_credential
from tests.fakes import PlainVault


def test_a_dry_run_says_something_of_every_row_and_issues_nothing(session: Session) -> None:
    actor = make_user(session, roles=["admin"])
    course = make_course(session)
    make_achievement(session, course=course)
    ready, holder = make_user(session, name="Ada"), make_user(session, name="Charles")
    held = make_credential(session, learner=holder, course=course)
    long_ago, tomorrow = datetime(2020, 1, 1, tzinfo=UTC), clock.now() + timedelta(days=1)

    job = draft(
        session,
        make_line(ready, course.slug),
        make_line(holder, course.slug),
        make_line(make_user(session), "no-such-course"),
        f"nobody@example.com,Nobody,{course.slug},2026-11-01",
        f"not-an-address,X,{course.slug},2026-11-01",
        make_line(actor, course.slug),
        make_line(make_user(session), course.slug, at=long_ago),
        make_line(make_user(session), course.slug, at=tomorrow),
        actor=actor,
    )

    verdicts = [(row.state, row.message) for row in rows_of(session, job)]
    assert [state for state, _message in verdicts] == [RowState.READY, RowState.SKIPPED, *[RowState.WRONG] * 6]
    for (_state, message), words in zip(
        verdicts[1:],
        (held.number, "short name", "account", "e-mail address", "your own", "would have expired on 1 January 2021", "future"),
        strict=True,
    ):
        assert words in message
    assert job.state is BulkState.DRAFT
    assert session.scalar(select(func.count()).select_from(Credential)) == 1


def test_an_imported_credential_has_no_attempt_names_who_answers_for_it_and_is_signed(session: Session) -> None:
    achievement = make_achievement(session)
    person = make_user(session, name="Ada Lovelace")
    job = draft(session, make_line(person, achievement.slug, name="Ada King"))

    finish(session, start(session, job))

    credential = session.scalars(select(Credential)).one()
    version = session.scalars(select(CredentialVersion)).one()
    document = json.loads(version.signed_json)
    assert (credential.source, credential.attempt_id, credential.enrollment_id) == (CredentialSource.IMPORT, None, None)
    assert "examination" not in credential.source.line
    assert (credential.holder_name, credential.state) == ("Ada King", CredentialState.ISSUED)
    assert (person.name, person.name_on_certificates) == ("Ada Lovelace", "Ada King")
    assert document["awardedDate"] == document["validFrom"] == f"{YESTERDAY:%Y-%m-%d}T00:00:00Z"
    assert "activityStartDate" not in document["credentialSubject"]
    assert "evidence" not in document
    told = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.ISSUED)).one()
    assert (told.actor_id, told.reason) == (job.actor_id, WHY)
    confirmed = session.scalars(select(EventRecord).filter_by(name="BulkJobConfirmed")).one()
    assert (confirmed.actor_id, confirmed.facts["rows"]) == (job.actor_id, 1)
    assert job.state is BulkState.DONE
    assert [row.credential_id for row in rows_of(session, job)] == [credential.id]


def test_the_database_itself_refuses_a_credential_of_an_exam_without_an_attempt(session: Session) -> None:
    credential = make_credential(session)

    credential.attempt_id = None
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_job_begins_only_for_somebody_who_knows_how_many(session: Session) -> None:
    achievement = make_achievement(session)
    job = draft(session, *(make_line(make_user(session), achievement.slug) for _ in range(3)))

    with pytest.raises(InvalidInputError) as refused:
        confirm(session, job.id, count=4, actor_id=job.actor_id, now=clock.now())
    assert not advance(session, job.id, desk(), now=clock.now())

    assert refused.value.field == "count"
    assert session.scalars(select(Credential)).all() == []


def test_one_duplicate_stops_a_file_that_shall_have_none(session: Session) -> None:
    course = make_course(session)
    make_achievement(session, course=course)
    holder = make_user(session)
    make_credential(session, learner=holder, course=course)
    job = draft(session, make_line(holder, course.slug), make_line(make_user(session), course.slug), duplicates=Duplicates.REFUSE)

    with pytest.raises(ConflictError, match="hold the certificate already"):
        confirm(session, job.id, count=1, actor_id=job.actor_id, now=clock.now())


def test_the_same_form_sent_twice_is_one_job(session: Session) -> None:
    achievement = make_achievement(session)
    line = make_line(make_user(session), achievement.slug)

    assert draft(session, line).id == draft(session, line).id
    assert session.scalar(select(func.count()).select_from(BulkRow)) == 1


def test_what_was_earned_between_dry_run_and_batch_is_left_out(session: Session) -> None:
    course = make_course(session)
    make_achievement(session, course=course)
    person = make_user(session)
    job = draft(session, make_line(person, course.slug))
    earned = make_credential(session, learner=person, course=course)

    finish(session, start(session, job))

    [row] = rows_of(session, job)
    assert (row.state, row.credential_id) == (RowState.SKIPPED, None)
    assert earned.number in row.message


def test_two_files_with_the_same_people_issue_each_once(session: Session) -> None:
    achievement = make_achievement(session)
    lines = [make_line(make_user(session), achievement.slug) for _ in range(3)]
    first, second = draft(session, *lines, key="one"), draft(session, *lines, key="two")

    finish(session, start(session, first))
    finish(session, start(session, second))

    assert session.scalar(select(func.count()).select_from(Credential)) == 3
    assert count_rows(session, second.id)[RowState.SKIPPED] == 3


def test_a_paused_job_waits_until_somebody_lets_it_go_on(session: Session) -> None:
    achievement = make_achievement(session)
    job = draft(session, *(make_line(make_user(session), achievement.slug) for _ in range(3)))
    start(session, job)
    advance(session, job.id, desk(), now=clock.now(), size=1)

    for _ in range(2):  # twice changes nothing
        pause(session, job.id, actor_id=job.actor_id, now=clock.now())
    assert not advance(session, job.id, desk(), now=clock.now())
    assert count_rows(session, job.id)[RowState.DONE] == 1
    for _ in range(2):
        resume(session, job.id, actor_id=job.actor_id, now=clock.now())
    finish(session, job.id)

    assert count_rows(session, job.id)[RowState.DONE] == 3
    assert session.scalars(select(EventRecord.name).where(EventRecord.name.in_(["BulkJobPaused", "BulkJobResumed"]))).all() == [
        "BulkJobPaused",
        "BulkJobResumed",
    ]
    with pytest.raises(ConflictError):
        resume(session, job.id, actor_id=job.actor_id, now=clock.now())


def test_what_nobody_confirmed_does_not_go_on(session: Session) -> None:
    achievement = make_achievement(session)
    job = draft(session, make_line(make_user(session), achievement.slug))

    with pytest.raises(ConflictError, match="confirmed"):
        resume(session, job.id, actor_id=job.actor_id, now=clock.now())
    with pytest.raises(ConflictError):
        pause(session, job.id, actor_id=job.actor_id, now=clock.now())


def test_a_row_that_fails_spoils_no_other(session: Session) -> None:
    achievement = make_achievement(session)
    people = [make_user(session) for _ in range(3)]
    job = draft(session, *(make_line(person, achievement.slug) for person in people))
    people[1].email = "moved@example.com"
    session.flush()

    finish(session, start(session, job))

    assert [row.state for row in rows_of(session, job)] == [RowState.DONE, RowState.FAILED, RowState.DONE]
    assert job.state is BulkState.DONE


def test_killed_in_the_middle_of_a_batch_it_goes_on_and_does_nothing_twice(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        achievement = make_achievement(session)
        job_id = start(session, draft(session, *(make_line(make_user(session), achievement.slug) for _ in range(7))))
        session.commit()

    with database.session(writes=True) as session:
        advance(session, job_id, desk(), now=clock.now(), size=3)
        session.commit()
    with database.session(writes=True) as session:
        advance(session, job_id, desk(), now=clock.now(), size=3)
        session.rollback()  # the process died before it could commit
    with database.session(writes=True) as session:
        finish(session, job_id)
        session.commit()

    with database.session(writes=False) as session:
        assert count_rows(session, job_id)[RowState.DONE] == 7
        assert session.scalar(select(func.count()).select_from(CredentialVersion)) == 7
        assert len(set(session.scalars(select(Credential.holder_id)))) == 7
        chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
        assert find_break((event.link, event.hash) for event in chain) is None


def test_eight_workers_at_one_job_issue_every_row_once(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        achievement = make_achievement(session)
        job_id = start(session, draft(session, *(make_line(make_user(session), achievement.slug) for _ in range(6))))
        session.commit()

    at_once(database, lambda session: finish(session, job_id))

    with database.session(writes=True) as session:
        finish(session, job_id)
        assert count_rows(session, job_id)[RowState.DONE] == 6
        assert session.scalar(select(func.count()).select_from(Credential)) == 6


def test_a_stopped_job_does_no_more_and_keeps_what_was_done(session: Session) -> None:
    achievement = make_achievement(session)
    job = draft(session, *(make_line(make_user(session), achievement.slug) for _ in range(4)))
    start(session, job)
    advance(session, job.id, desk(), now=clock.now(), size=1)

    stop(session, job.id, actor_id=job.actor_id, now=clock.now())

    assert not advance(session, job.id, desk(), now=clock.now())
    assert session.scalar(select(func.count()).select_from(Credential)) == 1
    with pytest.raises(ConflictError):
        confirm(session, job.id, count=3, actor_id=job.actor_id, now=clock.now())


def test_the_worker_keeps_with_the_job_what_hinders_it_and_goes_on_when_it_can(
    app: Flask, database: Database, settings: Settings, ports: Ports
) -> None:
    with database.session(writes=True) as session:
        achievement = make_achievement(session)
        job_id = start(session, draft(session, *(make_line(make_user(session), achievement.slug) for _ in range(2))))
        make_credential(session)  # so that there is a key to be lost
        session.commit()
    vault, chores = ports.keys, Chores(settings, database, ports)
    assert isinstance(vault, PlainVault)

    vault.lost = True
    try:
        chores.run_bulk()
    finally:
        vault.lost = False
    with database.session(writes=False) as session:
        hindered = session.get_one(BulkJob, job_id)
        assert (hindered.state, "2 rows wait for a signing key" in hindered.error) == (BulkState.RUNNING, True)
        assert count_rows(session, job_id)[RowState.WAITING] == 2

    chores.run_bulk()

    with database.session(writes=False) as session:
        done = session.get_one(BulkJob, job_id)
        assert (done.state, done.error) == (BulkState.DONE, "")


def test_no_payment_and_no_dispute_touches_what_was_imported(session: Session) -> None:
    course = make_course(session)
    make_achievement(session, course=course)
    person = make_user(session)
    finish(session, start(session, draft(session, make_line(person, course.slug))))

    assert queries.list_of_course(session, person.id, course.id, CredentialState.ISSUED) == []
    assert not queries.is_held(session, session.scalars(select(Credential)).one())
