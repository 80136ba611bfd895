"""The failure matrix of specs/payments.md §11, as far as it is about what is sold: rows 7, 24, 25, 28, 30, 31 and 34. Real HTTP
against the sandbox; each test is named after its row."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.app import Ports
from laurel.catalog.models import Course
from laurel.commerce import services
from laurel.commerce.models import CheckoutAttempt, DiscountCode, DiscountUse, Order, Payment, SeatPool, Voucher
from laurel.commerce.queries import find_current_offering, has_entitlement
from laurel.commerce.rules import DiscountUseState, OfferingKind, OrderState
from laurel.commerce.rules.seats import show_code
from laurel.core.clock import now
from laurel.core.db import Database
from laurel.settings import PaymentOption, Settings
from tests.commerce.live import Browser
from tests.commerce.market import Market, Stall, open_market
from tests.commerce.patience import until_served
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering, make_sellable_course

EVERYTHING = (PaymentOption.TAX, PaymentOption.TAX_IDS, PaymentOption.ADDRESS, PaymentOption.INVOICES)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, settings: Settings, shared_database: Database, ports: Ports) -> Iterator[Market]:
    with open_market(tmp_path_factory.mktemp("market"), settings, shared_database, ports) as found:
        yield found


@pytest.fixture(scope="module")
def strict_market(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings, shared_database: Database, ports: Ports
) -> Iterator[Market]:
    """A market with taxes, tax numbers, addresses, invoices and Stripe's own promotion codes."""
    folder = tmp_path_factory.mktemp("strict")
    with open_market(folder, settings, shared_database, ports, *EVERYTHING, PaymentOption.PROMOTION_CODES) as found:
        yield found


@pytest.fixture
def course(session: Session, database: Database) -> Course:
    """A course that costs 195 dollars or 179 euros, its seats 100 dollars each."""
    course = make_sellable_course(session)
    make_offering(session, course=course)
    make_offering(session, course=course, kind=OfferingKind.SEATS, prices={"usd": 10000, "eur": 9000})
    session.commit()
    return course


@pytest.fixture
def stall(market: Market, session: Session, course: Course, sign_in: SignIn, shared_app: Flask) -> Iterator[Stall]:
    yield from open_stall(market, session, sign_in)


@pytest.fixture
def strict_stall(strict_market: Market, session: Session, course: Course, sign_in: SignIn, shared_app: Flask) -> Iterator[Stall]:
    yield from open_stall(strict_market, session, sign_in)


def open_stall(market: Market, session: Session, sign_in: SignIn, user: User | None = None) -> Iterator[Stall]:
    browser = Browser(market.site.url)
    sign_in(user or make_user(session), client=browser)  # type: ignore[arg-type]
    yield Stall(market, browser, session)
    browser.close()
    market.come_to_rest()


def checkout(stall: Stall, course: Course, page: str = "enroll", **asked: object) -> requests.Response:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return stall.press(f"/courses/{course.slug}/{page}?{query}", f"/courses/{course.slug}/checkout")


def pay(stall: Stall, address: str, **form: str) -> requests.Response:
    """Fill in Stripe's page. `form` changes fields."""
    fields = {
        "email": "ada@example.com",
        "number": "4242 4242 4242 4242",
        "expiry": "12 / 34",
        "cvc": "123",
        "name": "Ada Lovelace",
        "country": "US",
        "action": "pay",
    }
    return stall.browser.post(address, **{**fields, **form})


def session_of(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]


def test_row_07_twenty_clicks_on_seats_with_a_code_are_one_order_one_page_and_one_use(stall: Stall, course: Course) -> None:
    make_code(stall.session, max_uses=1)
    stall.session.commit()
    page = stall.see(f"/courses/{course.slug}/seats?quantity=3&code=SPRING")
    path = f"/courses/{course.slug}/checkout"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _n: until_served(lambda: stall.browser.press(page, path)), range(20)))

    assert Counter(answer.status_code for answer in answers) == {303: 20}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert (stall.count(Order), stall.count(DiscountUse), stall.count(CheckoutAttempt)) == (1, 1, 1)
    assert stall.order().total == 24000
    assert pay(stall, answers[0].headers["Location"]).status_code == 303
    stall.wait_until_paid()
    assert stall.count(Voucher) == 3


def change_price(database: Database, offering_id: UUID) -> None:
    """In a session that writes: the site may be writing, too, and it waits for that."""
    with database.session(writes=True) as session:
        services.set_price(session, offering_id, currency="usd", unit_amount=25000, now=now())
        session.commit()


def test_row_24_the_price_of_an_open_page_holds_and_the_next_page_shows_the_new_one_first(
    stall: Stall, course: Course, database: Database
) -> None:
    address = checkout(stall, course).headers["Location"]
    offering = find_current_offering(stall.session, course.id)
    assert offering is not None
    change_price(database, offering.id)

    assert "$195" in stall.see(address).text
    pay(stall, address)

    stall.wait_until_paid()
    order = stall.order()
    assert (order.total, order.amount_paid) == (19500, 19500)


