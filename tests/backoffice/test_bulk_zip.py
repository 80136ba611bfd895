"""The turn of a file of many certificates: one at a time, and it ends whatever becomes of the answer."""

from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core.errors import UnavailableError
from laurel.core.events import EventRecord
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import draft, finish, make_line, start
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement

Take = Callable[..., TestResponse]


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
    assert "Another file of certificates is being packed at the moment." in refused.text
    assert "1 certificate issued." in refused.text  # the page of the job
    assert take(buffered=True).status_code == 200
    assert take(buffered=True).status_code == 200


def test_an_answer_that_came_to_nothing_after_its_view_keeps_nobody_waiting(
    take: Take, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_files(response: Response) -> Response:
        if response.mimetype == "application/zip":
            raise UnavailableError  # as when the session cannot be kept
        return response

    with monkeypatch.context() as patch:
        patch.setitem(app.after_request_funcs, None, [*app.after_request_funcs.get(None, []), lose_files])
        lost = take()

    assert lost.status_code == 500
    assert take(buffered=True).status_code == 200
