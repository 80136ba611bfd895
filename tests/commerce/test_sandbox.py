"""Buying for real, offline: Stripe's own library, the sandbox's HTTP API, its payment page and its signed webhooks."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.commerce.models import CheckoutAttempt, Entitlement, Order, Payment, StripeEvent
from laurel.commerce.rules import AttemptState, InboxStatus, OrderState
from tests.commerce.live import DECLINED_CARD, PATIENCE, Browser, Sandbox
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course


@dataclass(frozen=True)
class Shop:
    """A signed-in buyer's browser, the course in front of them, and what the database says."""

    browser: Browser
    sandbox: Sandbox
    session: Session
    course: Course

    def checkout(self) -> requests.Response:
        """See the price and press the button."""
        page = self.browser.get(f"/courses/{self.course.slug}/enroll")
        assert page.status_code == 200, page.text
        return self.browser.press(page, f"/courses/{self.course.slug}/checkout")

    def order(self) -> Order:
        self.session.rollback()
        return self.session.scalars(select(Order).order_by(Order.created_at.desc())).first()  # type: ignore[return-value]

    def rights(self) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count()).select_from(Entitlement)) or 0

    def wait_until_paid(self) -> None:
        """The payment page sends the buyer back before we have heard of the payment, if that takes us longer than a few seconds."""
        self.wait_until(lambda: self.order().state is OrderState.PAID, "the order is paid")

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, f"It never came to be: {what}"
            time.sleep(0.05)


@pytest.fixture
def shop(buyers_browser: Browser, sandbox: Sandbox, session: Session, sign_in: SignIn) -> Shop:
    course = make_sellable_course(session)
    make_offering(session, course=course)
    sign_in(make_user(session), client=buyers_browser)  # type: ignore[arg-type]
    return Shop(buyers_browser, sandbox, session, course)


def test_4242_buys_the_course_and_the_webhook_entitles(shop: Shop) -> None:
    answer = shop.checkout()
    assert answer.status_code == 303
    pay_page = answer.headers["Location"]
    assert pay_page.startswith(f"{shop.browser.site}/sandbox/pay/cs_test_")
    shown = shop.browser.get(pay_page)
    assert "$195.00" in shown.text
    assert "Set-Cookie" not in shown.headers
    assert shown.headers["Cache-Control"] == "no-store"

    paid = shop.browser.pay(pay_page)

    # The webhook alone does it: nobody has asked for the return address yet.
    assert paid.status_code == 303
    shop.wait_until_paid()
    assert shop.rights() == 1
    back = shop.browser.get(paid.headers["Location"])
    assert "The course is yours" in back.text
    assert paid.headers["Location"] == f"{shop.browser.site}/orders/{shop.order().id}?session_id={pay_page.rpartition('/')[2]}"
    payment = shop.session.scalars(select(Payment)).one()
    assert (payment.amount, payment.last4, payment.method) == (19500, "4242", "card")


def test_a_declined_card_changes_nothing_and_another_card_works(shop: Shop) -> None:
    pay_page = shop.checkout().headers["Location"]

    declined = shop.browser.pay(pay_page, DECLINED_CARD)

    assert declined.status_code == 402
    assert "Your card was declined" in declined.text
    assert shop.order().state is OrderState.AWAITING_PAYMENT
    assert shop.rights() == 0
    assert shop.browser.pay(pay_page).status_code == 303
    shop.wait_until_paid()


def test_back_leads_to_the_order_and_resume_to_the_same_page(shop: Shop) -> None:
    pay_page = shop.checkout().headers["Location"]
    order = shop.order()
    assert f'href="{shop.browser.site}/orders/{order.id}"' in shop.browser.get(pay_page).text

    back = shop.browser.get(f"/orders/{order.id}")
    again = shop.browser.press(back, f"/orders/{order.id}/resume")

    assert "You were not charged" in back.text
    assert again.headers["Location"] == pay_page
    assert len(shop.sandbox.sessions()) == 1


def test_canceling_closes_the_payment_page(shop: Shop) -> None:
    pay_page = shop.checkout().headers["Location"]
    order = shop.order()

    answer = shop.browser.press(shop.browser.get(f"/orders/{order.id}"), f"/orders/{order.id}/cancel")

    assert answer.status_code == 303
    assert shop.order().state is OrderState.CANCELED
    assert shop.browser.pay(pay_page).status_code == 410
    assert shop.rights() == 0


def test_without_webhooks_the_return_address_alone_entitles_nobody(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="off")
    pay_page = shop.checkout().headers["Location"]
    order = shop.order()

    typed = shop.browser.get(f"/orders/{order.id}?session_id={pay_page.rpartition('/')[2]}")
    assert "This order is not paid yet" in typed.text
    paid = shop.browser.pay(pay_page)
    assert shop.order().state is OrderState.AWAITING_PAYMENT
    assert "not paid yet" in shop.browser.get(f"/orders/{order.id}").text
    shop.sandbox.tell("faults", kind="down", times=None)
    assert "We are confirming your payment" in shop.browser.get(paid.headers["Location"]).text
    assert shop.rights() == 0


def test_without_webhooks_the_provider_itself_is_asked(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="off")
    paid = shop.browser.pay(shop.checkout().headers["Location"])
    assert shop.rights() == 0

    page = shop.browser.get(paid.headers["Location"])

    assert "The course is yours" in page.text
    assert shop.rights() == 1


