"""What the tests of quizzes start from."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from laurel.quizzes.models import Attempt
from tests.browser import find_chromium
from tests.conftest import SignIn
from tests.factories.quizzes import ALL_KINDS, make_attempt, make_quiz
from tests.faults.processes import free_port
from tests.quizzes.pages import sign_in_as


@pytest.fixture
def my_attempt(session: Session, sign_in: SignIn) -> Attempt:
    """A running attempt, one question of each simple kind, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session))
    sign_in_as(session, sign_in, attempt)
    return attempt


@pytest.fixture
def every_kind(session: Session, sign_in: SignIn) -> Attempt:
    """A running attempt, one question of every kind, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session, kinds=ALL_KINDS))
    sign_in_as(session, sign_in, attempt)
    return attempt


@pytest.fixture(scope="session")
def port() -> int:
    """A port of our own, so that the browser can be told that laurel.test is there."""
    return free_port()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, port: int) -> Iterator[Browser]:
    """A browser for which laurel.test is the server of the test that runs."""
    arguments = ["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP laurel.test 127.0.0.1:{port}"]
    arguments.append("--disable-features=LocalNetworkAccessChecks")  # a page that a test made up may load the server's scripts
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def server(app: Flask, port: int) -> Iterator[None]:
    """The application, reachable for a real browser."""
    running = make_server("127.0.0.1", port, app, threaded=True)
    running.daemon_threads = False  # type: ignore[attr-defined]  # the end waits for requests that are still under way
    thread = Thread(target=running.serve_forever)
    thread.start()
    yield
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def cookie(client: FlaskClient) -> str:
    """The session cookie of whoever is signed in."""
    found = client.get_cookie("laurel_demo", domain="laurel.test")
    assert found is not None
    return found.value


@pytest.fixture
def visit(chromium: Browser, server: None, client: FlaskClient) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a browser context in which the learner is signed in; another one is another device."""
    contexts = []

    def open_context(**options: Any) -> BrowserContext:
        context = chromium.new_context(**options)
        cookie = client.get_cookie("laurel_demo", domain="laurel.test")
        assert cookie is not None
        context.add_cookies([{"name": "laurel_demo", "value": cookie.value, "domain": "laurel.test", "path": "/"}])
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()