def test_row_24_after_the_page_expired_nobody_pays_the_old_price_unasked(stall: Stall, course: Course, database: Database) -> None:
    address = checkout(stall, course).headers["Location"]
    stall.market.tell(f"sessions/{session_of(address)}/expire")
    stall.wait_until(lambda: stall.order().state is OrderState.EXPIRED, "the order expires")
    offering = find_current_offering(stall.session, course.id)
    assert offering is not None
    change_price(database, offering.id)

    resumed = stall.press(f"/orders/{stall.order().id}", f"/orders/{stall.order().id}/resume")

    assert resumed.headers["Location"] == f"/courses/{course.slug}/enroll"
    shown = stall.see(resumed.headers["Location"]).text
    assert "The price has changed" in shown
    assert "$250" in shown


@pytest.mark.parametrize(("changes", "reason"), [
    ({"unit_amount": 100}, "subtotal $2 for $200"),
    ({"quantity": 1}, "subtotal $100 for $200"),
    ({"currency": "eur"}, "currency eur for usd"),
    ({"livemode": True}, "live mode"),
])  # fmt: skip
def test_row_25_what_was_paid_is_not_what_was_ordered(stall: Stall, course: Course, changes: dict[str, object], reason: str) -> None:
    address = checkout(stall, course, "seats", quantity=2).headers["Location"]
    stall.market.tell(f"sessions/{session_of(address)}/tamper", **changes)

    back = pay(stall, address)

    stall.wait_until(lambda: bool(stall.tasks()), "a person is asked")
    assert stall.order().state is OrderState.REVIEW
    assert reason in " ".join(stall.tasks())
    assert (stall.rights, stall.count(SeatPool)) == (0, 0)
    assert "We are checking this payment" in stall.see(back.headers["Location"]).text


def test_row_28_a_bank_debit_that_succeeds_days_later_gives_then(stall: Stall, course: Course) -> None:
    make_code(stall.session, max_uses=1)
    stall.session.commit()
    address = checkout(stall, course, "seats", quantity=2, code="SPRING").headers["Location"]

    back = pay(stall, address, method="bank", account="000123456789")

    stall.wait_until(lambda: stall.order().state is OrderState.PROCESSING, "the bank is asked")
    assert "Your payment is on its way" in stall.see(back.headers["Location"]).text
    assert (stall.rights, stall.count(SeatPool)) == (0, 0)
    assert uses(stall) == (1, 0)

    stall.market.tell(f"payments/{session_of(address)}/settle", outcome="succeeded")
    stall.wait_until(lambda: stall.order().state is OrderState.PAID, "the money arrives")
    assert stall.count(Voucher) == 2
    assert uses(stall) == (0, 1)


def test_row_28_a_bank_debit_that_fails_gives_the_code_back_and_may_be_tried_again(stall: Stall, course: Course) -> None:
    make_code(stall.session, max_uses=1)
    stall.session.commit()
    address = checkout(stall, course, code="SPRING").headers["Location"]
    pay(stall, address, method="bank", account="000222222227")
    stall.wait_until(lambda: stall.order().state is OrderState.PROCESSING, "the bank is asked")

    stall.market.tell(f"payments/{session_of(address)}/settle", outcome="failed")

    stall.wait_until(lambda: stall.order().state is OrderState.PAYMENT_FAILED, "the bank refuses")
    assert (stall.rights, uses(stall)) == (0, (0, 0))
    order = stall.order()
    again = stall.press(f"/orders/{order.id}", f"/orders/{order.id}/resume").headers["Location"]
    assert again != address
    assert uses(stall) == (1, 0)
    pay(stall, again)
    stall.wait_until_paid()
    assert (stall.order().total, uses(stall)) == (15600, (0, 1))


def uses(stall: Stall) -> tuple[int, int]:
    """(reserved, used) of the one code there is."""
    stall.session.rollback()
    code = stall.session.scalars(select(DiscountCode)).one()
    return code.reserved, code.used


def test_row_30_a_hundred_percent_code_of_ours_never_goes_to_stripe(stall: Stall, course: Course) -> None:
    make_code(stall.session, percent=100)
    stall.session.commit()
    before = len(stall.market.sandbox.sessions())

    answer = checkout(stall, course, code="SPRING")

    assert answer.headers["Location"] == f"/learn/{course.slug}"
    assert (stall.order().state, stall.rights, uses(stall)) == (OrderState.PAID, 1, (0, 1))
    assert len(stall.market.sandbox.sessions()) == before


