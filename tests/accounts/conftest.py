"""A person at a browser, and the mails that reach them."""

import re
from collections.abc import Callable
from typing import Protocol

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.core.mail import Mail

TOKEN = re.compile(r'name="csrf_token" type="hidden" value="([^"]+)"')


class Submit(Protocol):
    def __call__(self, path: str, *, client: FlaskClient | None = None, at: str | None = None, **fields: str) -> TestResponse: ...


@pytest.fixture
def submit(client: FlaskClient) -> Submit:
    """Fill a form in and send it, as a browser does: the page first, then what its form says. `at`: where the form is."""
    own = client

    def send(path: str, *, client: FlaskClient | None = None, at: str | None = None, **fields: str) -> TestResponse:
        browser = client or own
        page = browser.get(at or path)
        token = TOKEN.search(page.text)
        assert token is not None, f"{at or path} answered {page.status_code} and has no form"
        return browser.post(path, data={"csrf_token": token.group(1), **fields})

    return send


@pytest.fixture
def other_client(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser."""
    return app.test_client()


@pytest.fixture
def mails(session: Session) -> Callable[[], list[Mail]]:
    """The mails that were written, the earliest first."""

    def read() -> list[Mail]:
        session.rollback()
        return list(session.scalars(select(Mail).order_by(Mail.id)))

    return read


@pytest.fixture
def mailed_path(mails: Callable[[], list[Mail]]) -> Callable[[str], str]:
    """The path of the link in the newest mail whose path begins so."""

    def find(beginning: str) -> str:
        texts = [mail.text for mail in reversed(mails())]
        return next(found.group(1) for text in texts if (found := re.search(rf"http://laurel\.test({beginning}\S+)", text)))

    return find
