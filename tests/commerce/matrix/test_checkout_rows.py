"""The failure matrix (specs/payments.md §11), rows 1-6, 18-21, 29 and 35: over real HTTP, against the sandbox."""

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from laurel.accounts.models import User
from laurel.commerce.models import CheckoutAttempt, Entitlement, Order, Payment, Receipt
from laurel.commerce.queries.receipts import list_receipts_of, read_sheet
from laurel.commerce.rules import AttemptState, OrderState
from laurel.web.errors import HELP
from tests.commerce.conftest import event_body
from tests.commerce.live import Browser
from tests.commerce.matrix.conftest import Shop, differences_about
from tests.conftest import SignIn
from tests.factories.accounts import make_user

SESSIONS = "/v1/checkout/sessions"


def attempt_of(shop: Shop) -> CheckoutAttempt:
    shop.session.rollback()
    return shop.session.scalars(select(CheckoutAttempt).order_by(CheckoutAttempt.n.desc())).first()  # type: ignore[return-value]


def forget_the_answer(shop: Shop) -> None:
    """As if our process had died between Stripe's answer and noting it."""
    shop.session.execute(update(CheckoutAttempt).values(state=AttemptState.CREATING, session_id=None, url=None))
    shop.session.execute(update(Order).values(state=OrderState.CREATED, expires_at=None))
    shop.session.commit()


def name_of(page: str) -> str:
    return page.rpartition("/")[2]


def test_row_01_stripe_unreachable_three_tries_and_nobody_is_charged(shop: Shop) -> None:
    shop.sandbox.tell("faults", kind="down", method="POST", path_prefix=SESSIONS, times=None)
    before, began = shop.requests_to(SESSIONS, "POST"), time.monotonic()

    answer = shop.checkout()

    assert answer.status_code == 503
    assert "You were not charged" in answer.text
    assert time.monotonic() - began < 10
    assert shop.requests_to(SESSIONS, "POST") - before == 3
    assert (shop.order().state, attempt_of(shop).state) == (OrderState.CREATED, AttemptState.UNKNOWN)
    assert shop.rows(Entitlement) == 0


def test_row_02_an_answer_that_is_lost_leads_to_the_same_session(shop: Shop) -> None:
    known = len(shop.stand.api("GET", SESSIONS, limit=100)["data"])
    shop.sandbox.tell("faults", kind="timeout_after", method="POST", path_prefix=SESSIONS, times=3)
    lost = shop.checkout()
    assert lost.status_code == 503

    found = shop.browser.press(lost, f"/orders/{shop.order().id}/resume")

    assert found.status_code == 303
    assert len(shop.stand.api("GET", SESSIONS, limit=100)["data"]) == known + 1
    assert attempt_of(shop).session_id == name_of(found.headers["Location"])


def test_row_03_after_a_crash_the_comparison_finds_the_page(shop: Shop) -> None:
    page = shop.open_page()
    forget_the_answer(shop)

    run = shop.reconcile(after=timedelta(minutes=3))

    assert (run.counts or {})["attempts_sent_again"] == 1
    assert attempt_of(shop).session_id == name_of(page)
    assert shop.order().state is OrderState.AWAITING_PAYMENT


def test_row_03_a_webhook_that_comes_first_is_adopted(shop: Shop) -> None:
    page = shop.open_page()
    forget_the_answer(shop)

    shop.browser.pay(page)

    shop.wait_until(lambda: shop.order().state is OrderState.PAID, "the order is paid")
    assert attempt_of(shop).session_id == name_of(page)
    assert shop.rows(Entitlement) == 1


def test_row_04_a_500_that_is_replayed_leads_to_a_new_key_and_one_order(shop: Shop) -> None:
    shop.sandbox.tell("faults", kind="500", method="POST", path_prefix=SESSIONS, times=1)

    answers = [shop.checkout() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 303]
    assert shop.rows(Order) == 1
    assert attempt_of(shop).n == 2


@pytest.mark.parametrize("kind", ["429"])
def test_row_05_a_busy_stripe_is_asked_again_after_a_pause(shop: Shop, kind: str) -> None:
    shop.sandbox.tell("faults", kind=kind, method="POST", path_prefix=SESSIONS, times=2)

    assert shop.checkout().status_code == 303


def test_row_05_a_stripe_that_stays_busy_is_as_good_as_none(shop: Shop) -> None:
    shop.sandbox.tell("faults", kind="429", method="POST", path_prefix=SESSIONS, times=None)
    began = time.monotonic()

    answer = shop.checkout()

    assert answer.status_code == 503
    assert time.monotonic() - began < 10
    assert attempt_of(shop).state is AttemptState.UNKNOWN


def test_row_06_a_wrong_key_is_said_to_staff_and_tried_once(shop: Shop, sign_in: SignIn) -> None:
    staff = Browser(shop.stand.site.url)
    sign_in(make_user(shop.session, roles=["admin"]), client=staff)  # type: ignore[arg-type]
    page = shop.open_page()
    with shop.stand.key("sk_test_wrong"):
        assert shop.browser.press(shop.browser.get(f"/orders/{shop.order().id}"), f"/orders/{shop.order().id}/cancel").status_code == 503
        run = shop.reconcile(after=timedelta(minutes=20))

    assert (run.error or "").startswith("key_refused")
    assert "Stripe does not accept our key" in staff.get("/backoffice").text
    shop.reconcile(after=timedelta(minutes=25))
    assert "Stripe does not accept our key" not in staff.get("/backoffice").text
    assert shop.browser.pay(page).status_code == 303
    staff.close()