def test_row_30_a_hundred_percent_code_of_stripes_grants_without_a_payment(strict_stall: Stall, course: Course) -> None:
    stall = strict_stall
    coupon = stall.market.make("coupons", percent_off="100", duration="once")
    stall.market.make(
        "promotion_codes", **{"promotion[type]": "coupon", "promotion[coupon]": coupon["id"], "code": f"GIFT{course.slug[-4:]}"}
    )
    address = checkout(stall, course).headers["Location"]
    code = f"GIFT{course.slug[-4:]}"

    pay(stall, address, code=code, action="update")
    pay(stall, address)

    stall.wait_until(lambda: stall.order().state is OrderState.PAID, "the order is granted")
    order = stall.order()
    assert (order.discount, order.total, order.amount_paid, stall.rights) == (19500, 0, 0, 1)
    assert stall.count(Payment) == 0


def test_row_31_the_last_use_of_a_code_goes_to_one_and_the_other_is_told_before_paying(
    stall: Stall, course: Course, sign_in: SignIn
) -> None:
    make_code(stall.session, max_uses=1)
    stall.session.commit()
    other = next(open_stall(stall.market, stall.session, sign_in))
    pages = [each.see(f"/courses/{course.slug}/enroll?code=SPRING") for each in (stall, other)]
    path = f"/courses/{course.slug}/checkout"
    assert all("$156" in page.text for page in pages)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].browser.press(pair[1], path), zip((stall, other), pages, strict=True)))

    assert sorted(answer.status_code for answer in answers) == [303, 400]
    refused = next(answer for answer in answers if answer.status_code == 400)
    assert "used up" in refused.text
    assert "$195" in refused.text
    assert (stall.count(Order), uses(stall)) == (1, (1, 0))
    won = next(answer for answer in answers if answer.status_code == 303)
    assert pay(stall, won.headers["Location"]).status_code == 303
    stall.wait_until_paid()
    assert stall.session.scalars(select(DiscountUse.state)).all() == [DiscountUseState.USED]
    other.browser.close()


def test_row_34_two_people_one_code_and_one_person_two_seats_and_after_replacing(stall: Stall, course: Course, sign_in: SignIn) -> None:
    buyer_stall = stall
    back = pay(stall, checkout(stall, course, "seats", quantity=3).headers["Location"])
    buyer_stall.see(back.headers["Location"])
    stall.session.rollback()
    vouchers = list(stall.session.scalars(select(Voucher).order_by(Voucher.seat_no)))
    people = [make_user(stall.session) for _ in range(2)]
    stalls = [next(open_stall(stall.market, stall.session, sign_in, person)) for person in people]
    code = show_code(vouchers[0].code)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: each.press(f"/redeem?code={code}", "/redeem", code=code), stalls))

    assert sorted(answer.status_code for answer in answers) == [303, 400]
    winner, loser = (0, 1) if answers[0].status_code == 303 else (1, 0)
    assert "Somebody else has used this code" in answers[loser].text
    assert f"/learn/{course.slug}" in answers[winner].headers["Location"]
    second = show_code(vouchers[1].code)
    again = stalls[winner].press("/redeem", "/redeem", code=second)
    assert (again.status_code, "You have this course already" in again.text) == (400, True)

    seat = f"/account/seats/{vouchers[1].pool_id}/{vouchers[1].id}"
    assert buyer_stall.press(seat, f"{seat}/replace").status_code == 303
    refused = stalls[loser].press("/redeem", "/redeem", code=second)
    assert (refused.status_code, "do not know this code" in refused.text) == (400, True)
    fresh = re.search(r"<code>([0-9A-Z*~$=-]+)</code>", buyer_stall.see(seat).text)
    assert fresh is not None
    assert stalls[loser].press("/redeem", "/redeem", code=fresh[1]).status_code == 303
    stall.session.rollback()
    assert all(has_entitlement(stall.session, person.id, course.id) for person in people)
    for each in stalls:
        each.browser.close()


def test_tax_billing_and_invoice_of_a_business_are_kept_with_its_order(strict_stall: Stall, course: Course) -> None:
    stall = strict_stall
    address = checkout(stall, course, "seats", quantity=2, currency="eur").headers["Location"]

    pay(stall, address, country="DE", business="Analytical Engines GmbH", tax_id="DE123456789", action="update")
    back = pay(stall, address, country="DE", business="Analytical Engines GmbH", tax_id="DE123456789")

    stall.wait_until(lambda: stall.order().invoice_url is not None, "the invoice is there")
    order = stall.order()
    assert (order.state, order.total, order.tax) == (OrderState.PAID, 18000, 2874)
    assert order.billing is not None
    assert order.billing["name"] == "Analytical Engines GmbH"
    assert order.billing["tax_ids"] == [{"type": "eu_vat", "value": "DE123456789"}]
    assert order.billing["address"]["country"] == "DE"
    page = stall.see(back.headers["Location"]).text
    assert "Analytical Engines GmbH" in page
    assert "Tax included" in page
    assert order.invoice_url is not None
    assert order.invoice_url in page
