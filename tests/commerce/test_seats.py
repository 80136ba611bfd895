"""Seats of a team: bought together, redeemed one by one."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.services import TooManyTriesError
from laurel.commerce import queries, services
from laurel.commerce.models import Entitlement, Order, OrderLine, SeatPool, Voucher
from laurel.commerce.rules import EntitlementSource, EntitlementStatus, OfferingKind, OrderState, VoucherStatus
from laurel.commerce.rules.seats import read_code, show_code
from laurel.commerce.services import seats
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.orders import PriceChangedError
from laurel.commerce.services.seats import SeatTakenError
from laurel.core.clock import now
from laurel.core.db import Database
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.mail import Mail
from laurel.learning.queries import find_enrollment
from tests.commerce.racing import TOGETHER, at_once, carelessly
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order, make_seats, make_sellable_course

pytestmark = pytest.mark.usefixtures("shared_app")  # who is entitled is enrolled: the application says who reacts to what


def redeem(session: Session, code: str, user_id: UUID) -> UUID:
    return services.redeem_seat(session, code, user_id=user_id, now=now())


def test_a_paid_order_makes_a_voucher_for_each_seat_and_gives_its_buyer_nothing_else(session: Session) -> None:
    buyer, course = make_user(session), make_sellable_course(session)

    pool, vouchers = make_seats(session, buyer=buyer, course=course, seats=5)

    assert [voucher.seat_no for voucher in vouchers] == [1, 2, 3, 4, 5]
    assert len({voucher.code for voucher in vouchers}) == 5
    assert all(read_code(show_code(voucher.code).lower()) == voucher.code for voucher in vouchers)
    assert pool.seats == 5
    assert not queries.has_entitlement(session, buyer.id, course.id)
    assert find_enrollment(session, learner_id=buyer.id, course_id=course.id) is None


def test_an_order_for_seats_costs_so_many_times_the_price(session: Session) -> None:
    offering = make_offering(session, kind=OfferingKind.SEATS, prices={"usd": 10000})
    order = services.place_order(
        session,
        buyer_id=make_user(session).id,
        course_id=offering.course_id,
        currency="usd",
        click_token=None,
        now=now(),
        kind=OfferingKind.SEATS,
        quantity=7,
    )

    (line,) = queries.list_lines(session, order.id)
    assert (order.subtotal, order.total, line.quantity, line.unit_amount, line.amount) == (70000, 70000, 7, 10000, 70000)


def test_paying_twice_makes_the_seats_once(session: Session) -> None:
    pool, vouchers = make_seats(session)
    order = session.get_one(Order, session.get_one(OrderLine, pool.order_line_id).order_id)

    assert settle(session, order, amount_paid=order.total, now=now()) is False

    assert len(session.scalars(select(Voucher)).all()) == len(vouchers)
    with pytest.raises(IntegrityError):
        seats.make_seats(session, order, queries.list_lines(session, order.id)[0], now=now())


def test_whoever_redeems_gets_the_course_and_is_enrolled(session: Session) -> None:
    course = make_sellable_course(session)
    pool, vouchers = make_seats(session, course=course)
    colleague = make_user(session)

    assert redeem(session, show_code(vouchers[0].code), colleague.id) == course.id

    session.refresh(vouchers[0])
    right = session.scalars(select(Entitlement).where(Entitlement.user_id == colleague.id)).one()
    assert (right.source_kind, right.source_id, right.offering_id) == (EntitlementSource.VOUCHER, vouchers[0].id, pool.offering_id)
    assert (vouchers[0].status, vouchers[0].redeemed_by_id) == (VoucherStatus.REDEEMED, colleague.id)
    assert find_enrollment(session, learner_id=colleague.id, course_id=course.id) is not None
    assert queries.get_pool_of(session, pool.buyer_id, pool.id).taken == 1


def test_redeeming_ones_own_code_again_changes_nothing(session: Session) -> None:
    _pool, vouchers = make_seats(session)
    colleague = make_user(session)

    assert redeem(session, vouchers[0].code, colleague.id) == redeem(session, vouchers[0].code, colleague.id)

    assert queries.count_entitlements(session, colleague.id) == 1


@pytest.mark.parametrize("text", ["", "hello", "0000-0000-0000-0001-2", "Ω" * 17, "A" * 60])
def test_what_is_no_code_is_refused_beside_its_field(session: Session, text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        redeem(session, text, make_user(session).id)

    assert refused.value.field == "code"


def test_a_code_is_told_why_it_is_refused(session: Session) -> None:
    course = make_sellable_course(session)
    pool, vouchers = make_seats(session, course=course, seats=4)
    first, second, owner = make_user(session), make_user(session), make_user(session)
    make_order(session, buyer=owner, offering=make_offering(session, course=course, prices={"usd": 0}))
    redeem(session, vouchers[0].code, first.id)
    vouchers[1].expires_at = now() - timedelta(days=1)
    vouchers[2].status = VoucherStatus.REVOKED
    session.flush()

    refusals = [
        (vouchers[0].code, second, "Somebody else has used this code"),
        (vouchers[1].code, second, "not good any more"),
        (vouchers[2].code, second, "not good any more"),
        (vouchers[3].code, first, "You have this course already"),
        (vouchers[3].code, owner, "You have this course already"),
    ]
    for code, person, words in refusals:
        with pytest.raises(InvalidInputError, match=words):
            redeem(session, code, person.id)
    assert queries.get_pool_of(session, pool.buyer_id, pool.id).taken == 1


def test_one_person_takes_one_seat_of_a_purchase_even_after_losing_it(session: Session) -> None:
    _pool, vouchers = make_seats(session)
    colleague = make_user(session)
    redeem(session, vouchers[0].code, colleague.id)
    vouchers[0].status = VoucherStatus.REVOKED
    session.scalars(select(Entitlement)).one().status = EntitlementStatus.REVOKED
    session.flush()

    with pytest.raises(InvalidInputError, match="Each person can take one"):
        redeem(session, vouchers[1].code, colleague.id)


@pytest.mark.parametrize(
    ("seat", "right", "words"),
    [
        (VoucherStatus.REDEEMED, EntitlementStatus.REVOKED, "was taken back"),
        (VoucherStatus.REVOKED, EntitlementStatus.REVOKED, "was taken back"),
        (VoucherStatus.REDEEMED, EntitlementStatus.SUSPENDED, "is paused"),
    ],
)
def test_whose_seat_was_taken_back_or_is_paused_is_not_told_that_they_are_enrolled(
    session: Session, seat: VoucherStatus, right: EntitlementStatus, words: str
) -> None:
    _pool, vouchers = make_seats(session)
    colleague = make_user(session)
    redeem(session, vouchers[0].code, colleague.id)
    vouchers[0].status = seat
    session.scalars(select(Entitlement)).one().status = right
    session.flush()

    with pytest.raises(InvalidInputError, match=words) as refused:
        redeem(session, vouchers[0].code, colleague.id)

    assert refused.value.field == "code"


def test_a_replaced_code_is_worth_nothing_and_the_new_one_is(session: Session) -> None:
    pool, vouchers = make_seats(session)
    old, colleague = vouchers[0].code, make_user(session)

    new = services.replace_code(session, pool.buyer_id, pool.id, vouchers[0].id, now=now())

    with pytest.raises(InvalidInputError, match="do not know this code"):
        redeem(session, old, colleague.id)
    redeem(session, new, colleague.id)
    with pytest.raises(SeatTakenError):
        services.replace_code(session, pool.buyer_id, pool.id, vouchers[0].id, now=now())


def test_somebody_elses_seats_do_not_exist(session: Session) -> None:
    pool, vouchers = make_seats(session)
    other_pool, _ = make_seats(session)
    stranger = make_user(session)

    for work in (
        lambda: queries.get_pool_of(session, stranger.id, pool.id),
        lambda: services.replace_code(session, stranger.id, pool.id, vouchers[0].id, now=now()),
        lambda: services.label_seat(session, stranger.id, pool.id, vouchers[0].id, label="x"),
        lambda: services.mail_seat(session, stranger.id, pool.id, vouchers[0].id, email="a@example.com", now=now()),
        lambda: services.label_seat(session, other_pool.buyer_id, other_pool.id, vouchers[0].id, label="x"),
    ):
        with pytest.raises(NotFoundError):
            work()


def test_a_mailed_seat_names_its_buyer_and_its_code_once_a_day(session: Session) -> None:
    pool, vouchers = make_seats(session)

    for _ in range(2):
        services.mail_seat(session, pool.buyer_id, pool.id, vouchers[0].id, email="grace@example.com", now=now())

    mail = session.scalars(select(Mail).where(Mail.recipient == "grace@example.com")).one()
    assert show_code(vouchers[0].code) in mail.text
    assert "/redeem?code=" in mail.text
    assert show_code(vouchers[0].code) in (mail.html or "")
    assert vouchers[0].label == "grace@example.com"


def test_codes_are_not_guessed(session: Session) -> None:
    person = make_user(session)
    for _ in range(10):
        services.count_redeeming(session, user_id=person.id, network="192.0.2.1", now=now())

    with pytest.raises(TooManyTriesError):
        services.count_redeeming(session, user_id=person.id, network="192.0.2.1", now=now())


def test_one_seat_redeemed_by_many_at_once_goes_to_one(database: Database, session: Session) -> None:
    _pool, vouchers = make_seats(session)
    people = [make_user(session).id for _ in range(TOGETHER)]
    session.commit()

    results = at_once(database, [taking(vouchers[0].code, person) for person in people])

    assert Counter(type(result) for result in results) == {UUID: 1, InvalidInputError: TOGETHER - 1}
    session.expire_all()
    assert len(session.scalars(select(Entitlement)).all()) == 1
    assert people[[isinstance(result, UUID) for result in results].index(True)] == session.get_one(Voucher, vouchers[0].id).redeemed_by_id


def test_two_seats_redeemed_by_one_person_at_once_are_one(database: Database, session: Session) -> None:
    pool, vouchers = make_seats(session, seats=TOGETHER)
    person = make_user(session).id
    session.commit()

    results = at_once(database, [taking(voucher.code, person) for voucher in vouchers])

    assert Counter(type(result) for result in results) == {UUID: 1, InvalidInputError: TOGETHER - 1}
    session.expire_all()
    assert queries.get_pool_of(session, pool.buyer_id, pool.id).taken == 1


def test_redeeming_and_replacing_at_once_end_in_one_of_the_two(database: Database, session: Session) -> None:
    pool, vouchers = make_seats(session, seats=TOGETHER)
    people = [make_user(session).id for _ in range(TOGETHER // 2)]
    session.commit()
    takes = [taking(voucher.code, person) for voucher, person in zip(vouchers, people, strict=False)]

    results = at_once(database, [*takes, *(replacing(pool, voucher) for voucher in vouchers[: TOGETHER // 2])])

    taken, replaced = results[: TOGETHER // 2], results[TOGETHER // 2 :]
    assert [isinstance(one, UUID) != isinstance(other, str) for one, other in zip(taken, replaced, strict=True)] == [True] * (TOGETHER // 2)
    session.expire_all()
    assert queries.get_pool_of(session, pool.buyer_id, pool.id).taken == sum(isinstance(one, UUID) for one in taken)


def test_control_looking_and_then_taking_gives_one_seat_to_many(database: Database, session: Session) -> None:
    """The known-bad way shows that the race above can be lost."""
    _pool, vouchers = make_seats(session)
    session.commit()
    told: list[bool] = []

    def look(session: Session) -> bool:
        return session.get_one(Voucher, vouchers[0].id).status is VoucherStatus.ISSUED

    def write(session: Session, is_free: bool) -> None:
        if is_free:
            session.get_one(Voucher, vouchers[0].id).label = "mine"
            told.append(True)

    carelessly(database, TOGETHER, look, write)

    assert len(told) > 1


def taking(code: str, person: UUID) -> Callable[[Session], Any]:
    return lambda session: redeem(session, code, person)


def replacing(pool: SeatPool, voucher: Voucher) -> Callable[[Session], Any]:
    buyer_id, pool_id, voucher_id = pool.buyer_id, pool.id, voucher.id
    return lambda session: services.replace_code(session, buyer_id, pool_id, voucher_id, now=now())


def test_an_order_for_other_seats_replaces_the_open_one(session: Session) -> None:
    offering = make_offering(session, kind=OfferingKind.SEATS, prices={"usd": 10000})
    buyer = make_user(session)

    def place(quantity: int) -> Any:
        return services.place_order(
            session,
            buyer_id=buyer.id,
            course_id=offering.course_id,
            currency="usd",
            click_token=None,
            now=now(),
            kind=OfferingKind.SEATS,
            quantity=quantity,
        )

    first = place(3)
    assert place(3) is first
    with pytest.raises(PriceChangedError):
        place(4)
    assert first.state is OrderState.CREATED
    for quantity in (0, 501, -1):
        with pytest.raises(InvalidInputError, match="between 1 and 500"):
            place(quantity)
