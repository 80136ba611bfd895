"""What goes wrong becomes a page that helps, or its JSON twin."""

import logging
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from laurel.web.outages import is_database_trouble
from tests.conftest import QueryCount, SignIn
from tests.databases import SqliteTemplates
from tests.factories.accounts import make_user


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    """One database is enough: nothing here depends on which."""
    with sqlite_templates.fresh() as url:
        yield url


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("missing", 404),
        ("forbidden", 403),
        ("conflict", 409),
        ("input", 400),
        ("unavailable", 503),
        ("400", 400),
        ("404", 404),
        ("410", 410),
        ("413", 413),
        ("429", 429),
    ],
)
def test_an_error_has_the_status_of_its_family(probe: FlaskClient, kind: str, status: int) -> None:
    answer = probe.get(f"/probe/wrong/{kind}")

    assert answer.status_code == status
    assert f"Error {status}" in answer.text
    if kind.isalpha():
        assert "Words for people." in answer.text


def test_a_bug_tells_a_reference_and_nothing_else(probe: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "laurel.errors"):
        answer = probe.get("/probe/wrong/bug")

    assert answer.status_code == 500
    assert "Reference for our support:" in answer.text
    assert "secret words" not in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_trouble_asks_to_try_again(probe: FlaskClient) -> None:
    assert probe.get("/probe/wrong/unavailable").headers["Retry-After"] == "2"


def test_a_script_gets_json(probe: FlaskClient) -> None:
    answer = probe.get("/probe/wrong/conflict", headers={"Accept": "application/json"})

    assert answer.status_code == 409
    assert answer.json == {"error": "that_is_not_possible_now", "message": "Words for people.", "reference": None}


def test_a_request_for_another_host_gets_plain_words(probe: FlaskClient) -> None:
    answer = probe.get("/probe/public", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "path", ["/%00", "/%ff", "//admin", "/login/%2e%2e/account", "/login;x=1", "/" + "a" * 8000, "/login?next=%ff%fe", "/login?page[]=1"]
)
def test_odd_addresses_are_never_a_bug(probe: FlaskClient, path: str) -> None:
    assert probe.get(path).status_code in {200, 302, 308, 400, 404, 414}


@pytest.mark.parametrize(
    ("state", "is_trouble"),
    [
        (psycopg.errors.ReadOnlySqlTransaction, True),  # 25006: the server that answers is not, or no longer, the first one
        (psycopg.errors.IdleInTransactionSessionTimeout, True),
        (psycopg.errors.LockNotAvailable, True),
        (psycopg.errors.QueryCanceled, True),
        (psycopg.errors.DiskFull, True),
        (psycopg.errors.DeadlockDetected, True),
        (psycopg.errors.UndefinedTable, False),
        (psycopg.errors.NotNullViolation, False),
    ],
)
def test_trouble_of_the_database_is_told_from_a_bug_of_ours(state: type[psycopg.Error], is_trouble: bool) -> None:
    error = DBAPIError.instance("SELECT 1", None, state("…"), psycopg.Error)

    assert isinstance(error, DBAPIError)
    assert is_database_trouble(error) is is_trouble


@pytest.mark.parametrize(
    ("kind", "status"), [("forbidden", 403), ("missing", 404), ("conflict", 409), ("429", 429), ("unavailable", 503), ("bug", 500)]
)
def test_who_is_signed_in_stays_so_on_an_error(
    probe: FlaskClient, sign_in: SignIn, session: Session, queries: QueryCount, kind: str, status: int
) -> None:
    sign_in(make_user(session, name="Grace Hopper"), client=probe)
    probe.get("/probe/anyone")
    queries.clear()

    answer = probe.get(f"/probe/wrong/{kind}")

    assert answer.status_code == status
    assert "Grace Hopper" in answer.text
    assert ("Sign out" in answer.text) is (status < 500)
    assert "Sign in" not in answer.text
    assert queries.selects <= 3  # the session, the clock and the person: nothing for the page itself
    assert queries.writes == 0


def test_what_was_flashed_waits_for_a_page_that_is_no_error(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session), client=probe)
    probe.get("/probe/flash")

    assert "Said." not in probe.get("/probe/wrong/missing").text
    assert "Said." in probe.get("/probe/mine").text


@pytest.mark.parametrize(("roles", "keeps"), [(["author"], True), ([], False)])
def test_an_error_in_the_studio_keeps_the_studio_around_it(
    client: FlaskClient, sign_in: SignIn, session: Session, roles: list[str], keeps: bool
) -> None:
    sign_in(make_user(session, roles=roles))

    page = client.get(f"/studio/questions/{uuid4()}").text

    assert ('href="/studio/quizzes"' in page) is keeps
