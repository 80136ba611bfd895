"""One issuer without a key holds up no other: its rows wait, are told of, and go on by themselves."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.app import Ports
from laurel.catalog.models import Course
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import Achievement, BulkJob, Credential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.bulk import count_rows
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.bulk import BulkState, RowState
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.services import keys
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.bulk import pause, resume, stop
from laurel.credentials.services.former_names import rename_bulk_rows
from laurel.credentials.services.issuers import ensure_key, in_name_of
from laurel.credentials.services.stuck import find_stuck
from laurel.settings import Settings
from laurel.worker import Chores
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import draft, finish, make_line, rows_of, start
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course
from tests.factories.organizations import make_acme
from tests.fakes import PlainVault

VAULT = PlainVault()
LONG_AGO = timedelta(hours=25)
QUARTER = timedelta(minutes=16)


@pytest.fixture
def acme(session: Session) -> Issuer:
    """An organization whose only key was given up."""
    return in_name_of(ISSUER, make_acme(session))


@pytest.fixture
def theirs(session: Session, acme: Issuer) -> str:
    """A course whose certificates they sign, by its short name."""
    course = make_course(session)
    make_achievement(session, course=course)
    achievement_id = session.scalars(select(Achievement.id).filter_by(course_id=course.id)).one()
    organization_id = session.scalars(select(Organization.id)).one()
    award_in_name_of(session, achievement_id, organization_id, actor_id=make_user(session).id, now=clock.now())
    key = ensure_key(session, acme, VAULT, now=clock.now() - LONG_AGO)
    keys.retire(session, acme, key.fragment, reason="lost", actor_id=None, now=clock.now(), is_lost=True)
    return course.slug


@pytest.fixture
def ours(session: Session) -> str:
    return make_achievement(session).slug


@pytest.fixture
def people(session: Session) -> list[User]:
    return [make_user(session) for _ in range(5)]


@pytest.fixture
def job(session: Session, ours: str, theirs: str, people: list[User]) -> BulkJob:
    """A file of five rows, running: the second and the third are the organization's."""
    made = draft(session, *(make_line(person, theirs if n in {1, 2} else ours) for n, person in enumerate(people)))
    start(session, made)
    return made


def give_key(session: Session, issuer: Issuer) -> None:
    made = keys.stage(session, issuer, VAULT, purpose=KeyPurpose.DATA_INTEGRITY, reason="new", actor_id=None, now=clock.now() - LONG_AGO)
    keys.activate(session, issuer, VAULT, made.fragment, reason="new", actor_id=None, now=clock.now())


def states(session: Session, job: BulkJob) -> str:
    session.flush()
    session.expire_all()
    return " ".join(row.state.value for row in rows_of(session, job))


def test_rows_of_an_issuer_without_a_key_wait_while_all_others_go_on(
    session: Session, job: BulkJob, acme: Issuer, people: list[User]
) -> None:
    finish(session, job.id)

    assert states(session, job) == "done waiting waiting done done"
    assert (job.state, job.finished_at) == (BulkState.RUNNING, None)
    assert job.error.startswith("2 rows wait for a signing key of Acme Academy")
    assert "has no signing key that can be used" in rows_of(session, job)[1].message
    assert find_active_key(session, acme.did) is None
    rename_bulk_rows(session, people[1], formerly={people[1].name}, name="A New Name")
    assert [row.name for row in rows_of(session, job)][:2] == [people[0].name, "A New Name"]
    [told] = find_stuck(session, now=clock.now() + QUARTER)
    assert "2 rows wait for a signing key of Acme Academy" in told


