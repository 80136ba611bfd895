"""Further attempts at an exam: bought when those that come with the course are used up, used when one begins."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.commerce import queries, services
from laurel.commerce.models import Entitlement, ExamCredit, Order, OrderLine, ReviewTask
from laurel.commerce.rules import (
    MAX_RETAKES,
    EntitlementStatus,
    OfferingKind,
    OrderState,
    RetakeFacts,
    RetakeObstacle,
    Wish,
    find_retake_obstacle,
)
from laurel.commerce.services import Till
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.quoting import RetakeRefusedError, UnderWayError, refuse_second
from laurel.core.clock import now
from laurel.core.db import Database
from laurel.learning.services import finish_lesson, start_exam
from laurel.quizzes import services as quizzes
from laurel.quizzes.models import Attempt
from laurel.quizzes.services import OpenAttemptError, StartRefusedError
from tests.commerce.conftest import Transaction
from tests.commerce.racing import TOGETHER, at_once, carelessly
from tests.commerce.shopping import text
from tests.conftest import SignIn
from tests.factories.commerce import make_offering
from tests.factories.learning import Classroom, make_classroom
from tests.fakes import FakePayments

Why = RetakeObstacle
FINE = RetakeFacts(has_exam=True, is_owned=True, has_passed=False, is_closed=False, is_running=False, left=0, waits=False, bought=0)
pytestmark = pytest.mark.usefixtures("shared_app")


@pytest.mark.parametrize(("changes", "obstacle"), [
    ({}, None),
    ({"has_exam": False}, Why.NO_EXAM),
    ({"is_owned": False}, Why.NOT_OWNED),
    ({"has_passed": True}, Why.PASSED),
    ({"is_closed": True}, Why.CLOSED),
    ({"is_running": True}, Why.RUNNING),
    ({"left": 1}, Why.ATTEMPTS_LEFT),
    ({"left": None}, Why.ATTEMPTS_LEFT),
    ({"waits": True}, Why.WAIT),
    ({"bought": MAX_RETAKES}, Why.TOO_MANY),
])  # fmt: skip
def test_a_retake_is_for_who_has_used_everything_up(changes: dict[str, Any], obstacle: RetakeObstacle | None) -> None:
    facts = {name: getattr(FINE, name) for name in RetakeFacts.__slots__} | changes

    assert find_retake_obstacle(RetakeFacts(**facts)) is obstacle


@dataclass(frozen=True)
class Hall:
    """A learner whose one attempt at an exam is used up, and a retake for 45 dollars."""

    session: Session
    room: Classroom

    def start(self, moment: datetime | None = None) -> Attempt:
        return start_exam(
            self.session,
            course_id=self.room.course.id,
            quiz_id=self.room.exam.id,
            learner_id=self.room.learner.id,
            home_path="/",
            honor_code_accepted=True,
            browser_session_token=None,
            now=moment or now(),
        )

    def fail(self, attempt: Attempt) -> None:
        quizzes.submit_attempt(self.session, attempt_id=attempt.id, learner_id=self.room.learner.id, now=now())

    def order(self) -> Order:
        return services.place_order(
            self.session,
            buyer_id=self.room.learner.id,
            course_id=self.room.course.id,
            currency="usd",
            click_token=None,
            now=now(),
            kind=OfferingKind.EXAM_RETAKE,
        )

    def buy(self) -> None:
        order = self.order()
        settle(self.session, order, amount_paid=order.total, now=now(), ref=order.number)

    def credits(self) -> queries.Credits:
        return queries.count_credits(self.session, self.room.learner.id, self.room.course.id)


@pytest.fixture
def hall(session: Session) -> Hall:
    room = make_classroom(session, attempts_allowed=1)
    make_offering(session, course=room.course, kind=OfferingKind.EXAM_RETAKE, prices={"usd": 4500, "eur": 4200})
    found = Hall(session, room)
    found.fail(found.start())
    return found


def test_a_paid_retake_lets_one_more_attempt_begin(hall: Hall) -> None:
    with pytest.raises(StartRefusedError):
        hall.start()

    hall.buy()
    assert hall.credits() == queries.Credits(used=0, unused=1)
    attempt = hall.start()

    credit = hall.session.scalars(select(ExamCredit)).one()
    assert (credit.consumed_by_attempt_id, hall.credits()) == (attempt.id, queries.Credits(used=1, unused=0))
    hall.fail(attempt)
    with pytest.raises(StartRefusedError):
        hall.start()


def test_attempts_that_come_with_the_course_are_used_first(session: Session) -> None:
    room = make_classroom(session, attempts_allowed=1)
    hall = Hall(session, room)
    make_offering(session, course=room.course, kind=OfferingKind.EXAM_RETAKE, prices={"usd": 4500})
    hall.fail(hall.start())
    hall.buy()
    session.scalars(select(Attempt)).one().is_counted = False  # staff gave the first one back
    session.flush()

    hall.fail(hall.start())

    assert hall.credits() == queries.Credits(used=0, unused=1)
    hall.start()
    assert hall.credits() == queries.Credits(used=1, unused=0)


def test_a_retake_cannot_be_bought_while_an_attempt_is_left(hall: Hall) -> None:
    hall.buy()

    with pytest.raises(RetakeRefusedError) as refused:
        hall.order()
    assert refused.value.obstacle is Why.ATTEMPTS_LEFT
    hall.start()
    with pytest.raises(RetakeRefusedError) as refused:
        hall.order()
    assert refused.value.obstacle is Why.RUNNING


def test_a_retake_cannot_be_bought_before_the_waiting_time_is_over(session: Session) -> None:
    room = make_classroom(session, attempts_allowed=1, retake_wait_hours=(24,))
    make_offering(session, course=room.course, kind=OfferingKind.EXAM_RETAKE, prices={"usd": 4500})
    hall = Hall(session, room)
    hall.fail(hall.start())

    standing = queries.check_retake(session, room.learner.id, room.course.id, now=now())
    later = queries.check_retake(session, room.learner.id, room.course.id, now=now() + timedelta(hours=25))

    assert (standing.obstacle, standing.next_start_at is not None) == (Why.WAIT, True)
    assert later.obstacle is None


def test_a_refunded_retake_starts_nothing(hall: Hall) -> None:
    hall.buy()
    hall.session.scalars(select(ExamCredit)).one().revoked_at = now()
    hall.session.flush()

    with pytest.raises(StartRefusedError):
        hall.start()


def test_a_retake_that_is_paid_when_it_has_become_useless_waits_for_a_person(
    hall: Hall, till: Till, payments: FakePayments, transaction: Transaction
) -> None:
    order_id = hall.order().id
    hall.session.commit()
    services.open_checkout(till, order_id, return_url="http://laurel.test/orders/1")
    (session_id,) = payments.checkouts
    with transaction() as session:
        for right in session.scalars(select(Entitlement)):
            right.status = EntitlementStatus.REVOKED
    payments.pay(session_id)

    services.sync_checkout(till, session_id)

    hall.session.rollback()
    assert hall.session.get_one(Order, order_id, populate_existing=True).state is OrderState.REVIEW
    assert hall.session.scalars(select(ExamCredit)).all() == []
    assert "a retake that cannot be used (not_owned)" in hall.session.scalars(select(ReviewTask)).one().detail


def test_the_lobby_leads_to_the_retake_and_shows_what_was_bought(
    hall: Hall, client: FlaskClient, sign_in: SignIn, payments: FakePayments, csrf: Callable[..., str]
) -> None:
    finish_lessons(hall)
    sign_in(hall.room.learner)
    slug = hall.room.course.slug
    assert f"/courses/{slug}/retake" in text(client.get(f"/learn/{slug}/exam"))
    page = text(client.get(f"/courses/{slug}/retake"))
    assert "$45" in page
    assert "One attempt at the exam" in page

    answer = client.post(
        f"/courses/{slug}/checkout", data={"csrf_token": csrf("/orders"), "kind": "exam_retake", "currency": "usd", "amount": "4500"}
    )
    assert answer.status_code == 303
    (session_id,) = payments.checkouts
    payments.pay(session_id)
    order = hall.session.scalars(select(Order).order_by(Order.created_at.desc())).first()
    assert order is not None
    hall.session.rollback()
    assert "You have one more attempt" in text(client.get(f"/orders/{order.id}?session_id={session_id}"))

    lobby = text(client.get(f"/learn/{slug}/exam"))
    assert "You have bought one more attempt" in lobby
    assert "1 of 2 left" in lobby
    started = client.post(f"/learn/{slug}/exam/attempts", data={"csrf_token": csrf("/orders"), "honor_code": "y"})
    assert started.status_code == 302
    assert started.headers["Location"].startswith("/attempts/")
    hall.session.rollback()
    assert hall.credits() == queries.Credits(used=1, unused=0)


def finish_lessons(hall: Hall) -> None:
    """Everything before the exam is done, so that its door is open."""
    for lesson in list_lessons(hall.session, hall.room.course.id)[:-1]:
        finish_lesson(hall.session, hall.room.enrollment.id, lesson_id=lesson.id, now=now())


def test_who_cannot_buy_a_retake_is_told_why(hall: Hall, client: FlaskClient, sign_in: SignIn, csrf: Callable[..., str]) -> None:
    hall.buy()
    sign_in(hall.room.learner)
    slug = hall.room.course.slug

    assert "You have an attempt left. Use it first." in text(client.get(f"/courses/{slug}/retake"))
    answer = client.post(f"/courses/{slug}/checkout", data={"csrf_token": csrf("/orders"), "kind": "exam_retake"})
    assert answer.status_code == 409
    assert "You have an attempt left" in text(answer)


@pytest.mark.parametrize(
    ("state", "words"), [(OrderState.PROCESSING, "Your payment is on its way"), (OrderState.REVIEW, "We are checking")]
)
def test_an_attempt_whose_money_is_on_its_way_is_not_bought_a_second_time(
    hall: Hall, client: FlaskClient, sign_in: SignIn, csrf: Callable[..., str], state: OrderState, words: str
) -> None:
    order = hall.order()
    order.state = state
    sign_in(hall.room.learner)
    slug = hall.room.course.slug

    page = text(client.get(f"/courses/{slug}/retake"))
    answer = client.post(f"/courses/{slug}/checkout", data={"csrf_token": csrf("/orders"), "kind": "exam_retake"})

    assert words in page
    assert "Continue to payment" not in page
    assert (answer.status_code, "Nothing was ordered" in text(answer)) == (409, True)
    with pytest.raises(UnderWayError, match="another attempt at this exam"):
        refuse_second(
            hall.session, hall.room.learner.id, Wish(course_id=hall.room.course.id, currency="usd", kind=OfferingKind.EXAM_RETAKE)
        )
    assert hall.session.scalars(select(OrderLine).filter_by(kind=OfferingKind.EXAM_RETAKE)).one().order_id == order.id


def test_one_credit_and_many_starts_at_once_make_one_attempt(database: Database, hall: Hall) -> None:
    hall.buy()
    hall.session.commit()

    def start(session: Session) -> Attempt:
        return Hall(session, hall.room).start()

    results = at_once(database, [start] * TOGETHER)

    assert Counter(type(result) for result in results) == {Attempt: 1, OpenAttemptError: TOGETHER - 1}
    hall.session.rollback()
    assert hall.credits() == queries.Credits(used=1, unused=0)


def test_starting_and_refunding_at_once_end_in_one_of_the_two(database: Database, hall: Hall) -> None:
    hall.buy()
    hall.session.commit()

    def start(session: Session) -> Attempt:
        return Hall(session, hall.room).start()

    def refund(session: Session) -> bool:
        credit = session.scalars(select(ExamCredit).with_for_update()).one()
        if credit.consumed_by_attempt_id is None:
            credit.revoked_at = now()
        return credit.revoked_at is not None

    began, refunded = at_once(database, [start, refund])

    assert isinstance(began, Attempt) != refunded
    hall.session.rollback()
    assert hall.credits().bought == (0 if refunded else 1)


def test_control_looking_and_then_using_spends_one_credit_twice(database: Database, hall: Hall) -> None:
    """The known-bad way shows that the races above can be lost."""
    hall.buy()
    hall.session.commit()
    spent: list[bool] = []

    def look(session: Session) -> bool:
        return session.scalars(select(ExamCredit)).one().consumed_by_attempt_id is None

    def write(session: Session, is_free: bool) -> None:
        if is_free:
            session.scalars(select(ExamCredit)).one().consumed_at = now()
            spent.append(True)

    carelessly(database, TOGETHER, look, write)

    assert len(spent) > 1
