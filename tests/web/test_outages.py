"""A busy or lost database, wherever in a request that shows: a page that says so and when to come again, never a bug of ours."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
from flask import Blueprint, Flask, Response, current_app, session
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.app import Ports, create_app
from laurel.core.db import Database
from laurel.core.errors import ConflictError
from laurel.settings import Settings
from laurel.web.access import ANYONE, policy
from laurel.web.session import current_session, transaction
from tests.conftest import BrowserLikeClient, SignIn
from tests.factories.accounts import make_user

bp = Blueprint("moments", __name__, url_prefix="/moments")
PATIENCE_MS = 50
TEXT = "So much was written that nobody would want to write it again.\nNot at all."


@dataclass
class Trouble:
    """What happens when a request comes to a place of this name."""

    place: str = ""
    begin: Callable[[], object] = lambda: None
    seen: list[str] = field(default_factory=list)

    def arrive(self, place: str) -> None:
        self.seen.append(place)
        if place == self.place:
            self.begin()


def arrive(place: str) -> None:
    current_app.extensions["trouble"].arrive(place)


@bp.get("/read")
@policy(GET=ANYONE)
def read() -> str:
    current_session().execute(text("SELECT 1"))
    arrive("read")
    return "shown"


@bp.get("/read-twice")
@policy(GET=ANYONE)
def read_twice() -> str:
    current_session().execute(text("SELECT 1"))
    arrive("between")
    current_session().execute(text("SELECT 1"))
    return "shown"


@bp.post("/refuse")
@policy(POST=ANYONE)
def refuse() -> str:
    with transaction() as database:
        database.execute(text("SELECT 1"))
        arrive("refusing")
        raise ConflictError("Words for people.")


@bp.post("/write")
@policy(POST=ANYONE)
def write() -> str:
    with transaction() as database:
        arrive("writing")
        database.execute(text("UPDATE users SET name = 'Ada'"))
        arrive("committing")
    arrive("committed")
    session["seen"] = "it"
    return "done"


@bp.after_request
def look(response: Response) -> Response:
    arrive("finishing")
    return response


@pytest.fixture(scope="module")
def moments_app(settings: Settings, shared_database: Database, ports: Ports) -> Flask:
    app = create_app(settings, shared_database, ports)
    app.register_blueprint(bp)
    app.test_client_class = BrowserLikeClient
    return app


@pytest.fixture
def trouble(moments_app: Flask) -> Trouble:
    moments_app.extensions["trouble"] = Trouble()
    return moments_app.extensions["trouble"]


@pytest.fixture
def site(moments_app: Flask, app: Flask, database: Database, database_url: str, trouble: Trouble) -> FlaskClient:
    """A browser at an application that waits for SQLite a short time only."""
    Database.connect(database, database_url, patience_ms=PATIENCE_MS)
    return moments_app.test_client()


@contextmanager
def out_of_reach(database: Database) -> Iterator[None]:
    """Nobody can write, or on PostgreSQL so much as connect, and who was connected no longer is."""
    url = database.engine.url
    if database.is_sqlite:
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false".encode())
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND application_name LIKE 'laurel-%%'",
            (url.database,),
        )
        try:
            yield
        finally:
            other.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true".encode())


@dataclass
class Cut:
    """Puts the database out of reach, for a while."""

    database: Database
    until: ExitStack

    def __call__(self) -> None:
        self.until.enter_context(out_of_reach(self.database))

    def end(self) -> None:
        self.until.close()


@pytest.fixture
def cut(database: Database) -> Iterator[Cut]:
    with ExitStack() as stack:
        yield Cut(database, stack)


def assert_try_again(answer: TestResponse, words: str = "Nothing was changed") -> None:
    assert (answer.status_code, answer.headers["Retry-After"], "Set-Cookie" in answer.headers) == (503, "2", False), answer.text
    assert words in answer.text
    assert "Content-Security-Policy" in answer.headers
    assert "Reference for our support" not in answer.text


def csrf_of(site: FlaskClient) -> str:
    return site.get("/login").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]


def test_a_page_that_begins_a_session(site: FlaskClient, cut: Cut) -> None:
    cut()

    assert_try_again(site.get("/login"))


def test_a_form_whose_page_is_from_an_earlier_session(site: FlaskClient, cut: Cut) -> None:
    cut()

    assert_try_again(site.post("/moments/write", data={"csrf_token": "old", "text": TEXT}))


def test_a_program_is_told_in_its_own_words(site: FlaskClient, cut: Cut) -> None:
    cut()

    answer = site.get("/login", headers={"Accept": "application/json"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json is not None
    assert answer.json["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("place", ["before", "writing"])
def test_a_form_that_could_not_be_taken_is_kept_and_nothing_was_changed(
    site: FlaskClient, session: Session, trouble: Trouble, cut: Cut, place: str
) -> None:
    user = make_user(session, name="Grace")
    session.commit()
    token = csrf_of(site)
    trouble.place, trouble.begin = place, cut
    trouble.arrive("before")

    answer = site.post("/moments/write", data={"csrf_token": token, "text": TEXT})

    assert_try_again(answer)
    assert "Send it again" in answer.text
    assert "committed" not in trouble.seen
    cut.end()
    session.refresh(user)
    assert user.name == "Grace"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("place", ["committing", "committed", "finishing"])
def test_what_may_be_done_is_not_said_not_to_be(site: FlaskClient, trouble: Trouble, cut: Cut, place: str) -> None:
    token = csrf_of(site)
    trouble.place, trouble.begin = place, cut

    assert_try_again(site.post("/moments/write", data={"csrf_token": token, "text": TEXT}), "may have gone through")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_done_is_not_said_not_to_be(site: FlaskClient, trouble: Trouble, cut: Cut) -> None:
    token = csrf_of(site)
    trouble.place, trouble.begin = "committed", cut

    answer = site.post("/moments/write", data={"csrf_token": token, "text": TEXT})

    assert_try_again(answer, "may have gone through")
    assert "Nothing was changed" not in answer.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_is_lost_in_the_middle_of_a_page(site: FlaskClient, trouble: Trouble, cut: Cut) -> None:
    trouble.place, trouble.begin = "between", cut

    assert_try_again(site.get("/moments/read-twice"))


@pytest.mark.parametrize("place", ["read", "finishing"])
def test_a_page_that_has_all_it_needs_is_shown(site: FlaskClient, trouble: Trouble, cut: Cut, place: str) -> None:
    trouble.place, trouble.begin = place, cut

    answer = site.get("/moments/read")

    assert (answer.status_code, answer.text) == (200, "shown")


def test_that_a_session_is_in_use_need_not_be_noted(
    site: FlaskClient, session: Session, sign_in: SignIn, trouble: Trouble, cut: Cut
) -> None:
    sign_in(make_user(session), client=site)
    session.execute(text("UPDATE browser_sessions SET last_seen_at = '2020-01-01 00:00:00', idle_seconds = 1000000000"))
    session.commit()
    trouble.place, trouble.begin = "read", cut

    assert site.get("/moments/read").status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_refusal_stays_one_when_the_connection_is_lost_over_it(site: FlaskClient, trouble: Trouble, cut: Cut) -> None:
    token = csrf_of(site)
    trouble.place, trouble.begin = "refusing", cut

    answer = site.post("/moments/refuse", data={"csrf_token": token})

    assert answer.status_code == 409
    assert "Words for people." in answer.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_page_that_took_so_long_that_the_server_hung_up(site: FlaskClient, trouble: Trouble, database: Database) -> None:
    def linger() -> None:
        working = current_session()
        pid = working.execute(text("SELECT pg_backend_pid()")).scalar_one()
        working.execute(text("SET idle_in_transaction_session_timeout = 20"))
        with database.session(writes=False) as other:
            while other.execute(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid}).scalar_one():
                other.execute(text("SELECT pg_sleep(0.01)"))
                other.rollback()

    trouble.place, trouble.begin = "between", linger

    assert_try_again(site.get("/moments/read-twice"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_hangs_up_on_whoever_comes(site: FlaskClient, database: Database) -> None:
    with closing(psycopg.connect(database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))) as other:

        @event.listens_for(database.engine, "connect")
        def hang_up(connection: psycopg.Connection, _record: object) -> None:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))

        assert_try_again(site.get("/login"))
