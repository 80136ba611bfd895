"""Fixtures for buying: the fake provider, a till, and a signed notice."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.app import Ports, create_app
from laurel.commerce.services import Till
from laurel.commerce.services.reconcile import Audit
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.core.bus import bus
from laurel.core.clock import now as wall_clock
from laurel.core.db import Database
from laurel.core.mail import post
from laurel.learning.queries import list_rights_without_enrollment
from laurel.settings import Settings
from tests.commerce.live import Browser, Sandbox, Site
from tests.commerce.shopping import Shopping
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course
from tests.fakes import FakePayments

ENV = "laurel.test"
Transaction = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def payments(ports: Ports) -> FakePayments:
    fake = ports.payments
    assert isinstance(fake, FakePayments)
    fake.forget()
    return fake


@pytest.fixture
def transaction(database: Database) -> Transaction:
    """Transactions as the edge makes them, each with a session of its own: threads may use it."""

    @contextmanager
    def run() -> Iterator[Session]:
        with database.session(writes=True) as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    return run


@pytest.fixture
def till(transaction: Transaction, payments: FakePayments) -> Till:
    return Till(transaction=transaction, payments=payments, env=ENV, is_live=False, now=wall_clock())


def event_body(kind: str, object_id: str, *, event_id: str = "evt_1", **changes: Any) -> bytes:
    """A webhook's body as Stripe writes it."""
    event = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(wall_clock().timestamp()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        "data": {"object": {"id": object_id, "object": kind.rpartition(".")[0]}},
        **changes,
    }
    return json.dumps(event).encode()


def sign(payload: bytes, *, secret: str = "whsec_test", age: int = 0) -> str:  # noqa: S107 (of these tests only)
    """The `Stripe-Signature` header as Stripe documents it, `age` seconds old: HMAC-SHA256 over `<t>.<payload>`."""
    stamp = int(wall_clock().timestamp()) - age
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


@pytest.fixture
def audit(till: Till, database: Database, app: object) -> Audit:
    @contextmanager
    def read() -> Iterator[Session]:
        with database.session(writes=False) as session:
            yield session

    return Audit(till=till, read=read, checks=(list_rights_without_enrollment,))


@pytest.fixture
def site() -> Iterator[Site]:
    """An address for our site; it serves once it is given an application."""
    site = Site()
    yield site
    site.stop()


@pytest.fixture
def sandbox(site: Site, tmp_path: Path) -> Iterator[Sandbox]:
    """A payment sandbox that reports to `site`."""
    sandbox = Sandbox(tmp_path, site.url)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def live_settings(settings: Settings, site: Site, sandbox: Sandbox) -> Settings:
    return replace(
        settings,
        public_url=site.url,
        stripe_secret_key=sandbox.keys["secret_key"],
        stripe_webhook_secrets=(sandbox.keys["webhook_secret"],),
        stripe_api_base=sandbox.keys["api_base"],
    )


@pytest.fixture
def gateway(live_settings: Settings) -> StripeGateway:
    """The real adapter with Stripe's own library, in front of the sandbox."""
    return StripeGateway(live_settings)


@pytest.fixture
def buyers_browser(
    site: Site,
    sandbox: Sandbox,
    live_settings: Settings,
    gateway: StripeGateway,
    database: Database,
    ports: Ports,
    shared_app: Flask,
) -> Iterator[Browser]:
    """A browser in front of our site, which sells through the sandbox. What is global is put back afterwards."""
    before = bus.subscriptions, post.templates
    site.serve(create_app(live_settings, database, Ports(payments=gateway, mailer=ports.mailer, keys=ports.keys)))
    browser = Browser(site.url)
    yield browser
    browser.close()
    sandbox.stop()  # both before the database: a late webhook would still use it
    site.stop()
    bus.subscriptions, post.templates = before


@pytest.fixture
def shopping(client: FlaskClient, session: Session, payments: FakePayments, sign_in: SignIn, csrf: Callable[..., str]) -> Shopping:
    course = make_sellable_course(session)
    make_offering(session, course=course)
    buyer = make_user(session)
    sign_in(buyer)
    return Shopping(client, session, payments, buyer, course, csrf)
