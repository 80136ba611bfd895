"""Getting to a payment page: once, again, and when the provider does not answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.models import CheckoutAttempt, Order, PaymentCustomer, ReviewTask
from laurel.commerce.rules import AttemptState, OrderState
from laurel.commerce.services import Till
from laurel.commerce.services.checkout import NothingToPayError
from laurel.commerce.services.orders import AlreadyOwnedError, PriceChangedError
from tests.commerce.conftest import Transaction
from tests.commerce.racing import AT_WORK
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.fakes import FakePayments

RETURN_URL = "http://laurel.test/orders/1"


@dataclass(frozen=True)
class Shopper:
    """Somebody in front of a course that costs 195 dollars."""

    buyer_id: UUID
    course_id: UUID
    offering_id: UUID

    def buy(self, till: Till, currency: str = "usd") -> Order:
        return services.buy(till, buyer_id=self.buyer_id, course_id=self.course_id, currency=currency, click_token="click")

    def pay_page(self, till: Till) -> str:
        return services.open_checkout(till, self.buy(till).id, return_url=RETURN_URL)


@pytest.fixture
def shopper(transaction: Transaction) -> Shopper:
    with transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    return Shopper(buyer.id, offering.course_id, offering.id)


@pytest.fixture
def order_of(transaction: Transaction) -> Callable[[UUID], Order]:
    def read(order_id: UUID) -> Order:
        with transaction() as session:
            return queries.get_order(session, order_id)

    return read


def attempts(session: Session) -> list[CheckoutAttempt]:
    return list(session.scalars(select(CheckoutAttempt).order_by(CheckoutAttempt.n)))


def test_buying_opens_a_page_and_the_order_waits(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    url = shopper.pay_page(till)

    order, attempt = session.scalars(select(Order)).one(), attempts(session)[0]
    assert url == attempt.url
    assert order.state is OrderState.AWAITING_PAYMENT
    assert order.click_token == "click"
    assert attempt.state is AttemptState.OPEN
    assert attempt.idem_key == f"laurel:laurel.test:order:{order.number}:cs:1"
    assert payments.checkouts[attempt.session_id or ""].number == order.number
    assert not queries.has_entitlement(session, shopper.buyer_id, shopper.course_id)


def test_pressing_the_button_again_leads_to_the_same_page(till: Till, shopper: Shopper, payments: FakePayments) -> None:
    first = shopper.pay_page(till)
    payments.asked.clear()

    assert shopper.pay_page(till) == first
    assert payments.asked == []


def test_twenty_clicks_at_once_make_one_order_and_one_page(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    with ThreadPoolExecutor(AT_WORK) as pool:
        urls = list(pool.map(lambda _n: shopper.pay_page(till), range(20)))

    assert len(set(urls)) == 1
    assert len(payments.checkouts) == 1
    assert session.scalar(select(func.count()).select_from(Order)) == 1
    assert [attempt.state for attempt in attempts(session)] == [AttemptState.OPEN]


def test_a_lost_answer_leads_to_the_same_page_under_the_same_key(
    till: Till, shopper: Shopper, session: Session, payments: FakePayments
) -> None:
    order = shopper.buy(till)
    services.customers.get_customer(till, order.id)
    payments.loses_answers, payments.failures = True, [PaymentsUnavailableError("timeout")]

    with pytest.raises(PaymentsUnavailableError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)
    assert [attempt.state for attempt in attempts(session)] == [AttemptState.UNKNOWN]
    session.rollback()
    url = services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert [page.url for page in payments.checkouts.values()] == [url]
    session.expire_all()
    assert [(attempt.n, attempt.state) for attempt in attempts(session)] == [(1, AttemptState.OPEN)]


def test_after_two_definite_failures_a_new_key_is_used(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    order = shopper.buy(till)
    services.customers.get_customer(till, order.id)
    for _ in range(2):
        payments.failures = [PaymentsUnavailableError("500", is_definite=True)]
        with pytest.raises(PaymentsUnavailableError):
            services.open_checkout(till, order.id, return_url=RETURN_URL)

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert [(a.n, a.state) for a in attempts(session)] == [(1, AttemptState.DEAD), (2, AttemptState.OPEN)]
    assert len([key for key in payments.asked if key.endswith(":cs:1")]) == 2
    assert session.scalar(select(func.count()).select_from(Order)) == 1


def test_a_refused_request_is_not_repeated(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    order = shopper.buy(till)
    services.customers.get_customer(till, order.id)
    payments.failures = [PaymentsRefusedError("unknown parameter")]

    with pytest.raises(PaymentsRefusedError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert [(a.state, a.last_error) for a in attempts(session)] == [(AttemptState.DEAD, "unknown parameter")]


def test_a_buyer_whom_the_provider_forgot_is_introduced_again(
    till: Till, shopper: Shopper, session: Session, payments: FakePayments
) -> None:
    order = shopper.buy(till)
    services.customers.get_customer(till, order.id)
    payments.failures = [PaymentsRefusedError("No such customer", is_about_customer=True)]

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    customer = session.scalars(select(PaymentCustomer)).one()
    assert customer.idem_key.endswith(":customer:v2")
    assert [a.state for a in attempts(session)] == [AttemptState.DEAD, AttemptState.OPEN]


def test_a_page_that_is_about_to_end_is_closed_and_followed_by_another(
    till: Till, shopper: Shopper, session: Session, payments: FakePayments
) -> None:
    first = shopper.pay_page(till)
    later = replace(till, now=till.now + timedelta(minutes=57))

    second = shopper.pay_page(later)

    assert first != second
    assert [page.status for page in payments.checkouts.values()] == ["expired", "open"]
    assert [a.state for a in attempts(session)] == [AttemptState.EXPIRED, AttemptState.OPEN]
    assert session.scalars(select(Order)).one().state is OrderState.AWAITING_PAYMENT


def test_an_expired_order_is_resumed_with_a_new_page(
    till: Till, shopper: Shopper, payments: FakePayments, order_of: Callable[[UUID], Order]
) -> None:
    order = shopper.buy(till)
    services.open_checkout(till, order.id, return_url=RETURN_URL)
    session_id = next(iter(payments.checkouts))
    payments.change(session_id, status="expired", url=None)
    services.sync_checkout(till, session_id)
    assert order_of(order.id).state is OrderState.EXPIRED

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert order_of(order.id).state is OrderState.AWAITING_PAYMENT
    assert len(payments.checkouts) == 2


def test_an_expired_order_at_an_old_price_is_not_resumed(
    till: Till, shopper: Shopper, payments: FakePayments, transaction: Transaction
) -> None:
    order = shopper.buy(till)
    services.open_checkout(till, order.id, return_url=RETURN_URL)
    session_id = next(iter(payments.checkouts))
    payments.change(session_id, status="expired", url=None)
    services.sync_checkout(till, session_id)
    with transaction() as session:
        services.set_price(session, shopper.offering_id, currency="usd", unit_amount=20500, now=till.now + timedelta(seconds=1))

    with pytest.raises(PriceChangedError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)


@pytest.mark.parametrize("change", ["price", "currency"])
def test_another_price_or_currency_closes_the_old_page_first(
    till: Till, shopper: Shopper, session: Session, payments: FakePayments, transaction: Transaction, change: str
) -> None:
    shopper.pay_page(till)
    if change == "price":
        with transaction() as other:
            services.set_price(other, shopper.offering_id, currency="usd", unit_amount=20500, now=till.now + timedelta(seconds=1))

    order = shopper.buy(till, "eur" if change == "currency" else "usd")
    services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert [page.status for page in payments.checkouts.values()] == ["expired", "open"]
    orders = session.scalars(select(Order).order_by(Order.created_at, Order.id)).all()
    assert [o.state for o in orders] == [OrderState.CANCELED, OrderState.AWAITING_PAYMENT]
    assert order.total == (17900 if change == "currency" else 20500)


def test_a_page_that_was_paid_meanwhile_is_not_superseded(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    shopper.pay_page(till)
    payments.pay(next(iter(payments.checkouts)))

    with pytest.raises(AlreadyOwnedError):
        shopper.buy(till, "eur")

    assert session.scalars(select(Order)).one().state is OrderState.PAID


def test_nothing_is_superseded_while_the_provider_is_silent(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    shopper.pay_page(till)
    payments.failures = [PaymentsUnavailableError("down")]

    with pytest.raises(PaymentsUnavailableError):
        shopper.buy(till, "eur")

    assert session.scalars(select(Order)).one().state is OrderState.AWAITING_PAYMENT


def test_canceling_closes_the_page(till: Till, shopper: Shopper, session: Session, payments: FakePayments) -> None:
    order = shopper.buy(till)
    services.open_checkout(till, order.id, return_url=RETURN_URL)

    canceled = services.cancel_order(till, order.id)

    assert canceled.state is OrderState.CANCELED
    assert [page.status for page in payments.checkouts.values()] == ["expired"]
    assert [a.state for a in attempts(session)] == [AttemptState.SUPERSEDED]
    with pytest.raises(NothingToPayError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)


def test_canceling_finds_a_page_that_we_never_heard_of(till: Till, shopper: Shopper, payments: FakePayments) -> None:
    order = shopper.buy(till)
    services.customers.get_customer(till, order.id)
    payments.loses_answers, payments.failures = True, [PaymentsUnavailableError("timeout")]
    with pytest.raises(PaymentsUnavailableError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert services.cancel_order(till, order.id).state is OrderState.CANCELED
    assert [page.status for page in payments.checkouts.values()] == ["expired"]


def test_an_order_without_a_page_is_canceled_at_once(till: Till, shopper: Shopper, payments: FakePayments) -> None:
    order = shopper.buy(till)

    assert services.cancel_order(till, order.id).state is OrderState.CANCELED
    assert payments.asked == []


def test_a_page_with_another_amount_is_closed_and_checked_by_a_person(
    till: Till, shopper: Shopper, session: Session, payments: FakePayments
) -> None:
    order = shopper.buy(till)
    services.customers.get_customer(till, order.id)
    payments.loses_answers, payments.failures = True, [PaymentsUnavailableError("timeout")]
    with pytest.raises(PaymentsUnavailableError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)
    payments.change(next(iter(payments.checkouts)), amount_subtotal=1)

    with pytest.raises(NothingToPayError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert session.scalars(select(Order)).one().state is OrderState.REVIEW
    assert session.scalars(select(ReviewTask)).one().kind == "checkout_mismatch"
    assert next(iter(payments.checkouts.values())).status == "expired"
