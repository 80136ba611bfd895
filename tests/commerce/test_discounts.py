"""Discount codes: kept for an order while it is open, used up when it is paid, given back when it is not."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.commerce import queries, services
from laurel.commerce.models import DiscountUse, Order, ReviewTask
from laurel.commerce.rules import CodeTerms, DiscountUseState, OrderState
from laurel.commerce.rules.discounts import check_terms, discount_for, is_exact
from laurel.commerce.services.discounts import CodeRefusedError, release, use_up
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.moving import move_order
from laurel.commerce.services.orders import PriceChangedError
from laurel.core.clock import now
from laurel.core.db import Database
from laurel.core.errors import InvalidInputError
from laurel.core.money import step
from laurel.web.counters import Counter as Tries
from laurel.web.limits import limiter
from tests.commerce.racing import TOGETHER, at_once, carelessly
from tests.commerce.shopping import Shopping, text
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering


def place(session: Session, course_id: UUID, *, buyer_id: UUID | None = None, code: str = "SPRING", currency: str = "usd") -> Order:
    buyer = buyer_id or make_user(session).id
    return services.place_order(session, buyer_id=buyer, course_id=course_id, currency=currency, click_token=None, now=now(), code=code)


def counts(session: Session, code_id: UUID) -> tuple[int, int]:
    """(reserved, used) of a code."""
    code = queries.get_discount_code(session, code_id)
    return code.reserved, code.used


def rows(session: Session, code_id: UUID) -> Counter[DiscountUseState]:
    return Counter(session.scalars(select(DiscountUse.state).where(DiscountUse.code_id == code_id)))


@given(
    subtotal=st.integers(0, 99_999_999),
    percent=st.integers(1, 100),
    currency=st.sampled_from(["usd", "jpy", "kwd"]),
)
def test_a_percentage_takes_off_a_share_that_can_be_charged(subtotal: int, percent: int, currency: str) -> None:
    subtotal -= subtotal % step(currency)
    off = discount_for(subtotal, currency, percent=percent, amount=None)

    assert 0 <= off <= subtotal
    assert off % step(currency) == 0
    assert abs(off * 100 - subtotal * percent) <= 50 * step(currency)
    assert not is_exact(subtotal, currency, percent) or off * 100 == subtotal * percent


@pytest.mark.parametrize(("terms", "field"), [
    ({}, "percent"),
    ({"percent": 10, "amount": 100, "currency": "usd"}, "percent"),
    ({"percent": 0}, "percent"),
    ({"percent": 101}, "percent"),
    ({"amount": 0, "currency": "usd"}, "amount"),
    ({"amount": 100}, "amount"),
    ({"percent": 10, "max_uses": 0}, "max_uses"),
    ({"percent": 10, "per_user": 0}, "per_user"),
    ({"percent": 10, "code": "A B"}, "code"),
    ({"percent": 10, "code": "ÄÖÜ"}, "code"),
])  # fmt: skip
def test_what_no_code_could_give_is_refused_beside_its_field(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_terms(CodeTerms(**{"code": "SPRING", **terms}))

    assert refused.value.field == field


def test_a_code_is_kept_for_the_order_and_used_up_when_it_is_paid(session: Session) -> None:
    code, offering = make_code(session, max_uses=5), make_offering(session)

    order = place(session, offering.course_id, code=" spring ")

    assert (order.subtotal, order.discount, order.total, order.discount_code_id) == (19500, 3900, 15600, code.id)
    assert counts(session, code.id) == (1, 0)
    settle(session, order, amount_paid=15600, now=now(), ref="pi_1")
    assert counts(session, code.id) == (0, 1)
    assert rows(session, code.id) == {DiscountUseState.USED: 1}


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.EXPIRED])
def test_an_order_that_is_let_go_gives_its_use_back_once(session: Session, state: OrderState) -> None:
    code, offering = make_code(session, max_uses=1), make_offering(session)
    order = place(session, offering.course_id)

    assert move_order(session, order, state)
    release(session, order)

    assert counts(session, code.id) == (0, 0)
    assert place(session, offering.course_id).discount == 3900


def test_a_code_that_takes_everything_off_needs_no_payment(session: Session) -> None:
    code, offering = make_code(session, percent=100), make_offering(session)

    order = place(session, offering.course_id)

    assert (order.state, order.total, order.amount_paid) == (OrderState.PAID, 0, 0)
    assert queries.has_entitlement(session, order.buyer_id, offering.course_id)
    assert counts(session, code.id) == (0, 1)
    assert place(session, offering.course_id, buyer_id=order.buyer_id) is order


def test_placing_again_with_the_same_code_is_the_same_order_and_one_use(session: Session) -> None:
    code, offering = make_code(session, max_uses=1), make_offering(session)
    order = place(session, offering.course_id)

    assert place(session, offering.course_id, buyer_id=order.buyer_id) is order
    assert counts(session, code.id) == (1, 0)
    with pytest.raises(PriceChangedError):
        place(session, offering.course_id, buyer_id=order.buyer_id, code="")


def test_an_amount_takes_off_no_more_than_there_is(session: Session) -> None:
    make_code(session, amount=50000, currency="usd")

    assert place(session, make_offering(session).course_id).total == 0


@pytest.mark.parametrize(("terms", "words"), [
    ({"percent": 10, "valid_from": now() + timedelta(days=1)}, "cannot be used yet"),
    ({"percent": 10, "valid_from": now() - timedelta(days=2), "valid_until": now() - timedelta(days=1)}, "cannot be used any more"),
    ({"amount": 500, "currency": "eur"}, "prices in EUR"),
    ({"amount": 19490, "currency": "usd"}, "cannot be charged"),
])  # fmt: skip
def test_a_code_that_is_not_for_this_says_why(session: Session, terms: dict[str, Any], words: str) -> None:
    make_code(session, **terms)

    with pytest.raises(InvalidInputError, match=words) as refused:
        place(session, make_offering(session).course_id)

    assert refused.value.field == "code"
    assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_a_code_is_for_what_it_names(session: Session) -> None:
    wanted, other = make_offering(session), make_offering(session)
    make_code(session, offerings=[wanted])

    assert place(session, wanted.course_id).discount
    with pytest.raises(CodeRefusedError, match="something else"):
        place(session, other.course_id)


def test_each_buyer_uses_a_code_as_often_as_it_says(session: Session) -> None:
    make_code(session, per_user=2)
    buyer = make_user(session).id
    for _ in range(2):
        settle(session, place(session, make_offering(session).course_id, buyer_id=buyer), amount_paid=15600, now=now(), ref=str(_))

    with pytest.raises(CodeRefusedError, match="You have used this code already"):
        place(session, make_offering(session).course_id, buyer_id=buyer)
    assert place(session, make_offering(session).course_id).discount


def test_an_archived_code_is_unknown_and_orders_that_hold_it_keep_their_price(session: Session) -> None:
    code, offering = make_code(session), make_offering(session)
    order = place(session, offering.course_id)

    services.archive_code(session, code.id, actor_id=make_user(session).id, now=now())

    with pytest.raises(CodeRefusedError, match="do not know"):
        place(session, offering.course_id)
    assert settle(session, order, amount_paid=15600, now=now(), ref="pi_1")
    assert counts(session, code.id) == (0, 1)


def test_two_codes_are_not_written_alike(session: Session) -> None:
    make_code(session, "SPRING")

    with pytest.raises(InvalidInputError, match="written like this"):
        make_code(session, "spring")


def test_who_pays_after_the_code_was_given_back_and_used_up_keeps_the_price(session: Session) -> None:
    code, offering = make_code(session, max_uses=1), make_offering(session)
    late = place(session, offering.course_id)
    move_order(session, late, OrderState.EXPIRED)
    settle(session, place(session, offering.course_id), amount_paid=15600, now=now(), ref="pi_1")

    assert settle(session, late, amount_paid=15600, now=now(), ref="pi_2")

    assert counts(session, code.id) == (0, 2)
    assert session.scalars(select(ReviewTask.kind)).all() == ["code_overused"]
    assert use_up(session, late) is True
    assert counts(session, code.id) == (0, 2)


def test_the_last_uses_of_a_code_go_to_as_many_as_there_are(database: Database, session: Session) -> None:
    code, offering = make_code(session, max_uses=3), make_offering(session)
    people = [make_user(session).id for _ in range(TOGETHER)]
    code_id, course_id = code.id, offering.course_id
    session.commit()

    def buy(person: UUID) -> Callable[[Session], Any]:
        return lambda session: place(session, course_id, buyer_id=person)

    results = at_once(database, [buy(person) for person in people])

    assert Counter(type(result) for result in results) == {Order: 3, CodeRefusedError: TOGETHER - 3}
    session.expire_all()
    assert counts(session, code_id) == (3, 0)
    assert rows(session, code_id) == {DiscountUseState.RESERVED: 3}
    assert session.scalar(select(func.count()).select_from(Order)) == 3


def test_paying_and_letting_go_at_once_count_each_use_once(database: Database, session: Session) -> None:
    code, offering = make_code(session, max_uses=TOGETHER), make_offering(session)
    orders = [place(session, offering.course_id).id for _ in range(TOGETHER // 2)]
    code_id = code.id
    session.commit()

    def end(order_id: UUID, *, is_paid: bool) -> Callable[[Session], Any]:
        def work(session: Session) -> bool:
            order = queries.lock_order(session, order_id)
            if is_paid:
                return settle(session, order, amount_paid=15600, now=now(), ref=str(order_id))
            return move_order(session, order, OrderState.CANCELED)

        return work

    at_once(database, [end(order_id, is_paid=is_paid) for order_id in orders for is_paid in (True, False)])

    session.expire_all()
    paid = session.scalar(select(func.count()).select_from(Order).where(Order.state == OrderState.PAID)) or 0
    assert counts(session, code_id) == (0, paid)
    assert rows(session, code_id)[DiscountUseState.USED] == paid


def test_control_counting_and_then_writing_gives_a_code_to_too_many(database: Database, session: Session) -> None:
    """The known-bad way shows that the races above can be lost."""
    code, offering = make_code(session, max_uses=3), make_offering(session)
    orders = [place(session, offering.course_id, code="").id for _ in range(TOGETHER)]
    code_id = code.id
    session.commit()

    def look(session: Session) -> int:
        return queries.get_discount_code(session, code_id).reserved

    def write(session: Session, seen: int) -> None:
        if seen < 3:
            queries.get_discount_code(session, code_id).reserved = seen + 1
            order = session.get_one(Order, orders.pop())
            session.add(DiscountUse(code_id=code_id, order_id=order.id, user_id=order.buyer_id, created_at=now()))

    carelessly(database, TOGETHER, look, write)

    session.expire_all()
    assert counts(session, code_id)[0] != rows(session, code_id)[DiscountUseState.RESERVED]
    assert rows(session, code_id)[DiscountUseState.RESERVED] > 3


def test_nobody_guesses_more_than_ten_codes_an_hour_whichever_process_answers(app: Flask, shopping: Shopping) -> None:
    make_code(shopping.session)
    shopping.session.commit()

    def see(query: str) -> TestResponse:
        with app.app_context():
            limiter.reset()  # another process, or the same one renewed
        return shopping.client.get(f"{shopping.enroll_path}{query}")

    assert [see(f"?code=GUESS-{number}").status_code for number in range(12)] == [200] * 10 + [429] * 2
    refused = see("?code=spring")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3601
    assert "That was tried too often. Try again in" in text(refused)
    assert "Code SPRING" not in text(refused)
    assert "$195" in text(refused)  # everything else of the page works
    assert see("").status_code == 200
    bought = shopping.buy(code="spring", currency="usd", amount="15600")
    assert bought.status_code == 429
    assert "tried too often" in text(bought)


def test_only_codes_that_we_do_not_know_are_counted_and_each_once(shopping: Shopping) -> None:
    make_code(shopping.session)
    make_code(shopping.session, code="LATE", valid_until=now() - timedelta(days=1))
    shopping.session.commit()

    for code in ("spring", "LATE", "%C3%9C!", ""):
        for _ in range(3):
            assert shopping.client.get(f"{shopping.enroll_path}?code={code}").status_code == 200
    assert shopping.session.scalars(select(Tries)).all() == []

    assert shopping.buy(code="NOPE", amount="19500", currency="usd").status_code == 400
    shopping.session.rollback()  # to see what was written since
    assert {row.tries for row in shopping.session.scalars(select(Tries))} == {1}


def test_a_code_is_used_on_the_page_and_in_the_order(shopping: Shopping) -> None:
    make_code(shopping.session)
    shopping.session.commit()

    page = text(shopping.client.get(f"{shopping.enroll_path}?code=spring"))
    assert "Code SPRING" in page
    assert "−$39" in page
    answer = shopping.buy(code="spring", currency="usd", amount="15600")

    assert answer.status_code == 303
    assert (shopping.order().discount, shopping.order().total) == (3900, 15600)


def test_an_unknown_code_is_kept_and_refused_beside_its_field(shopping: Shopping) -> None:
    for answer in (shopping.client.get(f"{shopping.enroll_path}?code=NOPE"), shopping.buy(code="NOPE", amount="19500", currency="usd")):
        page = text(answer)
        assert "We do not know this code" in page
        assert 'value="NOPE"' in page
        assert 'aria-describedby="code-error"' in page
    assert shopping.payments.asked == []
