"""Whoever has paid for a course, and waits for their bank or for us, does not pay for it a second time."""

from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import CheckoutAttempt, Order
from laurel.commerce.rules import OfferingKind, OrderState, SeenPayment
from laurel.commerce.services import Till
from laurel.commerce.services.quoting import UnderWayError
from tests.commerce.comparing import RETURN
from tests.commerce.shopping import Shopping, text
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering
from tests.fakes import FakePayments


@dataclass(frozen=True)
class Customer:
    """A buyer in front of a course, with a till."""

    till: Till
    payments: FakePayments
    buyer_id: UUID
    course_id: UUID

    def buy(self, **how: object) -> Order:
        facts = {"buyer_id": self.buyer_id, "course_id": self.course_id, "currency": "usd", "click_token": None, **how}
        return services.buy(self.till, **facts)  # type: ignore[arg-type]

    def open_page(self, order: Order) -> str:
        """The name of the order's payment page."""
        services.open_checkout(self.till, order.id, return_url=RETURN)
        return list(self.payments.checkouts)[-1]

    def promise(self, session_id: str, *, status: str = "processing") -> None:
        """The buyer chooses a bank debit, which takes days."""
        promise(self.payments, session_id, status=status)
        services.sync_checkout(self.till, session_id)

    def lapse(self, session_id: str) -> None:
        self.payments.change(session_id, status="expired", url=None)
        services.sync_checkout(self.till, session_id)

    def begin(self, state: OrderState) -> Order:
        """An order whose money is on its way, or is being checked."""
        order = self.buy()
        session_id = self.open_page(order)
        if state is OrderState.PROCESSING:
            self.promise(session_id)
        else:
            self.payments.pay(session_id, amount_total=100)
            services.sync_checkout(self.till, session_id)
        return order


def promise(payments: FakePayments, session_id: str, *, status: str = "processing") -> None:
    page = payments.pay(session_id)
    intent = SeenPayment(intent_id=f"pi_{session_id}", status=status, amount_received=0, currency="usd", order_ref=page.order_ref)
    payments.change(session_id, payment_status="unpaid", payment=intent)


@pytest.fixture
def customer(app: object, till: Till, payments: FakePayments) -> Customer:
    with till.transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    return Customer(till, payments, buyer.id, offering.course_id)


def count_orders(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Order)) or 0


@pytest.mark.parametrize(("state", "words"), [(OrderState.PROCESSING, "on its way"), (OrderState.REVIEW, "checking your order")])
def test_a_course_is_not_bought_again_while_its_money_is_under_way(
    customer: Customer, session: Session, state: OrderState, words: str
) -> None:
    first = customer.begin(state)
    assert queries.get_order(session, first.id).state is state

    with pytest.raises(UnderWayError, match=words) as refused:
        customer.buy()

    assert refused.value.order_id == first.id
    assert count_orders(session) == 1


def test_nor_in_another_currency_nor_by_a_code_that_takes_everything_off(customer: Customer, session: Session) -> None:
    customer.begin(OrderState.PROCESSING)
    with customer.till.transaction() as other:
        make_code(other, percent=100)

    for how in ({"currency": "eur"}, {"code": "SPRING"}):
        with pytest.raises(UnderWayError):
            customer.buy(**how)

    assert count_orders(session) == 1


def test_nor_when_the_course_was_put_up_for_sale_anew(customer: Customer, session: Session) -> None:
    customer.begin(OrderState.PROCESSING)
    with customer.till.transaction() as other:
        offering = queries.find_current_offering(other, customer.course_id)
        assert offering is not None
        services.withdraw_offering(other, offering.id, now=customer.till.now)
        services.create_offering(other, course_id=customer.course_id, title="Again", prices={"usd": 100}, now=customer.till.now)

    with pytest.raises(UnderWayError):
        customer.buy()


def test_an_order_that_was_placed_before_is_not_paid_meanwhile(customer: Customer, session: Session) -> None:
    """Its page lapsed here although the buyer had finished it: that is heard after they have begun anew."""
    first = customer.buy()
    page = customer.open_page(first)
    customer.lapse(page)
    second = customer.buy()
    customer.open_page(second)
    customer.payments.change(page, status="open")
    customer.promise(page)
    assert queries.get_order(session, first.id).state is OrderState.PROCESSING
    session.rollback()

    with pytest.raises(UnderWayError) as refused:
        services.open_checkout(customer.till, second.id, return_url=RETURN)

    assert refused.value.order_id == first.id


