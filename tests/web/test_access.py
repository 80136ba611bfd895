"""Who may enter is declared at every view; what is not declared is closed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.web.access import policy_of
from tests.conftest import SignIn
from tests.factories.accounts import make_user


def test_a_view_without_a_policy_is_closed_to_everybody(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    assert probe.get("/probe/undeclared").status_code == 500
    sign_in(make_user(session, roles=["owner"]), client=probe)
    assert probe.get("/probe/undeclared").status_code == 500


def test_a_method_without_a_policy_is_closed(probe: FlaskClient, token: str) -> None:
    assert probe.get("/probe/half").status_code == 200
    assert probe.post("/probe/half", data={"csrf_token": token}).status_code == 500


@pytest.mark.parametrize(
    ("roles", "path", "status"),
    [
        ([], "/probe/mine", 200),
        ([], "/probe/staff", 403),
        ([], "/probe/studio", 403),
        (["author"], "/probe/studio", 200),
        (["author"], "/probe/staff", 403),
        (["marketer"], "/probe/studio", 403),
        (["support"], "/probe/staff", 200),
        (["support"], "/probe/studio", 403),
        (["admin"], "/probe/studio", 200),
        (["owner"], "/probe/staff", 200),
        (["a role of the past"], "/probe/staff", 403),
    ],
)
def test_a_role_opens_what_it_should(
    probe: FlaskClient, sign_in: SignIn, session: Session, roles: list[str], path: str, status: int
) -> None:
    sign_in(make_user(session, roles=roles), client=probe)

    assert probe.get(path).status_code == status
    assert probe.head(path).status_code == status


@pytest.mark.parametrize("path", ["/probe/mine", "/probe/staff", "/probe/studio"])
def test_a_stranger_is_asked_to_sign_in(probe: FlaskClient, path: str) -> None:
    answer = probe.get(path)

    assert (answer.status_code, answer.location) == (302, f"/login?next={path}")


def test_a_script_is_told_401(probe: FlaskClient, token: str) -> None:
    assert probe.post("/probe/mine", data={"csrf_token": token}).status_code == 401
    assert probe.get("/probe/mine", content_type="application/json").status_code == 401


def test_a_disabled_account_has_no_session(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    user = make_user(session)
    sign_in(user, client=probe)
    assert probe.get("/probe/mine").status_code == 200

    user.active = False
    session.commit()

    assert probe.get("/probe/mine").status_code == 302


def test_a_role_taken_away_is_gone_at_once(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    user = make_user(session, roles=["support"])
    sign_in(user, client=probe)
    assert probe.get("/probe/staff").status_code == 200

    user.role_names = []
    session.commit()

    assert probe.get("/probe/staff").status_code == 403


def test_a_method_in_disguise_is_not_taken_off(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session), client=probe)

    answer = probe.get("/probe/mine?_method=POST", headers={"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/probe/staff"})

    assert answer.status_code == 200
    assert probe.delete("/probe/mine").status_code == 405
    assert probe.open("/probe/mine", method="TRACE").status_code == 405


def test_every_page_of_accounts_has_a_policy(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in {"accounts", "security"}]

    assert rules
    for rule in rules:
        declared = policy_of(app, rule.endpoint)
        assert declared is not None
        assert set(declared) == (rule.methods or set()) - {"HEAD", "OPTIONS"}


def test_flask_security_opens_no_page_of_its_own(app: Flask) -> None:
    assert "security" not in app.blueprints
    assert {rule.rule for rule in app.url_map.iter_rules() if "verify" in rule.rule and rule.endpoint.startswith("accounts")} == set()
