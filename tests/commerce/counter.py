"""A shop at a lasting address, so that one sandbox serves the tests of a whole file; a buyer and a member of staff in it."""

import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce import queries
from laurel.commerce.models import Order, Payment, ReviewTask
from laurel.commerce.rules import OrderState
from laurel.commerce.services import Till
from tests.commerce.live import PATIENCE, Browser, Sandbox, Site


class Corner(Site):
    """A site at an address that outlives it: the sandbox, which is started once, reports there in every test."""

    def __init__(self, port: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{port}"
        self.thread = None


class Shared(Sandbox):
    """The module's sandbox, which a test does not stop."""

    def __init__(self, bank: Sandbox) -> None:
        self.__dict__.update(bank.__dict__)

    def stop(self) -> None:
        pass


@dataclass(frozen=True)
class Counter:
    """A buyer's browser, a member of staff's, the sandbox behind them, and what the database says."""

    browser: Browser
    desk: Browser
    sandbox: Sandbox
    session: Session
    course: Course
    buyer: User
    till: Till

    def checkout(self) -> str:
        """The address of the payment page."""
        page = self.browser.get(f"/courses/{self.course.slug}/enroll")
        answer = self.browser.press(page, f"/courses/{self.course.slug}/checkout")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def buy(self, **card: str) -> Order:
        self.browser.pay(self.checkout(), **card)
        self.wait_until(lambda: self.order().state is OrderState.PAID, "the order is paid")
        return self.order()

    def order(self) -> Order:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(select(Order).order_by(Order.created_at.desc())).first()  # type: ignore[return-value]

    def payment(self, order: Order) -> Payment:
        self.session.rollback()
        found = queries.find_main_payment(self.session, order.id)
        assert found is not None
        return found

    def has_course(self) -> bool:
        self.session.rollback()
        return queries.has_entitlement(self.session, self.buyer.id, self.course.id)

    def refund(self, order: Order, **form: str) -> requests.Response:
        """A member of staff looks at what would happen, and does it."""
        path = f"/backoffice/orders/{order.id}/refund"
        asked = self.desk.get(path)
        typed = {**fields_of(asked), **form}
        shown = self.desk.post(path, **{**typed, "act": "look"})
        assert shown.status_code == 200, shown.text
        return self.desk.post(path, **{**fields_of(shown), **form, "act": "refund"})

    def ask(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox._http.get(f"{self.sandbox.keys['api_base']}{path}", timeout=PATIENCE).json()
        return found

    def refunds_at_stripe(self, payment: Payment) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(f"/v1/refunds?payment_intent={payment.payment_intent}")["data"]
        return found

    def tasks(self) -> list[str]:
        self.session.rollback()
        return sorted(self.session.scalars(select(ReviewTask.kind)))

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, f"It never came to be: {what}"
            time.sleep(0.03)


def fields_of(page: requests.Response) -> dict[str, str]:
    """What the page's form holds."""
    inside = re.sub(r"\s+", " ", page.text).split('<form class="form"')[-1].split("</form>")[0]
    held = {"reason": "requested_by_customer"}
    for tag in re.findall(r"<input[^>]*>", inside):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="radio"' not in tag or "checked" in tag):
            held[name[1]] = value[1] if value else ""
    return held
