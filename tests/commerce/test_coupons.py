"""Discount codes on the payment page: the coupon that takes off exactly what the order says."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsRefusedError
from laurel.commerce.models import DiscountCode, Order
from laurel.commerce.rules import AttemptState
from laurel.commerce.services import Till
from laurel.commerce.services.discounts import CodeRefusedError
from laurel.core.clock import now
from tests.commerce.conftest import Transaction
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering
from tests.fakes import FakePayments

RETURN_URL = "http://laurel.test/orders/1"


def place(session: Session, course_id: UUID, *, buyer_id: UUID | None = None, code: str = "SPRING", currency: str = "usd") -> Order:
    buyer = buyer_id or make_user(session).id
    return services.place_order(session, buyer_id=buyer, course_id=course_id, currency=currency, click_token=None, now=now(), code=code)


@pytest.fixture
def bought(transaction: Transaction, till: Till) -> Callable[..., Order]:
    """Buy a course of 195 dollars with a code of these terms."""

    def buy(**terms: Any) -> Order:
        with transaction() as session:
            make_code(session, **terms)
            buyer, course_id = make_user(session).id, make_offering(session).course_id
        return services.buy(till, buyer_id=buyer, course_id=course_id, currency="usd", click_token=None, code="SPRING")

    return buy


def test_the_payment_page_takes_off_what_the_order_says(
    till: Till, bought: Callable[..., Order], payments: FakePayments, session: Session
) -> None:
    order = bought()

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    (page,) = payments.checkouts.values()
    (coupon,) = payments.coupons.values()
    assert (page.amount_discount, page.amount_total) == (3900, 15600)
    assert (coupon["percent"], coupon["amount"], coupon["name"]) == (20, None, "SPRING")
    code = session.scalars(select(DiscountCode)).one()
    assert code.stripe_coupon == f"laurel-{code.id.hex}-v1"
    assert f"laurel:laurel.test:coupon:{code.id.hex}:v1" in payments.asked


def test_a_share_that_does_not_come_out_even_is_told_as_an_amount(
    till: Till, transaction: Transaction, payments: FakePayments, session: Session
) -> None:
    with transaction() as other:
        code_id = make_code(other, percent=33).id
        buyer, course_id = make_user(other).id, make_offering(other, prices={"usd": 19999}).course_id
    order = services.buy(till, buyer_id=buyer, course_id=course_id, currency="usd", click_token=None, code="SPRING")

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    (coupon,) = payments.coupons.values()
    assert (order.discount, coupon["percent"], coupon["amount"], coupon["currency"]) == (6600, None, 6600, "usd")
    assert [page.amount_discount for page in payments.checkouts.values()] == [6600]
    assert f"laurel:laurel.test:coupon:{code_id.hex}-usd6600:v1" in payments.asked
    assert session.scalars(select(DiscountCode.stripe_coupon)).one() is None


def test_the_second_order_with_a_code_makes_no_second_coupon(
    till: Till, bought: Callable[..., Order], payments: FakePayments, transaction: Transaction
) -> None:
    services.open_checkout(till, bought().id, return_url=RETURN_URL)
    with transaction() as session:
        buyer, course_id = make_user(session).id, make_offering(session).course_id
    order = services.buy(till, buyer_id=buyer, course_id=course_id, currency="usd", click_token=None, code="SPRING")
    payments.asked.clear()

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    assert not [key for key in payments.asked if ":coupon:" in key]
    assert len(payments.coupons) == 1


def test_a_coupon_that_somebody_deleted_is_made_again(
    till: Till, bought: Callable[..., Order], payments: FakePayments, session: Session
) -> None:
    order = bought()
    services.open_checkout(till, order.id, return_url=RETURN_URL)
    services.cancel_order(till, order.id)
    again = services.buy(
        till, buyer_id=order.buyer_id, course_id=course_of(session, order), currency="usd", click_token=None, code="SPRING"
    )
    payments.coupons.clear()

    services.open_checkout(till, again.id, return_url=RETURN_URL)

    assert [page.amount_total for page in payments.checkouts.values() if page.status == "open"] == [15600]
    assert session.scalars(select(DiscountCode)).one().stripe_coupon == next(iter(payments.coupons))
    assert next(iter(payments.coupons)).endswith("-v2")


def course_of(session: Session, order: Order) -> UUID:
    course_id = queries.list_lines(session, order.id)[0].offering.course_id
    session.rollback()
    return course_id


def test_a_coupon_that_the_provider_refuses_stops_before_the_page(till: Till, bought: Callable[..., Order], payments: FakePayments) -> None:
    order = bought()
    services.customers.get_customer(till, order.id)
    payments.failures = [PaymentsRefusedError("a fault of ours")]

    with pytest.raises(PaymentsRefusedError):
        services.open_checkout(till, order.id, return_url=RETURN_URL)
    assert payments.checkouts == {}


def test_an_expired_order_takes_its_code_again_when_it_is_resumed(
    till: Till, bought: Callable[..., Order], payments: FakePayments, session: Session
) -> None:
    order = bought(max_uses=1)
    services.open_checkout(till, order.id, return_url=RETURN_URL)
    (session_id,) = payments.checkouts
    payments.change(session_id, status="expired", url=None)
    services.sync_checkout(till, session_id)
    code = session.scalars(select(DiscountCode)).one()
    assert (code.reserved, code.used) == (0, 0)
    session.rollback()

    services.open_checkout(till, order.id, return_url=RETURN_URL)

    session.refresh(code)
    assert (code.reserved, code.used) == (1, 0)
    assert [attempt.state for attempt in queries.list_attempts(session, order.id)] == [AttemptState.OPEN, AttemptState.EXPIRED]


def test_an_expired_order_whose_code_went_to_somebody_else_is_told_so_before_paying(
    till: Till, bought: Callable[..., Order], payments: FakePayments, transaction: Transaction, session: Session
) -> None:
    order = bought(max_uses=1)
    services.open_checkout(till, order.id, return_url=RETURN_URL)
    (session_id,) = payments.checkouts
    payments.change(session_id, status="expired", url=None)
    services.sync_checkout(till, session_id)
    with transaction() as other:
        place(other, course_of(session, order))

    with pytest.raises(CodeRefusedError, match="used up"):
        services.open_checkout(till, order.id, return_url=RETURN_URL)
