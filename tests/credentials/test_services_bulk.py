"""Many certificates at once: the dry run, the confirmation, and batches that may be killed between any two."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.events import EventRecord
from laurel.credentials import queries
from laurel.credentials.models import BulkJob, BulkRow, Credential, CredentialEvent, CredentialVersion, NameChange
from laurel.credentials.queries.bulk import RevocationFilter, count_corrections, count_rows
from laurel.credentials.rules.bulk import BulkState, RowState
from laurel.credentials.rules.bulk_table import COLUMNS, read_table
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.name_changes import NameChangeState
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState, RevocationReason
from laurel.credentials.services.bulk import confirm, draft_import, draft_revocation, pause, resume, stop
from laurel.credentials.services.bulk_batches import Desk, advance
from laurel.credentials.services.importing import WHY
from laurel.credentials.services.issuing import revoke
from laurel.settings import Settings
from laurel.worker import Chores
from tests.credentials.test_concurrency import at_once
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_credential, make_pending, make_revocation_job
from tests.fakes import PlainVault

YESTERDAY = clock.now() - timedelta(days=1)


def desk() -> Desk:
    return Desk(ISSUER, PlainVault())


def draft(
    session: Session,
    *lines: str,
    actor: User | None = None,
    key: str = "key",
    duplicates: Duplicates = Duplicates.SKIP,
) -> BulkJob:
    data = "\n".join([",".join(COLUMNS), *lines]).encode()
    return draft_import(
        session,
        read_table(data, {column: column for column in COLUMNS}, duplicates),
        key=key,
        title="people.csv",
        duplicates=duplicates,
        tells_holder=True,
        actor_id=(actor or make_user(session, roles=["admin"])).id,
        now=clock.now(),
    )


def make_line(person: User, course: str, *, at: datetime = YESTERDAY, name: str = "") -> str:
    return f"{person.email},{name or person.name},{course},{at:%Y-%m-%d}"


def start(session: Session, job: BulkJob) -> UUID:
    confirm(session, job.id, count=count_rows(session, job.id)[RowState.READY], actor_id=job.actor_id, now=clock.now())
    return job.id


def finish(session: Session, job_id: UUID) -> None:
    while advance(session, job_id, desk(), now=clock.now(), size=2):
        pass


def rows_of(session: Session, job: BulkJob) -> list[BulkRow]:
    return list(session.scalars(select(BulkRow).filter_by(job_id=job.id).order_by(BulkRow.n)))


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
        (held.number, "short name", "account", "e-mail address", "your own", "would have expired on 2021-01-01", "future"),
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


def test_replacing_corrects_what_is_held_and_the_same_file_again_changes_nothing(session: Session) -> None:
    achievement = make_achievement(session)
    people = [make_user(session, name="Ada") for _ in range(2)]
    first = draft(session, *(make_line(person, achievement.slug) for person in people), key="one")
    finish(session, start(session, first))
    renamed = [make_line(people[0], achievement.slug, name="Ada King"), make_line(people[1], achievement.slug)]
    newcomer = make_line(make_user(session), achievement.slug)
    before = session.scalars(select(Credential).filter_by(holder_id=people[0].id)).one().number

    second = draft(session, *renamed, newcomer, key="two", duplicates=Duplicates.REPLACE)
    assert (count_rows(session, second.id)[RowState.READY], count_corrections(session, second.id)) == (2, 1)
    finish(session, start(session, second))
    again = draft(session, *renamed, newcomer, key="three", duplicates=Duplicates.REPLACE)

    corrected = session.scalars(select(Credential).filter_by(holder_id=people[0].id)).one()
    assert (corrected.number, corrected.holder_name, corrected.current_n) == (before, "Ada King", 2)
    assert session.scalar(select(func.count()).select_from(Credential)) == 3
    act = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.CORRECTED)).one()
    assert (act.credential_id, act.actor_id) == (corrected.id, second.actor_id)
    assert [row.state for row in rows_of(session, second)] == [RowState.DONE, RowState.SKIPPED, RowState.DONE]
    assert [row.state for row in rows_of(session, again)] == [RowState.SKIPPED] * 3


def test_allowing_issues_another_one_and_the_same_file_again_none(session: Session) -> None:
    achievement = make_achievement(session)
    person = make_user(session)
    lines = [make_line(person, achievement.slug, at=YESTERDAY - timedelta(days=days)) for days in (0, 9)]
    finish(session, start(session, draft(session, lines[0], key="one")))

    second = draft(session, *lines, key="two", duplicates=Duplicates.ALLOW)
    also = draft(session, *lines, key="three", duplicates=Duplicates.ALLOW)
    finish(session, start(session, second))
    finish(session, start(session, also))

    assert [row.state for row in rows_of(session, second)] == [RowState.SKIPPED, RowState.DONE]
    assert [row.state for row in rows_of(session, also)] == [RowState.SKIPPED, RowState.SKIPPED]
    assert len(set(session.scalars(select(Credential.number)))) == 2


def test_a_list_does_not_bring_back_a_former_name(session: Session) -> None:
    achievement = make_achievement(session)
    person = make_user(session, name="Ada Now")
    finish(session, start(session, draft(session, make_line(person, achievement.slug), key="one")))
    change = NameChange(
        person_id=person.id, new_name="Ada Now", words="", state=NameChangeState.APPLIED, is_automatic=False, asked_at=clock.now()
    )
    session.add(change)
    session.flush()

    job = draft(session, make_line(person, achievement.slug, name="Ada Former"), key="two", duplicates=Duplicates.REPLACE)

    [row] = rows_of(session, job)
    assert row.state is RowState.WRONG
    assert "Changed their name here" in row.message


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
        assert (hindered.state, "There is no key" in hindered.error) == (BulkState.RUNNING, True)
        assert count_rows(session, job_id)[RowState.READY] == 2

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


# ---- revoking many


def test_a_filter_finds_what_it_names_and_revokes_nothing_yet(session: Session) -> None:
    course = make_course(session)
    inside = make_credential(session, course=course, at=clock.now() - timedelta(days=5))
    make_credential(session, course=course, at=clock.now() - timedelta(days=50))
    make_credential(session)
    pending = make_pending(session, course=course, at=clock.now() - timedelta(days=4))
    gone = make_credential(session, course=course, at=clock.now() - timedelta(days=3))
    revoke(session, gone.id, reason=RevocationReason.HOLDER_REQUEST, note="", actor_id=None, now=clock.now())
    achievement = queries.get_credential(session, inside.id).achievement

    job = draft_revocation(
        session,
        RevocationFilter(achievement_id=achievement.achievement_id, since=clock.now() - timedelta(days=10), until=clock.now()),
        key="key",
        title="Ten days",
        reason=RevocationReason.ISSUED_IN_ERROR,
        note="The room was let in too early.",
        tells_holder=False,
        actor_id=make_user(session, roles=["admin"]).id,
        now=clock.now(),
    )

    assert [(row.credential_id, row.state) for row in rows_of(session, job)] == [
        (inside.id, RowState.READY),
        (pending.id, RowState.WRONG),
        (gone.id, RowState.SKIPPED),
    ]
    assert inside.state is CredentialState.ISSUED


def test_confirmed_it_revokes_what_was_listed_and_nothing_else(session: Session) -> None:
    listed, other = [make_credential(session) for _ in range(3)], make_credential(session)
    job = make_revocation_job(session, *listed)

    finish(session, start(session, job))

    assert {credential.state for credential in listed} == {CredentialState.REVOKED}
    assert other.state is CredentialState.ISSUED
    assert {credential.revocation_note for credential in listed} == {"A batch went wrong."}
    acts = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.REVOKED)).all()
    assert {act.actor_id for act in acts} == {job.actor_id}


def test_nobody_revokes_their_own_by_the_dozen_and_unknown_numbers_are_named(session: Session) -> None:
    actor = make_user(session, roles=["admin"])
    mine, other = make_credential(session, learner=actor), make_credential(session)
    unknown = make_credential(session)
    number, unknown.number = unknown.number, "LRL-0000-0000-0000"
    session.flush()

    job = draft_revocation(
        session,
        RevocationFilter(numbers=(mine.number, other.number, number)),
        key="key",
        title="x",
        reason=RevocationReason.ISSUED_IN_ERROR,
        note="x",
        tells_holder=True,
        actor_id=actor.id,
        now=clock.now(),
    )

    found = {row.name if row.credential_id is None else row.credential_id: row.state for row in rows_of(session, job)}
    assert found == {mine.id: RowState.WRONG, other.id: RowState.READY, number: RowState.WRONG}


def test_a_filter_that_fits_nothing_is_refused(session: Session) -> None:
    with pytest.raises(InvalidInputError, match="No certificate fits"):
        make_revocation_job(
            session,
            Credential(
                number="LRL-1",
                holder_id=make_user(session).id,
                holder_name="x",
                achievement_version_id=make_achievement(session).id,
                awarded_at=clock.now(),
            ),
        )
