"""A site that answers over HTTP, and a network that is not there."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from laurel.app import Ports, connect
from laurel.credentials.models.organizations import Organization
from laurel.settings import Settings
from tests.factories.organizations import make_acme, png
from tests.quizzes.conftest import chromium, port, server, visit

__all__ = ["chromium", "port", "server", "visit"]

Download = Callable[[str], bytes]
SEALING = "the key-encryption key of this site"


@pytest.fixture
def origin(app: Flask) -> Iterator[Download]:
    """Fetches addresses of http(s)://laurel.test from the app, served on a port of this machine.

    It stands for DNS and TLS: a verifier asks for https, as did:web wants it. Anything that is not a plain 200 with a
    known media type, a redirect above all, is an error, as it is for the verifiers that are in use.
    """
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = False  # type: ignore[attr-defined]  # the end waits for requests that are still under way
    serving = threading.Thread(target=server.serve_forever)
    serving.start()

    def download(url: str) -> bytes:
        parts = urlsplit(url)
        assert parts.hostname == "laurel.test", f"{url} is not on this site"
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        headers = {"Host": "laurel.test", "Accept": "application/ld+json, application/json, text/plain"}
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200, f"{url}: {answer.status}"
        assert answer.headers.get_content_type() in {"application/ld+json", "application/json"}
        return body

    yield download
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture
def acme(session: Session) -> Organization:
    """An organization that certifies in its own name."""
    return make_acme(session, logo=png())


@pytest.fixture
def operator(settings: Settings, ports: Ports, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of whoever types `laurel …` for this site. Commands bring real ports; afterwards the fakes are back in force."""
    values = {
        "LAUREL_STAGE": "test",
        "LAUREL_INSTANCE": str(settings.instance),
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": settings.secret_key,
        "KEY_ENCRYPTION_KEY": SEALING,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield
    connect(settings, ports)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket or asks for an address fails."""

    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise OSError("There is no network in this test.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
