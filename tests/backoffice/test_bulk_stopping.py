"""Pausing and stopping a job, also from a page that is out of date."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core import clock
from laurel.credentials.models import BulkJob, BulkRow
from laurel.credentials.rules.bulk import BulkState, RowState
from laurel.credentials.services.bulk_batches import advance
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import desk, finish, start
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential, make_revocation_job

PLACE = "/backoffice/credentials/bulk"
Send = Callable[..., TestResponse]


@pytest.fixture
def admin(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, roles=["admin"]))


@pytest.fixture
def send(admin: FlaskClient, csrf: Callable[..., str]) -> Send:
    def post(job: BulkJob, act: str, **fields: str) -> TestResponse:
        return admin.post(f"{PLACE}/{job.id}/{act}", data={"csrf_token": csrf(), **fields})

    return post


@pytest.fixture
def job(session: Session) -> BulkJob:
    """The dry run of revoking three."""
    made = make_revocation_job(session, *(make_credential(session) for _ in range(3)))
    session.commit()
    return made


def state_of(session: Session, job: BulkJob) -> BulkState:
    session.rollback()
    session.refresh(job)
    return job.state


@pytest.mark.parametrize("act", ["pause", "resume", "stop"])
def test_what_has_just_ended_is_neither_paused_nor_stopped_and_its_page_says_so(
    send: Send, admin: FlaskClient, session: Session, job: BulkJob, act: str
) -> None:
    finish(session, start(session, job))
    session.commit()

    answer = send(job, act)
    page = admin.get(answer.headers["Location"]).text

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PLACE}/{job.id}")
    assert "This job had ended already. Nothing was changed." in page
    assert "3 certificates revoked." in page
    assert state_of(session, job) is BulkState.DONE


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_what_somebody_else_has_stopped_stays_stopped_and_its_page_says_so(
    send: Send, admin: FlaskClient, session: Session, job: BulkJob, act: str
) -> None:
    start(session, job)
    session.commit()
    send(job, "stop")

    answer = send(job, act)

    assert answer.status_code == 303
    assert "This job had been stopped already. Nothing was changed." in admin.get(answer.headers["Location"]).text
    assert state_of(session, job) is BulkState.STOPPED


def test_a_dry_run_that_was_thrown_away_cannot_be_confirmed_and_the_page_says_why(send: Send, session: Session, job: BulkJob) -> None:
    send(job, "discard")

    late = send(job, "confirm", count="3")

    assert late.status_code == 409
    assert "This job had been stopped already. Nothing was changed." in late.text
    assert state_of(session, job) is BulkState.STOPPED


def rows_listed(admin: FlaskClient, job: BulkJob) -> list[list[str]]:
    """(result, why) of each row of the report."""
    lines = csv.reader(io.StringIO(admin.get(f"{PLACE}/{job.id}/report.csv").text.lstrip("\ufeff")))
    return [line[1:3] for line in lines][1:]


def test_what_a_stopped_job_has_not_done_is_called_so_in_counts_list_and_report(
    send: Send, admin: FlaskClient, session: Session, job: BulkJob
) -> None:
    start(session, job)
    advance(session, job.id, desk(), now=clock.now(), size=1)
    session.scalars(select(BulkRow).filter_by(job_id=job.id, n=3)).one().state = RowState.WAITING
    session.commit()
    assert "Not done" not in admin.get(f"{PLACE}/{job.id}").text

    send(job, "stop")

    page = admin.get(f"{PLACE}/{job.id}").text
    listed = admin.get(f"{PLACE}/{job.id}?state=not+done").text
    assert "2 are not done: the job was stopped." in page
    assert re.search(r"<dt>Not done</dt>\s*<dd>2</dd>", page)
    assert "Ready" not in page
    assert "Waits for a key" not in page
    assert re.search(r'button-primary" href="[^"]*not\+done" aria-current="page"', listed)
    assert ("2 rows" in listed, "The job was stopped." in listed, "Revoked</" in listed.split("2 rows")[1]) == (True, True, False)
    assert rows_listed(admin, job) == [["done", ""], *[["not done", "The job was stopped."]] * 2]


def test_the_rows_of_a_dry_run_that_was_thrown_away_are_not_done(send: Send, admin: FlaskClient, session: Session, job: BulkJob) -> None:
    send(job, "discard")

    page = admin.get(f"{PLACE}/{job.id}").text

    assert "It was a dry run: nothing was revoked." in page
    assert rows_listed(admin, job) == [["not done", "The dry run was thrown away."]] * 3


@pytest.mark.parametrize("wanted", ["not+done", "nonsense", "ready%00"])
def test_a_filter_that_means_nothing_shows_all_rows(admin: FlaskClient, job: BulkJob, wanted: str) -> None:
    assert "3 rows" in admin.get(f"{PLACE}/{job.id}?state={wanted}").text


def test_before_a_job_is_stopped_a_page_says_how_much_is_done_and_how_much_will_not_be(
    send: Send, admin: FlaskClient, session: Session, job: BulkJob
) -> None:
    start(session, job)
    advance(session, job.id, desk(), now=clock.now(), size=1)
    session.commit()
    assert f'href="{PLACE}/{job.id}/stop"' in admin.get(f"{PLACE}/{job.id}").text

    asked = admin.get(f"{PLACE}/{job.id}/stop")

    assert asked.status_code == 200
    assert "1 certificate is revoked by now." in asked.text
    assert "2 will not be." in asked.text
    assert state_of(session, job) is BulkState.RUNNING  # looking has stopped nothing
    assert f'action="{PLACE}/{job.id}/stop"' in asked.text
    assert send(job, "stop").status_code == 303
    assert state_of(session, job) is BulkState.STOPPED


def test_nobody_is_asked_whether_to_stop_what_has_ended(admin: FlaskClient, session: Session, job: BulkJob) -> None:
    unconfirmed = admin.get(f"{PLACE}/{job.id}/stop")
    assert "Nobody has confirmed this dry run" in admin.get(unconfirmed.headers["Location"]).text
    finish(session, start(session, job))
    session.commit()

    answer = admin.get(f"{PLACE}/{job.id}/stop")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PLACE}/{job.id}")
    assert "This job had ended already." in admin.get(answer.headers["Location"]).text


def test_a_dry_run_is_not_stopped_by_whoever_presses_without_having_been_asked(
    send: Send, admin: FlaskClient, session: Session, job: BulkJob
) -> None:
    answer = send(job, "stop")
    page = admin.get(answer.headers["Location"]).text

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PLACE}/{job.id}")
    assert ("Nobody has confirmed this dry run. Nothing was changed." in page, "The job is stopped." in page) == (True, False)
    assert state_of(session, job) is BulkState.DRAFT


def test_who_presses_stop_twice_reads_twice_that_it_is_stopped(send: Send, admin: FlaskClient, session: Session, job: BulkJob) -> None:
    start(session, job)
    session.commit()

    for _ in range(2):
        assert "The job is stopped. Nothing more is done of it." in admin.get(send(job, "stop").headers["Location"]).text
    assert state_of(session, job) is BulkState.STOPPED


def test_a_dry_run_that_a_colleague_has_confirmed_since_is_not_thrown_away(
    send: Send, admin: FlaskClient, session: Session, job: BulkJob
) -> None:
    assert f'action="{PLACE}/{job.id}/discard"' in admin.get(f"{PLACE}/{job.id}").text
    start(session, job)
    session.commit()

    answer = send(job, "discard")

    assert answer.status_code == 303
    assert "Somebody has confirmed this dry run in the meantime." in admin.get(answer.headers["Location"]).text
    assert state_of(session, job) is BulkState.RUNNING