@pytest.mark.parametrize("mode", ["forged", "stale"])
def test_forged_and_replayed_webhooks_entitle_nobody(shop: Shop, mode: str) -> None:
    shop.sandbox.tell("delivery", mode=mode)

    shop.browser.pay(shop.checkout().headers["Location"])

    assert shop.order().state is OrderState.AWAITING_PAYMENT
    assert shop.session.scalar(select(func.count()).select_from(StripeEvent)) == 0


@pytest.mark.parametrize("asked", [{"mode": "duplicate", "copies": 20}, {"mode": "shuffled", "seconds": 1.0}])
def test_many_webhooks_in_any_order_entitle_once(shop: Shop, asked: dict[str, object]) -> None:
    shop.sandbox.tell("delivery", **asked)

    shop.browser.pay(shop.checkout().headers["Location"])

    shop.wait_until_paid()
    assert shop.rights() == 1
    assert shop.session.scalar(select(func.count()).select_from(Payment)) == 1


def test_an_expired_page_is_replaced_by_a_new_one(shop: Shop) -> None:
    first = shop.checkout().headers["Location"]
    shop.sandbox.tell(f"sessions/{first.rpartition('/')[2]}/expire")
    shop.wait_until(lambda: shop.order().state is OrderState.EXPIRED, "the order expires")
    order = shop.order()

    page = shop.browser.get(f"/orders/{order.id}")
    second = shop.browser.press(page, f"/orders/{order.id}/resume").headers["Location"]

    assert "The payment page has closed" in page.text
    assert first != second
    assert shop.browser.pay(second).status_code == 303
    shop.wait_until_paid()


def test_three_tries_are_made_and_the_third_may_succeed(shop: Shop) -> None:
    shop.sandbox.tell("faults", kind="down", method="POST", path_prefix="/v1/checkout/sessions", times=2)

    assert shop.checkout().status_code == 303
    keys = [asked["headers"].get("Idempotency-Key") for asked in shop.sandbox.asked("/v1/checkout/sessions")]
    assert keys == [f"laurel:{shop.browser.site.partition('//')[2]}:order:{shop.order().number}:cs:1"] * 3


def test_when_every_answer_is_lost_the_same_key_finds_the_same_page(shop: Shop) -> None:
    shop.sandbox.tell("faults", kind="timeout_after", method="POST", path_prefix="/v1/checkout/sessions", times=3)
    lost = shop.checkout()
    assert lost.status_code == 503
    assert "You were not charged" in lost.text
    order = shop.order()
    assert order.state is OrderState.CREATED
    assert shop.session.scalars(select(CheckoutAttempt)).one().state is AttemptState.UNKNOWN

    found = shop.browser.press(lost, f"/orders/{order.id}/resume")

    assert found.status_code == 303
    assert [session["id"] for session in shop.sandbox.sessions()] == [found.headers["Location"].rpartition("/")[2]]
    bodies = {json.dumps(asked["body"], sort_keys=True) for asked in shop.sandbox.asked("/v1/checkout/sessions")}
    assert len(bodies) == 1


def test_definite_errors_lead_to_a_new_key_and_one_order(shop: Shop) -> None:
    shop.sandbox.tell("faults", kind="500", method="POST", path_prefix="/v1/checkout/sessions", times=1)
    answers = [shop.checkout() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 303]
    assert shop.session.scalar(select(func.count()).select_from(Order)) == 1
    shop.session.rollback()
    assert [a.state for a in shop.session.scalars(select(CheckoutAttempt).order_by(CheckoutAttempt.n))] == ["dead", "open"]


def test_an_unreachable_provider_is_said_within_ten_seconds(shop: Shop) -> None:
    shop.sandbox.stop()
    began = time.monotonic()

    answer = shop.checkout()

    assert answer.status_code == 503
    assert "You were not charged" in answer.text
    assert time.monotonic() - began < 10


def test_a_webhook_that_comes_while_the_provider_is_silent_is_kept(shop: Shop) -> None:
    pay_page = shop.checkout().headers["Location"]
    shop.sandbox.tell("faults", kind="down", method="GET", times=None)

    shop.browser.pay(pay_page)

    shop.wait_until(
        lambda: InboxStatus.FAILED in set(shop.session.scalars(select(StripeEvent.status))) or bool(shop.session.rollback()),
        "an event waits to be tried again",
    )
    assert shop.rights() == 0


def test_staff_play_the_provider_on_the_control_page(shop: Shop, sign_in: SignIn) -> None:
    pay_page = shop.checkout().headers["Location"]
    shop.browser.pay(pay_page)
    charge = shop.session.scalars(select(Payment)).one().charge
    sign_in(make_user(shop.session, roles=["support"]), client=shop.browser)  # type: ignore[arg-type]

    page = shop.browser.get(f"/sandbox?id={charge}")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    pressed = shop.browser.post(f"/sandbox?id={charge}", do="refund", id=charge or "", amount="500", csrf_token=token[1])

    assert pressed.status_code == 303, pressed.text
    assert pressed.headers["Location"] == f"/sandbox?id={charge}&done=refund"
    assert "The money is on its way back" in shop.browser.get(pressed.headers["Location"]).text
    assert shop.browser.post("/sandbox", do="heal").status_code == 400


def test_buyers_do_not_see_the_control_page(shop: Shop) -> None:
    assert shop.browser.get("/sandbox").status_code == 403
    assert shop.browser.post("/sandbox", do="heal").status_code in (400, 403)
