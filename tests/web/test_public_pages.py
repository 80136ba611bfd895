"""Pages that anyone may see are the same for everybody: they read no cookie, set none, and can be cached."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user


def test_a_public_page_makes_no_query_even_for_somebody_signed_in(
    probe: FlaskClient, sign_in: SignIn, session: Session, queries: QueryCount
) -> None:
    sign_in(make_user(session), client=probe)
    queries.clear()

    answer = probe.get("/probe/public")

    assert answer.status_code == 200
    assert queries.statements == []


def test_a_public_page_is_the_same_for_everybody_and_may_be_cached(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    stranger = probe.get("/probe/public")
    sign_in(make_user(session, name="Grace Hopper"), client=probe)
    grace = probe.get("/probe/public")

    assert stranger.text == grace.text
    for answer in (stranger, grace):
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.headers["ETag"]
    assert probe.get("/probe/public", headers={"If-None-Match": grace.headers["ETag"]}).status_code == 304


def test_a_public_page_says_nothing_that_was_flashed(probe: FlaskClient) -> None:
    probe.get("/probe/flash")

    assert "Said." not in probe.get("/probe/public").text


@pytest.mark.parametrize("path", ["/probe/mine", "/probe/anyone", "/account"])
def test_a_personal_page_is_never_stored(probe: FlaskClient, sign_in: SignIn, session: Session, path: str) -> None:
    sign_in(make_user(session), client=probe)

    answer = probe.get(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_looking_at_ones_own_page_writes_nothing(probe: FlaskClient, sign_in: SignIn, session: Session, queries: QueryCount) -> None:
    sign_in(make_user(session), client=probe)
    probe.get("/probe/anyone")
    queries.clear()

    probe.get("/probe/anyone")

    assert queries.writes == 0
