"""The same security headers on every answer, whatever it is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.app import Ports, create_app
from laurel.core.db import Database
from laurel.settings import Settings
from laurel.web.headers import content_security_policy
from tests.conftest import PUBLIC_URL, SignIn
from tests.databases import SqliteTemplates
from tests.factories.accounts import make_user


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    """One database is enough: nothing here depends on which."""
    with sqlite_templates.fresh() as url:
        yield url


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "media-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/probe/public", 200),
        ("HEAD", "/probe/public", 200),
        ("OPTIONS", "/probe/public", 200),
        ("GET", "/probe/anyone", 200),
        ("GET", "/probe/mine", 302),
        ("GET", "/healthz", 200),
        ("GET", "/login", 200),
        ("GET", "/no/such/page", 404),
        ("POST", "/probe/anyone", 400),
        ("DELETE", "/probe/public", 405),
        ("GET", "/probe/wrong/bug", 500),
        ("GET", "/probe/wrong/unavailable", 503),
    ],
)
def test_every_answer_carries_them(probe: FlaskClient, method: str, path: str, status: int) -> None:
    answer = probe.open(path, method=method)

    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cache-Control"] == (
        "public, max-age=60" if path == "/probe/public" and status == 200 and method != "OPTIONS" else "no-store"
    )
    assert "X-Powered-By" not in answer.headers


def test_a_static_file_carries_them_and_is_kept_for_ever(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context(base_url=PUBLIC_URL):
        path = app.url_for("static", filename="css/tokens.css")

    answer = client.get(path)
    answer.close()

    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_over_https_transport_is_strict_and_the_cookie_is_bound_to_the_host(
    settings: Settings, shared_database: Database, ports: Ports, app: Flask, session: Session
) -> None:
    secure = create_app(replace(settings, public_url="https://laurel.test"), shared_database, ports)
    create_app(settings, shared_database, ports)  # the mail templates are the whole process's

    answer = secure.test_client().get("/login", base_url="https://laurel.test")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["Content-Security-Policy"] == f"{POLICY}; upgrade-insecure-requests"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-laurel=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_over_plain_http_neither_is_promised(client: FlaskClient) -> None:
    answer = client.get("/login")

    assert "Strict-Transport-Security" not in answer.headers
    assert "Secure" not in answer.headers["Set-Cookie"]


def test_a_page_may_let_its_form_end_elsewhere() -> None:
    assert "form-action 'self' https://checkout.stripe.com;" in content_security_policy(
        https=False, form_action="'self' https://checkout.stripe.com"
    )


def test_forwarded_headers_of_a_stranger_change_nothing(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session), client=probe)
    forged = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.com", "X-Forwarded-Prefix": "/x"}

    answer = probe.get("/probe/anyone", headers=forged)

    assert answer.status_code == 200
    assert "evil.com" not in answer.text
    assert "Strict-Transport-Security" not in answer.headers
