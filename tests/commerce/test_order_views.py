"""The buyer's orders: coming back, resuming, canceling, the list, the receipt."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import CheckoutAttempt, Order
from laurel.commerce.rules import OfferingKind, OrderState
from laurel.commerce.services.fulfilling import settle
from laurel.core.clock import now
from tests.commerce.shopping import Shopping, text
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_order, make_paid_order


def test_back_from_the_payment_page_the_order_can_be_resumed(shopping: Shopping) -> None:
    shopping.buy()
    order = shopping.order()

    page = shopping.client.get(f"/orders/{order.id}")
    answer = shopping.post(f"/orders/{order.id}/resume")

    assert "This order is not paid yet" in text(page)
    assert "You were not charged" in text(page)
    assert answer.headers["Location"].endswith(shopping.session_id())
    assert len(shopping.payments.checkouts) == 1


def test_coming_back_after_paying_shows_the_course(shopping: Shopping) -> None:
    shopping.buy()
    shopping.payments.pay(shopping.session_id())

    page = text(shopping.client.get(f"/orders/{shopping.order().id}?session_id={shopping.session_id()}"))

    assert "The course is yours" in page
    assert f'href="/learn/{shopping.course.slug}"' in page
    assert "ending in 4242" in page


def test_the_return_address_itself_grants_nothing(shopping: Shopping) -> None:
    """Typed by hand, before anything was paid: the provider is asked, and says no."""
    shopping.buy()

    page = shopping.client.get(f"/orders/{shopping.order().id}?session_id={shopping.session_id()}")

    assert "This order is not paid yet" in text(page)
    assert "Refresh" not in page.headers
    assert not queries.has_entitlement(shopping.session, shopping.buyer.id, shopping.course.id)


def test_without_webhook_and_without_an_answer_there_is_no_access(shopping: Shopping) -> None:
    shopping.buy()
    shopping.payments.pay(shopping.session_id())
    shopping.payments.failures = [PaymentsUnavailableError("timeout")] * 5

    page = shopping.client.get(f"/orders/{shopping.order().id}?session_id={shopping.session_id()}")
    plain = shopping.client.get(f"/orders/{shopping.order().id}")

    assert "We are confirming your payment" in text(page)
    assert page.headers["Refresh"].startswith("3; url=/orders/")
    assert "not paid yet" in text(plain)
    assert not queries.has_entitlement(shopping.session, shopping.buyer.id, shopping.course.id)
    assert shopping.order().state is OrderState.AWAITING_PAYMENT


@pytest.mark.parametrize("state", [OrderState.EXPIRED, OrderState.CANCELED])
def test_a_closed_order_that_was_paid_at_the_last_moment_is_not_called_unpaid(shopping: Shopping, state: OrderState) -> None:
    shopping.buy()
    shopping.session.scalars(select(Order)).one().state = state
    shopping.session.commit()
    shopping.payments.pay(shopping.session_id())

    page = shopping.client.get(f"/orders/{shopping.order().id}?session_id={shopping.session_id()}")

    assert "The course is yours" in text(page)


def test_the_page_stops_reloading_after_a_minute(shopping: Shopping) -> None:
    shopping.buy()
    shopping.payments.failures = [PaymentsUnavailableError("timeout")] * 5
    address = f"/orders/{shopping.order().id}?session_id={shopping.session_id()}"

    page = shopping.client.get(f"{address}&looks=20")

    assert "Refresh" not in page.headers
    assert "longer than usual" in text(page)
    assert "Refresh" not in shopping.client.get(f"{address}&looks=many").headers


def test_the_provider_is_asked_once_however_often_the_page_is_loaded(shopping: Shopping) -> None:
    shopping.buy()
    address = f"/orders/{shopping.order().id}?session_id={shopping.session_id()}"
    shopping.payments.asked.clear()

    for _ in range(5):
        shopping.client.get(address)

    assert shopping.payments.asked == [f"fetch:{shopping.session_id()}"]


def test_a_paid_order_is_shown_without_asking(shopping: Shopping) -> None:
    shopping.buy()
    shopping.payments.pay(shopping.session_id())
    address = f"/orders/{shopping.order().id}?session_id={shopping.session_id()}"
    shopping.client.get(address)
    shopping.payments.asked.clear()

    assert "The course is yours" in text(shopping.client.get(address))
    assert shopping.payments.asked == []


def test_someone_elses_checkout_opens_nothing(shopping: Shopping, sign_in: SignIn) -> None:
    shopping.buy()
    paid = shopping.payments.pay(shopping.session_id()).session_id
    victim = shopping.order().id
    sign_in(make_user(shopping.session))
    mine = make_order(shopping.session, buyer=None)
    shopping.session.commit()

    assert shopping.client.get(f"/orders/{victim}?session_id={paid}").status_code == 404
    assert shopping.client.get(f"/orders/{mine.id}?session_id={paid}").status_code == 404
    assert shopping.client.get(f"/orders/{uuid4()}").status_code == 404
    for path in (f"/orders/{victim}/resume", f"/orders/{victim}/cancel"):
        assert shopping.post(path).status_code == 404


def test_a_session_of_another_own_order_is_not_found(shopping: Shopping) -> None:
    shopping.buy()
    other = make_order(shopping.session, buyer=shopping.buyer)
    shopping.session.commit()

    assert shopping.client.get(f"/orders/{other.id}?session_id={shopping.session_id()}").status_code == 404


def test_an_order_can_be_canceled(shopping: Shopping) -> None:
    shopping.buy()

    answer = shopping.post(f"/orders/{shopping.order().id}/cancel")

    assert answer.status_code == 303
    assert shopping.order().state is OrderState.CANCELED
    assert "Order again" in text(shopping.client.get(f"/orders/{shopping.order().id}"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (OrderState.CREATED, "not paid yet"),
        (OrderState.PROCESSING, "Your bank needs some time"),
        (OrderState.EXPIRED, "The payment page has closed"),
        (OrderState.PAYMENT_FAILED, "did not go through"),
        (OrderState.REVIEW, "You need not do anything"),
        (OrderState.CANCELED, "This order was canceled"),
    ],
)
def test_every_state_says_what_to_do(shopping: Shopping, state: OrderState, words: str) -> None:
    order = make_order(shopping.session, buyer=shopping.buyer)
    order.state = state
    shopping.session.commit()

    assert words in text(shopping.client.get(f"/orders/{order.id}"))


def test_who_bought_seats_is_told_nothing_of_a_course_that_opens_or_closes(shopping: Shopping) -> None:
    order = make_paid_order(shopping.session, buyer=shopping.buyer)
    queries.list_lines(shopping.session, order.id)[0].kind = OfferingKind.SEATS
    order.amount_refunded = order.amount_paid
    shopping.session.commit()
    given_back = text(shopping.client.get(f"/orders/{order.id}"))
    order.amount_refunded, order.state = 0, OrderState.PROCESSING
    shopping.session.commit()
    on_its_way = text(shopping.client.get(f"/orders/{order.id}"))

    assert "$195 went back to you." in given_back
    assert "Your payment is on its way" in on_its_way
    assert "The course" not in given_back
    assert "the course opens" not in on_its_way


def test_an_order_of_another_amount_that_staff_took_adds_up(shopping: Shopping) -> None:
    order = make_order(shopping.session, buyer=shopping.buyer)
    settle(shopping.session, order, amount_paid=20000, ref="pi_1", now=now())
    shopping.session.commit()

    page = text(shopping.client.get(f"/orders/{order.id}"))

    assert "<dt>Paid beyond the price</dt><dd>$5</dd>" in page
    assert "<dt>Paid beyond the price</dt><dd>$5</dd>" in text(shopping.client.get(f"/orders/{order.id}/receipt", follow_redirects=True))


def test_an_order_past_paying_is_shown_instead_of_paid(shopping: Shopping) -> None:
    order = make_order(shopping.session, buyer=shopping.buyer)
    order.state = OrderState.REVIEW
    shopping.session.commit()

    answer = shopping.post(f"/orders/{order.id}/resume")

    assert answer.headers["Location"] == f"/orders/{order.id}"


def test_an_expired_order_at_an_old_price_leads_to_the_new_price(shopping: Shopping) -> None:
    shopping.buy()
    order = shopping.order()
    order.state, order.expires_at = OrderState.EXPIRED, None
    shopping.session.scalars(select(CheckoutAttempt)).one().state = "expired"  # type: ignore[assignment]
    offer = queries.get_offer(shopping.session, shopping.course.id)
    services.set_price(shopping.session, offer.offering_id, currency="usd", unit_amount=20500, now=now() + timedelta(seconds=1))
    shopping.session.commit()

    answer = shopping.post(f"/orders/{order.id}/resume")

    assert answer.headers["Location"] == shopping.enroll_path


def test_a_payment_page_elsewhere_is_not_followed(shopping: Shopping) -> None:
    shopping.buy()
    attempt = shopping.session.scalars(select(CheckoutAttempt)).one()
    attempt.url = "https://checkout.stripe.com.evil.example/pay"
    shopping.session.commit()

    answer = shopping.buy()

    assert answer.status_code == 503
    assert "Location" not in answer.headers


def test_my_orders_are_mine_and_come_in_pages(shopping: Shopping, sign_in: SignIn) -> None:
    for _ in range(30):
        make_order(shopping.session, buyer=shopping.buyer)
    stranger = make_order(shopping.session)
    shopping.session.commit()

    first = text(shopping.client.get("/orders"))
    second = text(shopping.client.get("/orders?page=2"))

    assert first.count("L-") == 25
    assert second.count("L-") == 5
    assert stranger.number not in first + second
    assert "Page 1 of 2 · 30 orders" in first


def test_the_list_takes_as_many_queries_for_many_orders_as_for_one(shopping: Shopping, queries: QueryCount) -> None:
    counts = []
    for _ in range(3):
        make_order(shopping.session, buyer=shopping.buyer)
        shopping.session.commit()
        queries.clear()
        shopping.client.get("/orders")
        counts.append(queries.selects)

    assert counts[1] == counts[2]  # the first one warms the connection up


def test_no_orders_yet_is_a_page_too(shopping: Shopping) -> None:
    assert "No orders yet" in text(shopping.client.get("/orders"))


def test_a_paid_order_has_a_receipt(shopping: Shopping) -> None:
    shopping.buy()
    order = shopping.order()
    assert shopping.client.get(f"/orders/{order.id}/receipt").status_code == 409
    shopping.payments.pay(shopping.session_id())
    shopping.client.get(f"/orders/{order.id}?session_id={shopping.session_id()}")

    page = text(shopping.client.get(f"/orders/{order.id}/receipt", follow_redirects=True))

    assert f"Receipt R-{now().year}-000001" in page.replace('<span class="nowrap">', "")
    assert order.number in page
    assert "$195" in page
    assert shopping.buyer.email in page
    assert "Laurel Academy" in page


def test_personal_pages_are_not_kept_by_caches(shopping: Shopping) -> None:
    for path in (shopping.enroll_path, "/orders"):
        assert shopping.client.get(path).headers["Cache-Control"] == "no-store"


def test_the_sandboxs_page_without_sandbox_is_unavailable(client: FlaskClient) -> None:
    assert client.get("/sandbox/pay/cs_test_1").status_code == 503
    assert client.get("/sandbox/pay/..%2f_sim").status_code == 404
