"""What the tests of an attempt's pages do over and over."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.quizzes import queries
from laurel.quizzes.models import Attempt
from tests.conftest import SignIn


def sign_in_as(session: Session, sign_in: SignIn, attempt: Attempt) -> None:
    """Sign in as the attempt's learner; commits what the test made."""
    sign_in(get_user(session, attempt.learner_id))
    session.commit()


def url(attempt: Attempt, rest: str = "") -> str:
    return f"/attempts/{attempt.id}{rest}"


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def post_answer(client: FlaskClient, attempt: Attempt, number: int, *, page: str | None = None, **fields: Any) -> Any:
    """Send a question's form as a browser without scripts would."""
    page = page or client.get(url(attempt, f"/questions/{number}")).text
    data = {name: hidden(page, name) for name in ("csrf_token", "op_id", "seq", "lease")} | fields
    return client.post(url(attempt, f"/questions/{number}"), data=data)


def refresh(session: Session) -> None:
    """See what other transactions have written since."""
    session.rollback()
    session.expire_all()


def current(session: Session, attempt: Attempt, number: int = 1) -> Any:
    """The answer that is stored now."""
    refresh(session)
    found = queries.find_answer(session, attempt.id, number)
    return None if found is None else found.answer


def end_time(session: Session, attempt: Attempt, *, ago: int) -> None:
    """Let the deadline of an attempt that has just begun be `ago` seconds in the past."""
    attempt.deadline_at -= timedelta(hours=1, seconds=ago)
    attempt.started_at -= timedelta(hours=1, seconds=ago)
    session.commit()
