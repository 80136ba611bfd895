"""The buyer's pages about money that goes back."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from laurel.catalog.queries import get_course_card
from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Entitlement, Order, Refund, ReviewTask, Voucher
from laurel.commerce.rules import EntitlementStatus, OrderState, RefundState
from laurel.commerce.services import Till
from laurel.commerce.views.seats import WORDS
from laurel.learning.models import Enrollment
from tests.commerce.bought import buy_course, turn_into_seats
from tests.commerce.shopping import Shopping, text
from tests.factories.accounts import make_user
from tests.factories.commerce import make_order


@pytest.fixture
def shop(shopping: Shopping, till: Till) -> Shopping:
    """A buyer who has just paid 195 dollars."""
    shopping.buy()
    shopping.payments.pay(shopping.session_id())
    services.sync_checkout(till, shopping.session_id())
    return shopping


def refund_path(shop: Shopping) -> str:
    return f"/orders/{shop.order().id}/refund"


def press(shop: Shopping, **form: str) -> TestResponse:
    """Send the form on the refund page, hidden fields and all."""
    page = text(shop.client.get(refund_path(shop)))
    hidden: dict[str, str] = {}
    inside = page.split('<form class="form"')[1]
    for tag in re.findall(r"<input[^>]*>", inside):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and 'type="hidden"' in tag:
            hidden[name[1]] = value[1]
    return shop.client.post(refund_path(shop), data={**hidden, **form})


def test_within_the_promise_the_money_goes_back_at_once(shop: Shopping) -> None:
    page = text(shop.client.get(f"/orders/{shop.order().id}"))
    assert "Ask for a refund" in page
    before = text(shop.client.get(refund_path(shop)))
    assert "$195 goes back" in before
    assert "The course closes" in before

    assert press(shop).status_code == 303

    after = text(shop.client.get(f"/orders/{shop.order().id}"))
    assert "This order was refunded" in after
    assert "Sent back" in after
    assert "Ask for a refund" not in after
    for page in (after, text(shop.client.get("/orders"))):
        pills = re.findall(r'<span class="status-pill.*?</svg>([^<]+)</span>', page, re.DOTALL)
        assert ("Refunded" in pills, "Paid" in pills) == (True, False)
    assert [refund.amount for refund in shop.payments.refunds.values()] == [19500]
    assert shop.session.scalars(select(Entitlement)).one().status is EntitlementStatus.REVOKED


def test_pressing_twice_gives_back_once(shop: Shopping) -> None:
    page = text(shop.client.get(refund_path(shop)))
    refund_id = re.search(r'name="refund_id"[^>]*value="([^"]+)"', page)
    assert refund_id
    token = shop.csrf("/account/name")
    for _ in range(2):
        shop.client.post(refund_path(shop), data={"csrf_token": token, "refund_id": refund_id[1]})

    shop.session.rollback()
    assert len(shop.session.scalars(select(Refund)).all()) == 1
    assert len(shop.payments.refunds) == 1


def test_while_stripe_is_silent_the_refund_is_noted_and_waits(shop: Shopping) -> None:
    path = refund_path(shop)
    page = text(shop.client.get(path))
    shop.payments.failures = [PaymentsUnavailableError("down")]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token

    answer = shop.client.post(path, data={"csrf_token": token[1]}, follow_redirects=True)

    assert "a little later" in text(answer)
    assert "Being sent" in text(answer)
    assert "The course is yours" in text(answer)


def test_a_refund_that_stripe_refuses_goes_to_a_person(shop: Shopping) -> None:
    shop.payments.refusals = ["charge_disputed"]

    answer = press(shop)
    page = text(shop.client.get(answer.headers["Location"]))

    assert "A person looks at it" in page
    assert ">Refunds</h3>" not in page
    shop.session.rollback()
    assert shop.session.scalars(select(Refund)).one().state is RefundState.FAILED
    assert shop.session.scalars(select(ReviewTask)).one().kind == "refund_refused"


def test_outside_the_promise_a_person_is_asked_and_the_page_says_why(shop: Shopping) -> None:
    make_enrollment_done(shop)

    page = text(shop.client.get(refund_path(shop)))
    assert "You have completed the course." in page
    empty = press(shop, words="  ")
    assert empty.status_code == 400
    assert "Say in a sentence or two" in text(empty)
    assert 'name="words"' in text(empty)
    assert press(shop, words="It was not what I expected.").status_code == 303

    shop.session.rollback()
    task = shop.session.scalars(select(ReviewTask)).one()
    assert (task.kind, task.detail) == ("refund_request", "It was not what I expected.")
    after = text(shop.client.get(f"/orders/{shop.order().id}"))
    assert "You asked for a refund" in after
    assert "Ask for a refund" not in after
    assert shop.client.get(refund_path(shop)).status_code == 303


def make_enrollment_done(shop: Shopping) -> None:
    enrollment = shop.session.scalars(select(Enrollment)).one()
    enrollment.completed_at = enrollment.enrolled_at
    shop.session.commit()


def test_the_answer_of_a_person_stands_on_the_orders_page(shop: Shopping, till: Till) -> None:
    with till.transaction() as other:
        order = other.scalars(select(Order)).one()
        services.ask_for_refund(other, order, words="Please.", now=till.now)
        task = other.scalars(select(ReviewTask)).one()
        services.resolve_task(other, task.id, answer="We cannot, because …", actor_id=order.buyer_id, now=till.now)

    assert "We cannot, because …" in text(shop.client.get(f"/orders/{shop.order().id}"))


def test_an_order_of_somebody_else_cannot_be_given_back(shop: Shopping) -> None:
    other = make_order(shop.session, buyer=make_user(shop.session))
    shop.session.commit()

    assert shop.client.get(f"/orders/{other.id}/refund").status_code == 404
    assert shop.client.post(f"/orders/{other.id}/refund", data={"csrf_token": shop.csrf("/account/name")}).status_code == 404


def test_what_was_not_paid_cannot_be_given_back(shopping: Shopping) -> None:
    shopping.buy()

    answer = shopping.client.get(refund_path(shopping), follow_redirects=True)

    assert "nothing to give back" in text(answer)


def test_while_the_bank_decides_the_pages_say_so_and_sell_nothing_twice(shop: Shopping, till: Till) -> None:
    dispute = shop.payments.add_dispute(f"pi_{shop.session_id()}", 19500)
    services.sync_dispute(till, dispute.id)

    assert "Access is paused" in text(shop.client.get(f"/orders/{shop.order().id}"))
    enroll = shop.client.get(f"/learn/{shop.course.slug}", follow_redirects=True)
    assert "Your access is paused" in text(enroll)
    assert "Continue to payment" not in text(enroll)
    shop.payments.change_dispute(dispute.id, status="lost")
    services.sync_dispute(till, dispute.id)
    assert "taken this payment back" in text(shop.client.get(f"/orders/{shop.order().id}"))


def test_while_the_bank_of_a_team_decides_nobody_is_told_of_money_that_is_not_theirs(shopping: Shopping, till: Till) -> None:
    seats = buy_course(till, shopping.payments)
    turn_into_seats(seats, seats=2, redeemed_by=[shopping.buyer.id])
    services.sync_dispute(till, shopping.payments.add_dispute(seats.intent_id, 19500).id)
    line = queries.list_lines(shopping.session, seats.order_id)[0]
    slug = get_course_card(shopping.session, line.offering.course_id).slug

    enroll = text(shopping.client.get(f"/courses/{slug}/enroll"))

    assert "Your access is paused" in enroll
    assert "You have bought" not in enroll
    assert "your bank" not in enroll
    assert WORDS[shopping.session.scalars(select(Voucher).where(Voucher.redeemed_by_id.is_(None))).one().status] == "Stopped"


def test_money_that_came_twice_is_shown_on_its_way_back(shop: Shopping, till: Till) -> None:
    page = shop.payments.checkouts[shop.session_id()]
    assert page.payment
    shop.payments.change(shop.session_id(), payment=replace(page.payment, intent_id="pi_second"))
    services.sync_checkout(till, shop.session_id())

    shown = text(shop.client.get(f"/orders/{shop.order().id}"))

    assert "of a second payment for this order" in shown
    assert "The course is yours" in shown
    assert shop.order().state is OrderState.PAID