def test_they_go_on_by_themselves_once_there_is_a_key(
    app: Flask, settings: Settings, database: Database, ports: Ports, session: Session, job: BulkJob, acme: Issuer
) -> None:
    session.commit()
    chores = Chores(settings, database, ports)
    chores.run_bulk()
    moved_at = session.scalars(select(BulkJob.moved_at).filter_by(id=job.id)).one()
    session.rollback()
    chores.run_bulk()
    assert states(session, job) == "done waiting waiting done done"
    assert job.moved_at == moved_at
    give_key(session, acme)
    session.commit()

    chores.run_bulk()

    assert states(session, job) == "done done done done done"
    assert (job.state, job.error) == (BulkState.DONE, "")
    assert {row.message for row in rows_of(session, job)} == {""}
    assert len(session.scalars(select(Credential)).all()) == 5


def test_only_the_rows_of_who_has_a_key_again_are_tried_again(session: Session, job: BulkJob, ours: str, acme: Issuer) -> None:
    other = ensure_key(session, ISSUER, VAULT, now=clock.now() - LONG_AGO)
    keys.retire(session, ISSUER, other.fragment, reason="lost", actor_id=None, now=clock.now(), is_lost=True)
    finish(session, job.id)
    assert states(session, job) == "waiting waiting waiting waiting waiting"
    assert job.error.startswith("5 rows wait for a signing key of Acme Academy and Laurel")
    give_key(session, acme)

    finish(session, job.id)

    assert states(session, job) == "waiting done done waiting waiting"
    assert job.error.startswith("3 rows wait for a signing key of Laurel Academy.")


def test_a_correction_waits_for_who_signed_first_and_not_for_who_issues_now(
    session: Session, theirs: str, acme: Issuer, people: list[User]
) -> None:
    give_key(session, acme)
    first = draft(session, make_line(people[0], theirs))
    finish(session, start(session, first))
    achievement_id = session.scalars(
        select(Achievement.id).join(Course, Course.id == Achievement.course_id).where(Course.slug == theirs)
    ).one()
    award_in_name_of(session, achievement_id, None, actor_id=people[1].id, now=clock.now())
    key = find_active_key(session, acme.did)
    assert key is not None
    keys.retire(session, acme, key.fragment, reason="lost", actor_id=None, now=clock.now(), is_lost=True)
    lines = [make_line(people[0], theirs, name="Ada King"), make_line(people[1], theirs)]
    second = draft(session, *lines, key="second", duplicates=Duplicates.REPLACE)

    finish(session, start(session, second))

    assert states(session, second) == "waiting done"
    assert second.error.startswith("1 row waits for a signing key of Acme Academy")
    give_key(session, acme)
    finish(session, second.id)
    assert states(session, second) == "done done"


def test_what_waits_is_paused_stopped_like_what_is_ready(session: Session, job: BulkJob, acme: Issuer) -> None:
    finish(session, job.id)
    pause(session, job.id, actor_id=job.actor_id, now=clock.now())
    give_key(session, acme)
    finish(session, job.id)
    assert count_rows(session, job.id)[RowState.WAITING] == 2
    resume(session, job.id, actor_id=job.actor_id, now=clock.now())
    stop(session, job.id, actor_id=job.actor_id, now=clock.now())
    finish(session, job.id)
    assert count_rows(session, job.id)[RowState.WAITING] == 2


def test_the_page_says_what_waits_and_for_whom(session: Session, sign_in: SignIn, job: BulkJob, acme: Issuer) -> None:
    finish(session, job.id)
    session.commit()
    staff: FlaskClient = sign_in(make_user(session, roles=["admin"]))

    page = staff.get(f"/backoffice/credentials/bulk/{job.id}").text

    assert "2 certificates wait for a signing key" in page
    assert "2 rows wait for a signing key of Acme Academy" in page
    assert "The last batch could not be done" not in page
    assert "Nothing has moved" not in page
    narrowed = staff.get(f"/backoffice/credentials/bulk/{job.id}?state=waiting").text
    assert narrowed.count("has no signing key that can be used") == 2
    assert "waiting" in staff.get(f"/backoffice/credentials/bulk/{job.id}/report.csv").text
