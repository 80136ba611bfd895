"""From a click to the credit of an order."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.attribution import handlers, queries, services
from laurel.attribution.models import OrderCredit, OrderTouch, Touch
from laurel.attribution.rules import CLICK_LIFETIME, TouchKind
from laurel.catalog.models import Course
from laurel.commerce.events import OrderPaid, OrderPlaced
from laurel.commerce.models import Order
from laurel.commerce.rules import OrderState
from laurel.commerce.services import place_order
from laurel.core import clock
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order, make_sellable_course


def click(session: Session, course: Course, *, at: datetime, cta_id: UUID | None = None, bot_reason: str | None = None) -> Touch:
    token = services.record_touch(
        session,
        kind=TouchKind.CLICK,
        cta_id=cta_id or uuid4(),
        placement_id=uuid4(),
        article_id=uuid4(),
        course_id=course.id,
        referrer_host=None,
        bot_reason=bot_reason,
        now=at,
    )
    touch = queries.find_touch(session, token)
    assert touch is not None
    return touch


def order_by(session: Session, course: Course, token: str | None) -> Order:
    buyer = make_user(session)
    return place_order(session, buyer_id=buyer.id, course_id=course.id, currency="usd", click_token=token, now=clock.now())


def placed(order: Order, course: Course) -> OrderPlaced:
    return OrderPlaced(
        occurred_at=order.created_at, order_id=order.id, buyer_id=order.buyer_id, course_id=course.id, click_token=order.click_token
    )


def paid(order: Order, course: Course) -> OrderPaid:
    return OrderPaid(occurred_at=order.created_at, order_id=order.id, buyer_id=order.buyer_id, course_id=course.id)


def settle(session: Session, order: Order, *, refunded: int = 0) -> None:
    order.state, order.amount_paid, order.amount_refunded = OrderState.PAID, order.total, refunded
    session.flush()


@pytest.fixture
def course(session: Session) -> Course:
    course = make_sellable_course(session)
    make_offering(session, course=course)
    return course


def count(session: Session, table: type[OrderCredit] | type[OrderTouch]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_click_token_says_nothing_and_is_never_the_same(session: Session, course: Course, now: datetime) -> None:
    first, second = click(session, course, at=now), click(session, course, at=now)

    assert first.click_token != second.click_token
    assert len(first.click_token) >= 20
    assert str(first.id) not in first.click_token


def test_a_paid_order_is_credited_to_its_click_with_the_weight_one(session: Session, course: Course) -> None:
    touch = click(session, course, at=clock.now())
    order = order_by(session, course, touch.click_token)

    handlers.link_order(session, placed(order, course))
    handlers.credit_order(session, paid(order, course))

    credit = session.scalars(select(OrderCredit)).one()
    assert (credit.order_id, credit.touch_id, credit.article_id, credit.cta_id) == (order.id, touch.id, touch.article_id, touch.cta_id)
    assert credit.weight == Decimal(1)


def test_what_is_told_twice_counts_once(session: Session, course: Course) -> None:
    order = order_by(session, course, click(session, course, at=clock.now()).click_token)

    for _ in range(2):
        handlers.link_order(session, placed(order, course))
        handlers.credit_order(session, paid(order, course))

    assert count(session, OrderTouch) == count(session, OrderCredit) == 1


def test_the_payment_may_be_told_before_the_order(session: Session, course: Course) -> None:
    order = order_by(session, course, click(session, course, at=clock.now()).click_token)

    handlers.credit_order(session, paid(order, course))
    handlers.link_order(session, placed(order, course))

    assert count(session, OrderTouch) == count(session, OrderCredit) == 1


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_an_order_without_a_known_click_has_no_credit(session: Session, course: Course, token: str | None) -> None:
    order = order_by(session, course, token)

    handlers.link_order(session, placed(order, course))
    handlers.credit_order(session, paid(order, course))

    assert count(session, OrderCredit) == 0


def test_a_click_that_is_older_than_thirty_minutes_counts_no_more(session: Session, course: Course) -> None:
    touch = click(session, course, at=clock.now() - CLICK_LIFETIME - timedelta(seconds=1))
    order = order_by(session, course, touch.click_token)

    handlers.link_order(session, placed(order, course))
    handlers.credit_order(session, paid(order, course))

    assert count(session, OrderTouch) == count(session, OrderCredit) == 0


def test_a_click_may_lead_to_a_second_order_when_the_first_is_not_paid(session: Session, course: Course) -> None:
    touch = click(session, course, at=clock.now())
    canceled, kept = order_by(session, course, touch.click_token), order_by(session, course, touch.click_token)

    for order in (canceled, kept):
        handlers.link_order(session, placed(order, course))
    handlers.credit_order(session, paid(kept, course))

    assert session.scalars(select(OrderCredit.order_id)).all() == [kept.id]


def test_the_last_click_before_the_order_gets_the_credit(session: Session, course: Course) -> None:
    started = clock.now()
    earlier, later = click(session, course, at=started - timedelta(minutes=9)), click(session, course, at=started - timedelta(minutes=2))
    order = order_by(session, course, None)
    for touch in (later, earlier):
        services.link_touch(session, order_id=order.id, click_token=touch.click_token, placed_at=started)

    services.credit_order(session, order.id, now=started)

    assert session.scalars(select(OrderCredit.touch_id)).all() == [later.id]


def test_the_table_counts_people_and_programs_apart(session: Session, course: Course, now: datetime) -> None:
    first = click(session, course, at=now)
    for reason in (None, "crawler word: bot"):
        touch = click(session, course, at=now, cta_id=first.cta_id, bot_reason=reason)
        touch.article_id = first.article_id
    click(session, course, at=now, bot_reason="no user agent")
    session.flush()

    rows = [tuple(row) for row in session.execute(queries.select_clicks())]

    assert rows[0] == (first.cta_id, first.article_id, 2, 1)
    assert [row[2:] for row in rows] == [(2, 1), (0, 1)]


def test_revenue_is_net_of_refunds_and_kept_by_currency(session: Session, course: Course) -> None:
    touch = click(session, course, at=clock.now())
    for refunded in (0, 4500):
        order = order_by(session, course, touch.click_token)
        settle(session, order, refunded=refunded)
        handlers.credit_order(session, paid(order, course))
    euros = place_order(
        session, buyer_id=make_user(session).id, course_id=course.id, currency="eur", click_token=touch.click_token, now=clock.now()
    )
    settle(session, euros)
    handlers.credit_order(session, paid(euros, course))

    earned = queries.list_earned(session, [(touch.cta_id, touch.article_id), (uuid4(), touch.article_id)])

    assert list(earned) == [(touch.cta_id, touch.article_id)]
    assert earned[touch.cta_id, touch.article_id].orders == 3
    assert earned[touch.cta_id, touch.article_id].revenue == {"usd": 34500, "eur": 17900}
    assert queries.list_earned(session, []) == {}


def test_orders_of_unknown_source_are_counted(session: Session, course: Course) -> None:
    known = order_by(session, course, click(session, course, at=clock.now()).click_token)
    for order in (known, make_order(session), make_order(session)):
        settle(session, order)
    make_order(session)
    handlers.credit_order(session, paid(known, course))

    assert queries.count_sources(session) == queries.Sources(orders=3, unknown=2)
