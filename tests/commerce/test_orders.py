"""Offers, placing orders, and the rights they give."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.catalog.rules import CourseStatus
from laurel.commerce import queries, services
from laurel.commerce.models import Entitlement, LedgerEntry, Order, OrderLine
from laurel.commerce.rules import EntitlementSource, OrderState
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.moving import move_order
from laurel.commerce.services.orders import AlreadyOwnedError, NotForSaleError, PriceChangedError
from laurel.core.clock import now
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order, make_sellable_course


def events(session: Session, name: str) -> int:
    return session.scalar(select(func.count()).select_from(EventRecord).where(EventRecord.name == name)) or 0


def test_an_order_keeps_the_price_of_its_moment(session: Session) -> None:
    offering = make_offering(session)
    order = make_order(session, offering=offering)

    services.set_price(session, offering.id, currency="usd", unit_amount=29500, now=now() + timedelta(seconds=1))

    assert queries.get_order(session, order.id).total == 19500
    assert queries.get_offer(session, offering.course_id).prices == {"eur": 17900, "usd": 29500}


def test_ordering_twice_is_one_order(session: Session) -> None:
    buyer, offering = make_user(session), make_offering(session)

    first = make_order(session, buyer=buyer, offering=offering)
    second = make_order(session, buyer=buyer, offering=offering)

    assert first is second
    assert events(session, "OrderPlaced") == 1
    assert first.state is OrderState.CREATED


def test_the_database_itself_refuses_a_second_open_order(session: Session) -> None:
    order = make_order(session)

    session.add(
        Order(
            number="L-OTHER",
            buyer_id=order.buyer_id,
            purchase_key=order.purchase_key,
            currency="eur",
            subtotal=1,
            total=1,
            tax_behavior=order.tax_behavior,
            is_live=False,
            created_at=now(),
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()


def test_an_open_order_at_another_price_must_be_closed_first(session: Session) -> None:
    buyer, offering = make_user(session), make_offering(session)
    make_order(session, buyer=buyer, offering=offering)

    with pytest.raises(PriceChangedError):
        make_order(session, buyer=buyer, offering=offering, currency="eur")


def test_a_free_course_is_the_buyers_at_once_and_only_once(session: Session) -> None:
    buyer, offering = make_user(session), make_offering(session, prices={"usd": 0})

    order = make_order(session, buyer=buyer, offering=offering)
    again = make_order(session, buyer=buyer, offering=offering)

    assert order is again
    assert order.state is OrderState.PAID
    assert queries.has_entitlement(session, buyer.id, offering.course_id)
    assert queries.count_entitlements(session, buyer.id) == 1
    assert session.scalars(select(Entitlement)).one().source_kind is EntitlementSource.FREE
    assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 0
    assert events(session, "OrderPaid") == 1


def test_what_one_has_is_not_bought_again(session: Session) -> None:
    buyer, offering = make_user(session), make_offering(session)
    settle(session, make_order(session, buyer=buyer, offering=offering), amount_paid=19500, ref="pi_1", now=now())

    with pytest.raises(AlreadyOwnedError):
        make_order(session, buyer=buyer, offering=offering)


@pytest.mark.parametrize("status", [CourseStatus.COMING_SOON, CourseStatus.RETIRED])
def test_a_course_that_is_not_open_is_not_for_sale(session: Session, status: CourseStatus) -> None:
    offering = make_offering(session, course=make_sellable_course(session, status=status))

    with pytest.raises(NotForSaleError):
        make_order(session, offering=offering)


def test_a_withdrawn_offering_is_not_for_sale(session: Session) -> None:
    offering = make_offering(session)
    services.withdraw_offering(session, offering.id, now=now())

    with pytest.raises(NotForSaleError):
        make_order(session, offering=offering)
    with pytest.raises(NotFoundError):
        queries.get_offer(session, offering.course_id)


def test_a_currency_without_a_price_is_refused(session: Session) -> None:
    with pytest.raises(InvalidInputError) as refused:
        make_order(session, currency="gbp")

    assert refused.value.field == "currency"


def test_seeding_an_offering_twice_changes_nothing(session: Session) -> None:
    offering = make_offering(session)

    again = services.create_offering(session, course_id=offering.course_id, title="Other", prices={"usd": 100}, now=now())

    assert again is offering
    assert queries.list_prices(session, [offering.course_id], currency="usd") == {offering.course_id: 19500}


@pytest.mark.parametrize("prices", [{}, {"usd": 0, "eur": 100}, {"usd": 49}])
def test_prices_that_make_no_sense_are_refused(session: Session, prices: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError):
        services.create_offering(session, course_id=make_sellable_course(session).id, title="Books", prices=prices, now=now())


def test_only_the_first_move_of_two_is_made(session: Session) -> None:
    order = make_order(session)

    assert move_order(session, order, OrderState.AWAITING_PAYMENT)
    assert not move_order(session, order, OrderState.AWAITING_PAYMENT)
    assert order.version == 2


def test_a_paid_order_gives_right_ledger_entry_and_event_once(session: Session) -> None:
    order = make_order(session)
    move_order(session, order, OrderState.AWAITING_PAYMENT)

    assert settle(session, order, amount_paid=19500, ref="pi_1", now=now())
    assert not settle(session, order, amount_paid=19500, ref="pi_1", now=now())

    assert queries.count_entitlements(session, order.buyer_id) == 1
    assert [(entry.kind, entry.ref, entry.amount) for entry in session.scalars(select(LedgerEntry))] == [("payment", "pi_1", 19500)]
    assert events(session, "OrderPaid") == 1
    assert order.paid_at is not None


def test_someone_elses_order_does_not_exist(session: Session) -> None:
    order = make_order(session)

    with pytest.raises(NotFoundError):
        queries.get_order_of(session, make_user(session).id, order.id)


def test_entitled_courses_are_those_with_a_right_in_force(session: Session) -> None:
    buyer = make_user(session)
    offering = make_offering(session, prices={"usd": 0})
    make_order(session, buyer=buyer, offering=offering)
    right = session.scalars(select(Entitlement)).one()

    assert queries.list_entitled_courses(session, buyer.id) == {offering.course_id}
    right.valid_until = now() - timedelta(minutes=1)
    session.flush()
    assert not queries.has_entitlement(session, buyer.id, offering.course_id)
    right.valid_until = now() + timedelta(minutes=1)
    session.flush()
    assert queries.has_entitlement(session, buyer.id, offering.course_id)


def test_a_line_must_be_the_product_of_its_parts(session: Session) -> None:
    order = make_order(session)
    line = queries.list_lines(session, order.id)[0]

    session.add(OrderLine(order_id=order.id, line_no=2, kind=line.kind, offering_id=line.offering_id, title="x", unit_amount=5, amount=6))

    with pytest.raises(IntegrityError):
        session.flush()


def test_more_than_was_paid_is_never_refunded(session: Session) -> None:
    order = make_order(session)
    order.amount_refunded = 1

    with pytest.raises(IntegrityError):
        session.flush()


def test_staff_find_orders_by_number_name_address_and_state(session: Session) -> None:
    buyer = make_user(session, name="Grace_Hopper 100%", email="grace@example.com")
    order = make_order(session, buyer=buyer)
    make_order(session)

    def found(**filters: object) -> list[Order]:
        return list(session.scalars(queries.select_orders(**filters)))  # type: ignore[arg-type]

    assert found(words=order.number[2:7].lower()) == [order]
    assert found(words="GRACE@") == [order]
    assert found(words="100%") == [order]
    assert found(words="%") == [order]
    assert len(found(state=OrderState.CREATED)) == 2
    assert found(state=OrderState.PAID) == []
