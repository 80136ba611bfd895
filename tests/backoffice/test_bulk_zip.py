"""The turn of a file of many certificates, of staff or of a holder: one at a time, and it ends whatever becomes of the answer."""

from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.accounts.models import User
from laurel.core.errors import UnavailableError
from laurel.core.events import EventRecord
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import draft, finish, make_line, start
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_credential, make_pending

Take = Callable[..., TestResponse]
ALL = "/account/credentials/everything.zip"
LIST = "/account/credentials"
BUSY = "Another file is being packed. Try again in a minute."


@pytest.fixture
def take(session: Session, sign_in: SignIn, csrf: Callable[..., str]) -> Take:
    """Ask for the file of an import of one certificate."""
    browser: FlaskClient = sign_in(make_user(session, roles=["admin"]))
    job = draft(session, make_line(make_user(session), make_achievement(session).slug))
    finish(session, start(session, job))
    session.commit()

    def post(**options: bool) -> TestResponse:
        return browser.post(f"/backoffice/credentials/bulk/{job.id}/certificates.zip", data={"csrf_token": csrf()}, **options)

    return post


def test_while_a_file_is_packed_another_is_refused_and_the_turn_ends_with_it(take: Take, session: Session) -> None:
    first = take(buffered=False)
    refused = take(follow_redirects=True)
    taken = session.scalar(select(func.count()).select_from(EventRecord).filter_by(name="BulkFilesTaken"))
    first.close()

    assert (first.status_code, taken) == (200, 1)
    assert BUSY in refused.text
    assert "1 certificate issued." in refused.text  # the page of the job
    assert take(buffered=True).status_code == 200
    assert take(buffered=True).status_code == 200


@pytest.fixture
def holder(app: Flask, session: Session, sign_in: SignIn) -> FlaskClient:
    """Somebody with a certificate, in a browser of their own."""
    ada = make_user(session)
    make_credential(session, learner=ada)
    session.commit()
    return sign_in(ada, client=app.test_client())


def test_a_holders_file_and_one_of_staff_wait_for_the_same_turn(take: Take, holder: FlaskClient) -> None:
    of_holder = holder.get(ALL, buffered=False)
    refused = take(follow_redirects=True)
    of_holder.close()
    of_staff = take(buffered=False)
    sent_back = holder.get(ALL)
    of_staff.close()

    assert (of_holder.status_code, of_staff.status_code) == (200, 200)
    assert BUSY in refused.text
    assert (sent_back.status_code, sent_back.headers["Location"]) == (303, LIST)
    assert BUSY in holder.get(LIST).text
    assert holder.get(ALL, buffered=True).status_code == 200


def test_a_program_is_told_when_to_ask_again(holder: FlaskClient) -> None:
    first = holder.get(ALL, buffered=False)
    refused = holder.get(ALL, headers={"Accept": "application/json"})
    first.close()

    assert (refused.status_code, refused.headers["Retry-After"], refused.json and refused.json["detail"]) == (503, "60", BUSY)


def test_who_takes_nothing_keeps_nobody_waiting(holder: FlaskClient, session: Session, sign_in: SignIn) -> None:
    waiting = make_pending(session)
    session.commit()

    assert holder.head(ALL, buffered=True).status_code == 200
    assert sign_in(session.get_one(User, waiting.holder_id)).get(ALL).status_code == 404
    assert holder.get(ALL, buffered=True).status_code == 200


@pytest.mark.parametrize("whose", ["of staff", "of a holder"])
def test_an_answer_that_came_to_nothing_after_its_view_keeps_nobody_waiting(
    take: Take, holder: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    def ask(**options: bool) -> TestResponse:
        return take(**options) if whose == "of staff" else holder.get(ALL, **options)

    def lose_files(response: Response) -> Response:
        if response.mimetype == "application/zip":
            raise UnavailableError  # as when the session cannot be kept
        return response

    with monkeypatch.context() as patch:
        patch.setitem(app.after_request_funcs, None, [*app.after_request_funcs.get(None, []), lose_files])
        lost = ask()

    assert lost.status_code == 500
    assert ask(buffered=True).status_code == 200
