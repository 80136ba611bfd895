"""One sandbox and one site for each module of the failure matrix; every test has a database of its own and a healthy sandbox."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.app import Ports, create_app
from laurel.catalog.models import Course
from laurel.commerce.models import Order, Payment, ReconcileRun, StripeEvent
from laurel.commerce.rules import InboxStatus
from laurel.commerce.services import Till
from laurel.commerce.services.receipts import letterhead
from laurel.commerce.services.reconcile import Audit, reconcile
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.core.bus import bus
from laurel.core.clock import now as wall_clock
from laurel.core.db import Base, Database
from laurel.core.mail import post
from laurel.learning.queries import list_rights_without_enrollment
from laurel.settings import Settings
from laurel.web.limits import limiter
from tests.commerce.conftest import Transaction, sign
from tests.commerce.live import PATIENCE, Browser, Sandbox, Site, direct
from tests.commerce.patience import until_served
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course


@dataclass(frozen=True)
class Stand:
    """Our site and the sandbox that it sells through."""

    site: Site
    sandbox: Sandbox
    settings: Settings
    gateway: StripeGateway
    app: Flask
    database: Database

    @contextmanager
    def key(self, key: str) -> Iterator[None]:
        """For a while the site asks Stripe with another key."""
        other = StripeGateway(replace(self.settings, stripe_secret_key=key))
        before = self.gateway.patient, self.gateway.quick
        self.gateway.patient, self.gateway.quick = other.patient, other.quick
        yield
        self.gateway.patient, self.gateway.quick = before

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """For a while no database answers."""
        url = self.database.engine.url.render_as_string(hide_password=False)
        gone = "sqlite:////no/such/folder/laurel.db" if self.database.is_sqlite else "postgresql+psycopg://nobody@127.0.0.1:1/nowhere"
        self.database.connect(gone)
        try:
            yield
        finally:
            self.database.connect(url)

    def api(self, method: str, path: str, **params: Any) -> dict[str, Any]:
        """Ask the sandbox as Stripe's dashboard would."""
        with direct() as http:
            asked = {"params": params} if method == "GET" else {"data": params}
            headers = {"Authorization": f"Bearer {self.sandbox.keys['secret_key']}"}
            answer = http.request(method, f"{self.sandbox.keys['api_base']}{path}", headers=headers, timeout=PATIENCE, **asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@dataclass(frozen=True)
class Shop:
    """A signed-in buyer's browser, the course in front of them, and what the database and the sandbox say."""

    stand: Stand
    browser: Browser
    session: Session
    buyer: User
    course: Course
    transaction: Transaction

    @property
    def sandbox(self) -> Sandbox:
        return self.stand.sandbox

    def checkout(self) -> requests.Response:
        """See the price and press the button."""
        page = self.browser.get(f"/courses/{self.course.slug}/enroll")
        assert page.status_code == 200, page.text
        return self.browser.press(page, f"/courses/{self.course.slug}/checkout")

    def open_page(self) -> str:
        """The address of the payment page."""
        answer = self.checkout()
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def order(self) -> Order:
        self.session.rollback()
        return self.session.scalars(select(Order)).one()

    def rows(self, model: type[Base], *where: Any) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count()).select_from(model).where(*where)) or 0

    def event(self, session_id: str) -> StripeEvent:
        self.session.rollback()
        return self.session.scalars(select(StripeEvent).where(StripeEvent.object_id == session_id)).one()

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, f"It never came to be: {what}"
            time.sleep(0.02)

    def requests_to(self, path: str, method: str = "GET") -> int:
        """How many requests to a path the sandbox got."""
        return sum(f'"method":"{method}","path":"{path}' in line.replace(" ", "") for line in self._record())

    def _record(self) -> list[str]:
        record = self.sandbox.record / "requests.jsonl"
        return record.read_text().splitlines() if record.exists() else []

    def tell(self, payload: bytes, *, secret: str = "", signature: str | None = None, once: bool = False, **headers: str) -> int:
        """Post to our webhook as Stripe does, again while the site is busy if not `once`; returns the status."""
        with direct() as http:
            signed = sign(payload, secret=secret or self.sandbox.keys["webhook_secret"]) if signature is None else signature
            given = {"Content-Type": "application/json", "Stripe-Signature": signed, **headers}
            address = f"{self.stand.site.url}/stripe/webhook"

            def post() -> Any:
                return http.post(address, data=payload, headers=given, timeout=PATIENCE)

            return (post() if once else until_served(post)).status_code

    def till(self, *, after: timedelta = timedelta(0)) -> Till:
        env, later = self.stand.settings.host, wall_clock() + after
        return Till(transaction=self.transaction, payments=self.stand.gateway, env=env, is_live=False, now=later)

    def reconcile(self, *, after: timedelta = timedelta(0), is_deep: bool = False) -> ReconcileRun:
        """What the worker does, some time from now."""

        @contextmanager
        def read() -> Iterator[Session]:
            with self.stand.database.session(writes=False) as session:
                yield session

        audit = Audit(till=self.till(after=after), read=read, checks=(list_rights_without_enrollment,))
        run = reconcile(audit, is_deep=is_deep)
        assert run is not None
        return run


@pytest.fixture(scope="module")
def stand(
    settings: Settings, ports: Ports, shared_database: Database, shared_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    site = Site()
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), site.url)
    live = replace(
        settings,
        public_url=site.url,
        stripe_secret_key=sandbox.keys["secret_key"],
        stripe_webhook_secrets=(sandbox.keys["webhook_secret"], "whsec_before"),
        stripe_api_base=sandbox.keys["api_base"],
    )
    before = bus.subscriptions, post.templates, letterhead.seller
    gateway = StripeGateway(live)
    app = create_app(live, shared_database, Ports(payments=gateway, mailer=ports.mailer, keys=ports.keys))
    site.serve(app)
    yield Stand(site, sandbox, live, gateway, app, shared_database)
    sandbox.stop()
    site.stop()
    bus.subscriptions, post.templates, letterhead.seller = before


@pytest.fixture
def shop(stand: Stand, database: Database, session: Session, sign_in: SignIn, transaction: Transaction) -> Iterator[Shop]:
    with stand.app.app_context():
        limiter.reset()
    stand.sandbox.heal()
    stand.sandbox.tell("delivery", mode="normal")
    browser = Browser(stand.site.url)
    course = make_sellable_course(session)
    make_offering(session, course=course)
    buyer = make_user(session)
    sign_in(buyer, client=browser)  # type: ignore[arg-type]
    found = Shop(stand, browser, session, buyer, course, transaction)
    yield found
    stand.sandbox.heal()
    stand.sandbox.tell("delivery", mode="off")
    found.wait_until(lambda: not is_under_way(stand), "no webhook is under way")
    browser.close()


def is_under_way(stand: Stand) -> bool:
    """Whether a webhook of this test could still meet the next one's database."""
    deliveries = stand.api("GET", "/_sim/deliveries")["deliveries"]
    return any(delivery["state"] in {"waiting", "sending"} for delivery in deliveries)


def statuses(session: Session) -> list[InboxStatus]:
    session.rollback()
    return list(session.scalars(select(StripeEvent.status)))


def differences_about(shop: Shop, run: ReconcileRun) -> set[str]:
    """The broken rules of this test's order: a deep run also finds what other tests bought in the same sandbox."""
    shop.session.rollback()
    mine = {*shop.session.scalars(select(Order.number)), *shop.session.scalars(select(Payment.payment_intent))}
    return {difference["rule"] for difference in run.differences or [] if difference["ref"] in mine}
