"""The buyer's way to the payment page: see the price, press the button."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from laurel.catalog.rules import CourseStatus
from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.models import Entitlement, Order
from laurel.commerce.rules import OrderState
from laurel.core.clock import now
from tests.commerce.patience import until_served
from tests.commerce.shopping import Shopping, text
from tests.conftest import QueryCount
from tests.factories.commerce import make_offering, make_sellable_course


def test_the_order_is_shown_before_it_is_one(shopping: Shopping) -> None:
    page = text(shopping.client.get(shopping.enroll_path))

    assert "$195" in page
    assert "All lessons" in page
    assert "Full refund within 14 days" in page
    assert "Continue to payment" in page
    assert shopping.session.scalar(select(func.count()).select_from(Order)) == 0


def test_the_currency_is_the_buyers_choice(shopping: Shopping) -> None:
    assert "€179" in text(shopping.client.get(f"{shopping.enroll_path}?currency=eur"))
    assert "$195" in text(shopping.client.get(f"{shopping.enroll_path}?currency=xyz"))


def test_the_page_takes_few_queries(shopping: Shopping, queries: QueryCount) -> None:
    queries.clear()
    shopping.client.get(shopping.enroll_path)

    assert queries.selects <= 9


def test_the_page_lets_its_form_end_at_stripe(shopping: Shopping) -> None:
    policy = shopping.client.get(shopping.enroll_path).headers["Content-Security-Policy"]

    assert "form-action 'self' https://checkout.stripe.com" in policy


def test_buying_leads_to_the_payment_page(shopping: Shopping) -> None:
    answer = shopping.buy(currency="eur", amount="17900", via="click-1")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://laurel.test/sandbox/pay/{shopping.session_id()}"
    order = shopping.order()
    assert (order.state, order.currency, order.total, order.click_token) == (OrderState.AWAITING_PAYMENT, "eur", 17900, "click-1")
    assert order.is_live is False


def test_a_bare_button_buys_in_the_first_currency(shopping: Shopping) -> None:
    assert shopping.buy().status_code == 303
    assert shopping.order().currency == "usd"


def test_a_malformed_click_is_forgotten_and_the_order_placed(shopping: Shopping) -> None:
    assert shopping.buy(via="<script>").status_code == 303
    assert shopping.order().click_token is None


@pytest.mark.parametrize("form", [{"currency": "gbp"}, {"currency": "DOLLARS"}, {"amount": "-5"}, {"amount": "lots"}])
def test_nonsense_is_answered_with_the_page_and_a_reason(shopping: Shopping, form: dict[str, str]) -> None:
    answer = shopping.buy(**form)

    assert answer.status_code == 400
    assert "Continue to payment" in text(answer)
    assert "Please check" in text(answer)
    assert shopping.session.scalar(select(func.count()).select_from(Order)) == 0


def test_nobody_pays_a_price_they_have_not_seen(shopping: Shopping) -> None:
    offer = queries.get_offer(shopping.session, shopping.course.id)
    services.set_price(shopping.session, offer.offering_id, currency="usd", unit_amount=20500, now=now())
    shopping.session.commit()

    answer = shopping.buy(currency="usd", amount="19500")

    assert answer.status_code == 409
    assert "it is $205 now" in text(answer)
    assert shopping.payments.checkouts == {}


def test_without_a_token_nothing_is_bought(shopping: Shopping) -> None:
    assert shopping.client.post(f"/courses/{shopping.course.slug}/checkout").status_code == 400
    assert shopping.payments.asked == []


def test_twenty_posts_at_once_lead_to_one_page(shopping: Shopping, app: Flask) -> None:
    token = shopping.csrf("/orders")
    cookie = shopping.client.get_cookie("laurel_demo", domain="laurel.test")
    assert cookie is not None

    def press(_number: int) -> tuple[int, str]:
        client = app.test_client()
        client.set_cookie("laurel_demo", cookie.value, domain="laurel.test")
        answer = until_served(lambda: client.post(f"/courses/{shopping.course.slug}/checkout", data={"csrf_token": token}))
        return answer.status_code, answer.headers["Location"]

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(press, range(20)))

    assert answers == {(303, f"http://laurel.test/sandbox/pay/{shopping.session_id()}")}
    assert len(shopping.payments.checkouts) == 1
    assert shopping.order().state is OrderState.AWAITING_PAYMENT


def test_a_visitor_is_asked_to_sign_in_and_led_back(app: Flask, shopping: Shopping) -> None:
    answer = app.test_client().get(f"{shopping.enroll_path}?via=click-1")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/register?next=/courses/")
    assert "click-1" in answer.headers["Location"]


def test_a_free_course_needs_no_payment(shopping: Shopping) -> None:
    free = make_sellable_course(shopping.session)
    make_offering(shopping.session, course=free, prices={"usd": 0, "eur": 0})
    shopping.session.commit()

    assert "Enroll for free" in text(shopping.client.get(f"/courses/{free.slug}/enroll"))
    first, second = (shopping.post(f"/courses/{free.slug}/checkout") for _ in range(2))

    assert [a.headers["Location"] for a in (first, second)] == [f"/learn/{free.slug}"] * 2
    assert shopping.payments.asked == []
    assert shopping.session.scalar(select(func.count()).select_from(Entitlement)) == 1


def test_a_course_that_one_has_is_not_sold_again(shopping: Shopping) -> None:
    shopping.buy()
    shopping.payments.pay(shopping.session_id())
    shopping.client.get(f"/orders/{shopping.order().id}?session_id={shopping.session_id()}")

    answer = shopping.buy()

    assert answer.status_code == 409
    assert "You already have this course" in text(answer)
    assert f'href="/learn/{shopping.course.slug}"' in text(shopping.client.get(shopping.enroll_path))
    assert len(shopping.payments.checkouts) == 1


def test_a_course_that_is_coming_cannot_be_bought(shopping: Shopping) -> None:
    coming = make_sellable_course(shopping.session, status=CourseStatus.COMING_SOON)
    make_offering(shopping.session, course=coming)
    shopping.session.commit()

    page = shopping.client.get(f"/courses/{coming.slug}/enroll")
    answer = shopping.post(f"/courses/{coming.slug}/checkout")

    assert "coming soon" in text(page)
    assert answer.status_code == 409
    assert "coming soon" in text(answer)


def test_a_course_that_does_not_exist_is_not_found(shopping: Shopping) -> None:
    assert shopping.client.get("/courses/no-such-course/enroll").status_code == 404


@pytest.mark.parametrize("problem", [PaymentsUnavailableError("down"), PaymentsRefusedError("our fault")])
def test_a_silent_provider_is_said_so_and_nothing_is_lost(shopping: Shopping, problem: Exception) -> None:
    shopping.payments.failures = [problem]

    answer = shopping.buy()

    assert answer.status_code == 503
    assert "You were not charged" in text(answer)
    assert "Resume payment" in text(answer)
    assert "down" not in text(answer)
    assert shopping.post(f"/orders/{shopping.order().id}/resume").status_code == 303
