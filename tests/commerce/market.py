"""A shop in front of the sandbox that outlives one test: one process and one server for a whole module."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.app import Ports, create_app
from laurel.commerce.models import Entitlement, Order, ReviewTask
from laurel.commerce.rules import OrderState
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.core.bus import bus
from laurel.core.db import Database
from laurel.core.mail import post
from laurel.settings import PaymentOption, Settings
from tests.commerce.live import PATIENCE, Browser, Sandbox, Site, direct


@dataclass(frozen=True)
class Market:
    """The site, the sandbox that reports to it, and the real adapter between them."""

    site: Site
    sandbox: Sandbox
    gateway: StripeGateway

    def tell(self, path: str, **asked: Any) -> dict[str, Any]:
        """Use the sandbox's control API and hear the answer."""
        return self._ask(f"/_sim/{path}", json=asked)

    def make(self, path: str, **params: str) -> dict[str, Any]:
        """Do something at Stripe by hand, as an operator in the dashboard would."""
        return self._ask(f"/v1/{path}", data=params)

    def come_to_rest(self) -> None:
        """Wait until everything that was to be reported has been reported: the next test has another database."""
        end = time.monotonic() + PATIENCE
        while any(one["state"] == "sending" or (one["state"] == "waiting" and not one["attempts"]) for one in self._deliveries()):
            assert time.monotonic() < end, "The sandbox is still reporting."
            time.sleep(0.02)

    def _deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("/_sim/deliveries", method="GET")["deliveries"]
        return found

    def _ask(self, path: str, *, method: str = "POST", **how: Any) -> dict[str, Any]:
        keys = self.sandbox.keys
        headers = {"Authorization": f"Bearer {keys['secret_key']}"}
        with direct() as http:
            answer = http.request(method, keys["api_base"] + path, headers=headers, timeout=PATIENCE, **how)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def open_market(folder: Path, settings: Settings, database: Database, ports: Ports, *options: PaymentOption) -> Iterator[Market]:
    """`database` is the one that each test connects anew. What is global is put back afterwards."""
    before = bus.subscriptions, post.templates
    site = Site()
    sandbox = Sandbox(folder, site.url)
    live = replace(
        settings,
        public_url=site.url,
        stripe_secret_key=sandbox.keys["secret_key"],
        stripe_webhook_secrets=(sandbox.keys["webhook_secret"],),
        stripe_api_base=sandbox.keys["api_base"],
        payment_options=frozenset(options),
    )
    gateway = StripeGateway(live)
    site.serve(create_app(live, database, Ports(payments=gateway, mailer=ports.mailer, keys=ports.keys)))
    try:
        yield Market(site, sandbox, gateway)
    finally:
        sandbox.stop()
        site.stop()
        bus.subscriptions, post.templates = before


@dataclass(frozen=True)
class Stall:
    """One signed-in buyer's browser in the market, and what the database says."""

    market: Market
    browser: Browser
    session: Session

    def see(self, path: str) -> requests.Response:
        page = self.browser.get(path)
        assert page.status_code == 200, page.text
        return page

    def press(self, page: str, action: str, **form: str) -> requests.Response:
        """See a page of ours and press the button of the form that goes to `action`."""
        return self.browser.press(self.see(page), action, **form)

    def order(self) -> Order:
        """The latest order."""
        self.session.rollback()
        found = self.session.scalars(select(Order).order_by(Order.created_at.desc(), Order.id.desc())).first()
        assert found is not None
        return found

    def count(self, kind: Any) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count()).select_from(kind)) or 0

    @property
    def rights(self) -> int:
        return self.count(Entitlement)

    def tasks(self) -> list[str]:
        self.session.rollback()
        return list(self.session.scalars(select(ReviewTask.detail)))

    def wait_until_paid(self) -> None:
        """Stripe's page sends the buyer back before we have heard of the payment, if that takes us longer than a few seconds."""
        self.wait_until(lambda: self.order().state is OrderState.PAID, "the order is paid")

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, f"It never came to be: {what}"
            time.sleep(0.05)
