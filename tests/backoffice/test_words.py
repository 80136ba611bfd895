"""The back office speaks words, not names of the code."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import make_attempt, make_quiz


@pytest.fixture
def staff(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, roles=["admin"], name="Sam Sato"))


def test_roles_are_words(staff: FlaskClient, session: Session) -> None:
    person = make_user(session, roles=["author", "marketer"])
    session.commit()

    page = staff.get("/backoffice/learners").text

    assert ">Administrator<" in page
    assert ">Author, Marketer<" in page
    assert "Author, Marketer" in staff.get(f"/backoffice/learners/{person.id}").text


def test_how_an_attempt_stands_is_said_in_words(staff: FlaskClient, session: Session) -> None:
    attempt = make_attempt(session, make_quiz(session))
    session.commit()

    assert ">Running<" in staff.get(f"/backoffice/learners/{attempt.learner_id}").text


@pytest.mark.parametrize(
    ("status", "words"),
    [("failed", ("No job failed.", "No mail failed.")), ("due", ("No job waits.", "No mail waits.")), ("done", ("No mail was sent yet.",))],
)
def test_an_empty_list_of_jobs_or_mails_says_what_it_is_a_list_of(staff: FlaskClient, status: str, words: tuple[str, ...]) -> None:
    page = staff.get(f"/backoffice/jobs?status={status}").text

    for sentence in words:
        assert sentence in page