def test_a_debit_that_failed_can_be_paid_again(customer: Customer, session: Session) -> None:
    order = customer.begin(OrderState.PROCESSING)
    customer.promise(list(customer.payments.checkouts)[-1], status="requires_payment_method")

    customer.open_page(order)

    assert queries.get_order(session, order.id).state is OrderState.AWAITING_PAYMENT


def test_seats_for_others_are_bought_as_often_as_one_likes(customer: Customer, session: Session) -> None:
    customer.begin(OrderState.PROCESSING)
    with customer.till.transaction() as other:
        course = queries.get_offering(other, queries.find_current_offering(other, customer.course_id).id).course_id  # type: ignore[union-attr]
        services.create_offering(
            other, course_id=course, title="Seats", prices={"usd": 10000}, now=customer.till.now, kind=OfferingKind.SEATS
        )

    for _ in range(2):
        seats = customer.buy(kind=OfferingKind.SEATS, quantity=2)
        customer.promise(customer.open_page(seats))

    assert count_orders(session) == 3


def test_others_may_buy_the_course(customer: Customer, session: Session) -> None:
    customer.begin(OrderState.PROCESSING)
    with customer.till.transaction() as other:
        somebody = make_user(other).id

    replace(customer, buyer_id=somebody).buy()

    assert count_orders(session) == 2


@pytest.fixture
def waiting(shopping: Shopping) -> str:
    """The path of the buyer's order, whose money is on its way."""
    shopping.buy(currency="usd", amount="19500")
    promise(shopping.payments, shopping.session_id())
    path = f"/orders/{shopping.order().id}"
    shopping.client.get(f"{path}?session_id={shopping.session_id()}")
    assert shopping.order().state is OrderState.PROCESSING
    return path


def test_the_page_says_that_the_money_is_on_its_way_and_leads_to_the_order(shopping: Shopping, waiting: str) -> None:
    seen, refused = shopping.client.get(shopping.enroll_path), shopping.buy(currency="usd", amount="19500")

    assert (seen.status_code, refused.status_code) == (200, 409)
    for answer in (seen, refused):
        page = text(answer)
        assert "Your payment is on its way" in page
        assert "You need not pay again" in page
        assert f'href="{waiting}"' in page
        assert "Continue to payment" not in page
    assert "Nothing was ordered" in text(refused)
    assert "Nothing was ordered" not in text(seen)


def test_a_second_try_to_pay_the_same_order_leads_back_to_it(shopping: Shopping, waiting: str) -> None:
    shopping.payments.asked.clear()

    answer = shopping.post(f"{waiting}/resume")

    assert (answer.status_code, answer.location) == (303, waiting)
    assert "You need not pay again" in text(shopping.client.get(waiting))
    assert [call for call in shopping.payments.asked if ":cs:" in call] == []


def test_the_page_says_that_the_order_is_being_checked(shopping: Shopping) -> None:
    shopping.buy(currency="usd", amount="19500")
    shopping.payments.pay(shopping.session_id(), amount_total=100)
    path = f"/orders/{shopping.order().id}"
    shopping.client.get(f"{path}?session_id={shopping.session_id()}")

    page = text(shopping.client.get(shopping.enroll_path))

    assert "We are checking your order" in page
    assert f'href="{path}"' in page


def test_who_goes_on_with_a_second_order_is_led_to_the_first(shopping: Shopping) -> None:
    shopping.buy(currency="usd", amount="19500")
    page, first = shopping.session_id(), f"/orders/{shopping.order().id}"
    shopping.payments.change(page, status="expired", url=None)
    shopping.client.get(f"{first}?session_id={page}")
    shopping.buy(currency="usd", amount="19500")
    second = shopping.payments.checkouts[shopping.session_id()].order_ref
    promise(shopping.payments, page)
    shopping.session.rollback()
    shopping.session.execute(update(CheckoutAttempt).values(synced_at=None))
    shopping.session.commit()
    shopping.client.get(f"{first}?session_id={page}")

    answer = shopping.post(f"/orders/{second}/resume")

    assert (answer.status_code, answer.location) == (303, first)
    assert "Your payment for this course is on its way" in text(shopping.client.get(first))
