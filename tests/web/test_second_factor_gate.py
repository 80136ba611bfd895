"""Where staff need a second factor, a password alone does not open the back office."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.app import Ports, create_app
from laurel.core.db import Database
from laurel.settings import Settings
from tests.conftest import BrowserLikeClient, SignIn
from tests.factories.accounts import make_user
from tests.web.conftest import bp


@pytest.fixture(scope="module")
def strict_app(settings: Settings, shared_database: Database, ports: Ports) -> Iterator[Flask]:
    app = create_app(replace(settings, staff_second_factor=True), shared_database, ports)
    app.register_blueprint(bp)
    app.test_client_class = BrowserLikeClient
    yield app
    create_app(settings, shared_database, ports)  # the mail templates are the whole process's


@pytest.fixture
def strict(strict_app: Flask, app: Flask) -> FlaskClient:
    return strict_app.test_client()


def test_staff_are_sent_to_set_it_up(strict: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session, roles=["support"]), client=strict, with_second_factor=False)

    answer = strict.get("/probe/staff", follow_redirects=True)

    assert answer.request.path == "/account/second-factor/set-up"
    assert "Members of staff need a second factor." in answer.text


def test_staff_cannot_act_without_it(strict: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session, roles=["support"]), client=strict, with_second_factor=False)
    token = strict.get("/probe/form").json["csrf"]  # type: ignore[index]

    assert strict.post("/probe/staff", data={"csrf_token": token}).status_code == 403


def test_with_it_the_door_is_open(strict: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session, roles=["support"]), client=strict)

    assert strict.get("/probe/staff").status_code == 200


def test_a_session_from_before_it_was_set_up_begins_anew(strict: FlaskClient, sign_in: SignIn, session: Session) -> None:
    user = make_user(session, roles=["support"])
    user.tf_primary_method, user.tf_totp_secret = "authenticator", "sealed"
    sign_in(user, client=strict, with_second_factor=False)

    assert strict.get("/probe/staff").location == "/login?next=/probe/staff"
    assert strict.get("/probe/mine").status_code == 302


def test_learners_need_none_for_what_is_theirs(strict: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session), client=strict, with_second_factor=False)

    assert strict.get("/probe/mine").status_code == 200
