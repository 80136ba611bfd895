"""What each route of an attempt answers in each state of it, to its learner and to everybody else."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from laurel.core.clock import now
from laurel.core.ids import new_id
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState, states
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import make_attempt, make_quiz

S = AttemptState
OVER = set(AttemptState) - states.OPEN
HANDED_IN = {S.SUBMITTED, S.NEEDS_GRADING, S.GRADED}
ROUTES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "go on": ("GET", "", {}),
    "question": ("GET", "/questions/1", {}),
    "review": ("GET", "/review", {}),
    "hand in page": ("GET", "/hand-in", {}),
    "result": ("GET", "/result", {}),
    "ask": ("GET", "/review-request", {}),
    "save": ("PATCH", "/answers", {"json": {"items": [], "lease": None}}),
    "lease": ("POST", "/lease", {"json": {"items": [], "lease": "tab-12345678"}}),
    "answer": ("POST", "/questions/1", {"data": {"op_id": str(new_id()), "seq": "1", "answer": "o1", "go": "next"}}),
    "focus": ("POST", "/focus", {"json": {"kind": "away", "amount": 5000, "slot": 1}}),
    "request": ("POST", "/review-request", {"data": {"statement": "Please look again."}}),
    "submit": ("POST", "/submit", {}),
}


def expected(route: str, state: AttemptState) -> int:
    """The status that its learner gets."""
    runs, is_over = state is S.IN_PROGRESS, state in OVER
    has_failed = state in {S.GRADED, S.ABANDONED}
    answers = {
        "go on": 302 if runs or is_over else 409,
        "question": 200 if runs else 409,
        "review": 200 if runs else 409,
        "hand in page": 200 if runs else 409,
        "result": 200 if is_over else 302,
        "ask": 200 if has_failed else 303,
        "save": 200 if runs else 409,
        "lease": 200 if runs else 409,
        "answer": 409 if state is S.PAUSED else 303,  # on with it, or to where the attempt stands; in a pause it is shown again
        "focus": 200,
        "request": 303 if has_failed else 409,
        "submit": 303 if runs or state is S.OVERDUE or state in HANDED_IN else 409,
    }
    return answers[route]


def send(browser: FlaskClient, attempt_id: object, route: str, token: str) -> Any:
    method, place, content = ROUTES[route]
    return browser.open(f"/attempts/{attempt_id}{place}", method=method, headers={"X-CSRFToken": token}, **content)


def without_tokens(page: str) -> str:
    """The page without what carries the second in which it was made."""
    return re.sub(r'name="csrf_token"[^>]*', "", page)


def make(session: Session, state: AttemptState) -> Attempt:
    """A failed exam, if it is over at all, in this state."""
    attempt = make_attempt(session, make_quiz(session))
    attempt.state, attempt.passed = state, False if state in OVER else None
    attempt.finished_at = now() if state in OVER else None
    session.commit()
    return attempt


@pytest.mark.parametrize("state", AttemptState)
def test_each_route_answers_its_learner_as_the_state_says(app: Flask, session: Session, sign_in: SignIn, state: AttemptState) -> None:
    token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("a1b2c3")
    found = {}
    for route in ROUTES:
        attempt = make(session, state)
        learner = make_user(session)
        attempt.learner_id = learner.id
        session.commit()
        browser = sign_in(learner, client=app.test_client(), csrf="a1b2c3")
        found[route] = send(browser, attempt.id, route, token).status_code
    assert found == {route: expected(route, state) for route in ROUTES}


@pytest.mark.parametrize("state", AttemptState)
@pytest.mark.parametrize("roles", [(), ("author",), ("support",), ("admin",), ("owner",)])
def test_in_no_state_it_exists_for_anybody_else(
    app: Flask, session: Session, sign_in: SignIn, state: AttemptState, roles: tuple[str, ...]
) -> None:
    token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("a1b2c3")
    attempt = make(session, state)
    browser = sign_in(make_user(session, roles=roles), client=app.test_client(), csrf="a1b2c3")
    for route in ROUTES:
        theirs, none = send(browser, attempt.id, route, token), send(browser, new_id(), route, token)
        assert (route, theirs.status_code, without_tokens(theirs.text)) == (route, 404, without_tokens(none.text))
    session.rollback()
    session.refresh(attempt)
    assert (attempt.state, attempt.ops_count, attempt.lease_token) == (state, 0, None)


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.GRADED])
def test_whoever_is_not_signed_in_is_asked_to(client: FlaskClient, session: Session, state: AttemptState) -> None:
    attempt = make(session, state)
    asked = {route: send(client, attempt.id, route, "").status_code for route in ROUTES}
    assert {asked[route] for route, (method, _, _) in ROUTES.items() if method == "GET"} == {302}
    assert {asked[route] for route, (method, _, _) in ROUTES.items() if method != "GET"} <= {400, 401, 403}