def test_row_18_the_return_before_the_webhook_asks_stripe_once(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="off")
    page = shop.open_page()
    back = shop.browser.pay(page).headers["Location"]
    path = f"{SESSIONS}/{name_of(page)}"
    before = shop.requests_to(path)

    shown = [shop.browser.get(back).text for _ in range(3)]

    assert all("The course is yours" in text for text in shown)
    assert shop.requests_to(path) == before + 1
    assert shop.tell(event_body("checkout.session.completed", name_of(page))) == 200
    assert shop.rows(Entitlement) == shop.rows(Receipt) == 1


def test_row_18_a_page_that_is_loaded_again_and_again_asks_no_more_than_every_ten_seconds(shop: Shop) -> None:
    page = shop.open_page()
    back = f"/orders/{shop.order().id}?session_id={name_of(page)}"
    before = shop.requests_to(f"{SESSIONS}/{name_of(page)}")

    for _ in range(5):
        shop.browser.get(back)

    assert shop.requests_to(f"{SESSIONS}/{name_of(page)}") == before + 1


def test_row_19_the_webhook_before_the_return_needs_no_question(shop: Shop) -> None:
    page = shop.open_page()
    back = shop.browser.pay(page).headers["Location"]
    shop.wait_until(lambda: shop.order().state is OrderState.PAID, "the order is paid")
    before = shop.requests_to(f"{SESSIONS}/{name_of(page)}")

    assert "The course is yours" in shop.browser.get(back).text
    assert shop.requests_to(f"{SESSIONS}/{name_of(page)}") == before


def test_row_20_without_webhook_and_buyer_the_comparison_grants_within_ten_minutes(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="off")
    shop.browser.pay(shop.open_page())
    assert shop.rows(Entitlement) == 0

    run = shop.reconcile(after=timedelta(minutes=5))

    assert shop.order().state is OrderState.PAID
    assert shop.rows(Entitlement) == 1
    assert run.differences == []


def test_row_20_what_was_never_delivered_is_read_from_the_list_of_events(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="off")
    shop.browser.pay(shop.open_page())

    run = shop.reconcile()  # too early to ask about the page itself

    assert shop.order().state is OrderState.PAID
    assert (run.counts or {})["events_missed"] >= 1


def test_row_20_every_night_each_payment_is_compared(shop: Shop) -> None:
    shop.browser.pay(shop.open_page())
    shop.wait_until(lambda: shop.order().state is OrderState.PAID, "the order is paid")
    assert differences_about(shop, shop.reconcile(is_deep=True)) == set()
    shop.session.execute(update(Payment).values(amount=Payment.amount - 1))
    shop.session.commit()

    assert differences_about(shop, shop.reconcile(is_deep=True)) == {"charge_amount", "paid_sum"}


@pytest.mark.parametrize("session_id", ["cs_test_of_nobody", "", "../../v1/account", "x" * 300])
def test_row_21_a_return_address_typed_by_hand_gives_nothing(shop: Shop, session_id: str) -> None:
    shop.open_page()

    answer = shop.browser.get(f"/orders/{shop.order().id}?session_id={session_id}")

    assert answer.status_code == 404
    assert shop.rows(Entitlement) == 0


def test_row_21_someone_elses_order_and_session_do_not_exist(shop: Shop, sign_in: SignIn) -> None:
    shop.sandbox.tell("delivery", mode="off")
    back = shop.browser.pay(shop.open_page()).headers["Location"]
    thief = Browser(shop.stand.site.url)
    sign_in(make_user(shop.session), client=thief)  # type: ignore[arg-type]

    answer = thief.get(back)

    assert answer.status_code == 404
    assert HELP[404].title in answer.text
    assert shop.order().state is OrderState.AWAITING_PAYMENT
    assert Browser(shop.stand.site.url).get(back).status_code == 302
    thief.close()


def test_row_29_paid_wins_over_an_expiry_that_we_believed(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="off")
    page = shop.open_page()
    shop.browser.pay(page)
    shop.session.execute(update(CheckoutAttempt).values(state=AttemptState.EXPIRED))
    shop.session.execute(update(Order).values(state=OrderState.EXPIRED))
    shop.session.commit()

    assert shop.tell(event_body("checkout.session.completed", name_of(page))) == 200
    assert shop.order().state is OrderState.PAID
    assert shop.tell(event_body("checkout.session.expired", name_of(page), event_id="evt_2")) == 200
    assert shop.order().state is OrderState.PAID
    assert shop.rows(Entitlement) == 1


def test_row_35_whoever_is_pseudonymized_leaves_order_and_receipt_whole_and_cannot_be_deleted(shop: Shop) -> None:
    shop.browser.pay(shop.open_page())
    shop.wait_until(lambda: shop.order().state is OrderState.PAID, "the order is paid")
    name, order = shop.buyer.name, shop.order()
    shop.session.execute(update(User).where(User.id == order.buyer_id).values(name="Former learner", email="gone@example.invalid"))
    shop.session.commit()

    sheet = read_sheet(shop.session, list_receipts_of(shop.session, order.id)[0])

    assert name in sheet.buyer
    assert re.match(r"R-\d{4}-000001", sheet.number)
    shop.session.rollback()
    with pytest.raises(IntegrityError):
        shop.session.execute(User.__table__.delete().where(User.id == order.buyer_id))  # type: ignore[attr-defined]
    shop.session.rollback()
    assert shop.reconcile().differences == []
