"""Three layers keep other sites from acting as the person: where the request says it comes from, the token, the cookie's SameSite."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.databases import SqliteTemplates


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    """One database is enough: nothing here depends on which."""
    with sqlite_templates.fresh() as url:
        yield url


URL = "http://laurel.test"


def post(app: Flask, probe: FlaskClient, headers: dict[str, str], token: str | None) -> int:
    """A POST with exactly these headers, in the probe's session."""
    cookie = probe.get_cookie("laurel_demo", domain="laurel.test")
    jar = {"Cookie": f"laurel_demo={cookie.value}"} if cookie is not None else {}
    plain = app.test_client(use_cookies=False)
    data = {"csrf_token": token} if token is not None else {}
    return super(type(plain), plain).open("/probe/anyone", method="POST", base_url=URL, headers=jar | headers, data=data).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 302),
        ({"Sec-Fetch-Site": "none"}, 302),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": URL}, 403),
        ({"Origin": URL}, 302),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://laurel.test.evil.example"}, 403),
        ({"Origin": "https://laurel.test"}, 403),
        ({"Referer": f"{URL}/probe/anyone"}, 302),
        ({"Referer": URL}, 302),
        ({"Referer": "http://laurel.test.evil.example/"}, 403),
        ({"Referer": f"http://evil.example/{URL}/"}, 403),
        ({}, 403),
    ],
)
def test_a_request_says_where_it_comes_from(probe_app: Flask, probe: FlaskClient, token: str, headers: dict[str, str], status: int) -> None:
    assert post(probe_app, probe, headers, token) == status


@pytest.mark.parametrize("wrong", [None, "", "x", "IjEi.x.y"])
def test_the_token_is_asked_for_all_the_same(probe_app: Flask, probe: FlaskClient, token: str, wrong: str | None) -> None:
    assert post(probe_app, probe, {"Sec-Fetch-Site": "same-origin"}, wrong) == 400


def test_another_sessions_token_is_none(probe_app: Flask, probe: FlaskClient, token: str) -> None:
    theirs = probe_app.test_client().get("/probe/form").json["csrf"]  # type: ignore[index]

    assert post(probe_app, probe, {"Origin": URL}, theirs) == 400
    assert post(probe_app, probe, {"Origin": URL}, token) == 302


def test_scripts_send_it_as_a_header(probe_app: Flask, probe: FlaskClient, token: str) -> None:
    assert post(probe_app, probe, {"Origin": URL, "X-CSRFToken": token}, None) == 302


def test_it_does_not_grow_old(probe_app: Flask) -> None:
    assert probe_app.config["WTF_CSRF_TIME_LIMIT"] is None


def test_a_webhook_needs_neither(probe_app: Flask) -> None:
    plain = probe_app.test_client(use_cookies=False)

    assert super(type(plain), plain).open("/probe/webhook", method="POST", base_url=URL).status_code == 200
