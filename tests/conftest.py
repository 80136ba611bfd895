"""Fixtures: one application for the run, and a database of its own for every test, on SQLite and on PostgreSQL."""

import gc
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import event
from sqlalchemy.orm import Session, object_session
from sqlalchemy.pool import QueuePool
from werkzeug.test import EnvironBuilder

from laurel.accounts.models import User
from laurel.accounts.rules import session_limits
from laurel.app import Ports, create_app
from laurel.core.db import Database, database_now
from laurel.credentials.views.counting import VIEWS
from laurel.models import import_all
from laurel.settings import Settings, Stage
from laurel.web.browser_sessions import BrowserSession, row_id
from laurel.web.limits import limiter
from tests.databases import LastingEngines, PostgresqlTemplates, SqliteTemplates, folder_in_memory, start_postgresql
from tests.fakes import FakeMailer, FakePayments, PlainVault

import_all()
PUBLIC_URL = "http://laurel.test"
EXPLORES = "LAUREL_EXPLORE" in os.environ
"""Whether Hypothesis tries other examples than the time before. Without it a change is judged by the same ones as the change before."""
SLOW = [hypothesis.HealthCheck.too_slow]  # how long an example takes on a busy machine says nothing
EXAMPLES = 500 if EXPLORES else 60  # the same ones prove nothing more the next time
hypothesis.settings.register_profile("laurel", deadline=None, suppress_health_check=SLOW, derandomize=not EXPLORES, max_examples=EXAMPLES)
hypothesis.settings.load_profile("laurel")
expect.set_options(timeout=15_000)  # how long a browser may take on a busy machine with two cores


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        start_postgresql()


def pytest_collection_finish() -> None:
    """What is there before the first test stays until the last: to look through it for garbage again and again took a fifteenth of
    the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteTemplates]:
    with folder_in_memory(otherwise=tmp_path_factory.mktemp("sqlite")) as folder:
        yield SqliteTemplates(folder)


@pytest.fixture(scope="session")
def postgresql_templates() -> Iterator[PostgresqlTemplates]:
    templates = PostgresqlTemplates()
    yield templates
    templates.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty, migrated database that nobody else uses."""
    templates: SqliteTemplates | PostgresqlTemplates = request.getfixturevalue(f"{request.param}_templates")
    with templates.fresh() as url:
        yield url


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        stage=Stage.TEST,
        public_url=PUBLIC_URL,
        database_url="sqlite://",
        secret_key="only for tests, and long enough for them",
        instance=tmp_path_factory.mktemp("instance"),
        staff_second_factor=False,
        stripe_secret_key="sk_test_sandbox",
        stripe_webhook_secrets=("whsec_test",),
        stripe_api_base="http://127.0.0.1:1",
        key_encryption_key="only for tests, too",
    )


@pytest.fixture(scope="session")
def shared_database() -> Iterator[LastingEngines]:
    engines = LastingEngines("sqlite://")
    yield engines
    engines.close()


@pytest.fixture(scope="session")
def ports() -> Ports:
    return Ports(payments=FakePayments(), mailer=FakeMailer(), keys=PlainVault())


@pytest.fixture(scope="session")
def shared_app(settings: Settings, shared_database: Database, ports: Ports) -> Flask:
    return create_app(settings, shared_database, ports)


@pytest.fixture
def database(shared_database: LastingEngines, database_url: str) -> Iterator[Database]:
    shared_database.connect(database_url)
    yield shared_database
    pool = shared_database.engine.pool
    left_open = pool.checkedout() if isinstance(pool, QueuePool) else 0
    shared_database.rest()
    assert left_open == 0, "a session of this test, or of a view that it called, was not closed"


@pytest.fixture
def session(database: Database, ports: Ports, settings: Settings) -> Iterator[Session]:
    """A session for the test's own hands. Views use another: commit what they shall see."""
    with database.session(writes=False) as session:
        yield session


@pytest.fixture
def app(shared_app: Flask, database: Database) -> Flask:
    with shared_app.app_context():
        limiter.reset()  # its counters are in this process's memory and would outlive the test
    shared_app.extensions.pop(VIEWS, None)  # so would views of certificates that are not written yet
    return shared_app


class BrowserLikeClient(FlaskClient):
    """A test client that says where its requests come from, as every browser does."""

    def open(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        if not (args and isinstance(args[0], (EnvironBuilder, dict))):
            headers = dict(kwargs.pop("headers", None) or {})  # type: ignore[call-overload]
            headers.setdefault("Origin", PUBLIC_URL)
            kwargs["headers"] = headers
            kwargs.setdefault("base_url", PUBLIC_URL)
        return super().open(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.test_client_class = BrowserLikeClient
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass
class QueryCount:
    """The statements that reached the database since `clear`."""

    statements: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.statements.clear()

    @property
    def selects(self) -> int:
        return sum(statement.lstrip().upper().startswith("SELECT") for statement in self.statements)

    @property
    def writes(self) -> int:
        return sum(statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")) for statement in self.statements)


@pytest.fixture
def queries(database: Database) -> Iterator[QueryCount]:
    count = QueryCount()

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        count.statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield count
    event.remove(database.engine, "before_cursor_execute", note)


class SignIn(Protocol):
    def __call__(
        self, user: User, *, client: FlaskClient | None = None, with_second_factor: bool = True, csrf: str | None = None
    ) -> FlaskClient: ...


@pytest.fixture
def sign_in(client: FlaskClient, database: Database) -> SignIn:
    """Signs a person in without a password: a session's row, and its cookie in the client. Commits the person first."""
    own = client

    def enter(user: User, *, client: FlaskClient | None = None, with_second_factor: bool = True, csrf: str | None = None) -> FlaskClient:
        made_in = object_session(user)
        if made_in is not None:
            made_in.commit()
        token = secrets.token_urlsafe(32)
        data = {"_user_id": user.fs_uniquifier, "_laurel_user": str(user.id), "_laurel_second_factor": with_second_factor}
        if csrf is not None:
            data["csrf_token"] = csrf
        idle, absolute = session_limits(user.role_names)
        with database.session(writes=True) as session:
            moment = database_now(session)
            row = BrowserSession(
                id=row_id(token),
                user_id=user.id,
                data=data,
                created_at=moment,
                last_seen_at=moment,
                idle_seconds=int(idle.total_seconds()),
                ends_at=moment + absolute,
            )
            session.add(row)
            session.commit()
        browser = client or own
        browser.set_cookie("laurel_demo", token, domain="laurel.test")
        return browser

    return enter


@pytest.fixture
def csrf(client: FlaskClient) -> Callable[[], str]:
    """The CSRF token of the client's present session, read from a page with a form as a browser would."""

    def read(path: str | None = None) -> str:
        answer = client.get(path or "/login")
        if path is None and answer.status_code == 302:  # signed in already
            answer = client.get("/account/name")
        page = answer.get_data(as_text=True)
        return page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]

    return read


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path
