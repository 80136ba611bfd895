"""Pausing and stopping a job, also from a page that is out of date."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.credentials.models import BulkJob
from laurel.credentials.rules.bulk import BulkState
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import finish, start
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
    send(job, "stop")

    late = send(job, "confirm", count="3")

    assert late.status_code == 409
    assert "This job had been stopped already. Nothing was changed." in late.text
    assert state_of(session, job) is BulkState.STOPPED
