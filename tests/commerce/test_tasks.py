"""Questions that people answer about money, and what buyers may do without asking."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import Entitlement, LedgerEntry, Refund, ReviewTask
from laurel.commerce.rules import CourseUse, OrderState, RefundOrigin, RefundState
from laurel.commerce.services import Till
from laurel.commerce.services.tasks import NotInReviewError, RefundTerms, TaskOverError
from laurel.core.errors import ConflictError
from laurel.core.ids import new_id
from laurel.core.mail import Mail
from tests.commerce.bought import Bought, buy_course
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.fakes import FakePayments

UNUSED = CourseUse(progress_percent=10, has_started_exam=False, has_completed=False)
TERMS = RefundTerms(days=14, max_progress_percent=50, use=UNUSED)


@pytest.fixture
def bought(app: object, till: Till, payments: FakePayments) -> Bought:
    return buy_course(till, payments)


@pytest.fixture
def held(app: object, till: Till, payments: FakePayments) -> UUID:
    """An order for 195 dollars for which 100 came."""
    with till.transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    session_id = next(iter(payments.checkouts))
    payments.pay(session_id, amount_total=10000)
    services.sync_checkout(till, session_id)
    return order.id


def test_a_held_order_that_is_accepted_gives_access_for_what_came(till: Till, held: UUID, session: Session) -> None:
    with till.transaction() as other:
        services.accept_held_order(other, held, answer="A voucher of ours.", actor_id=make_user(other).id, now=till.now)

    order = queries.get_order(session, held)
    assert (order.state, order.amount_paid) == (OrderState.PAID, 10000)
    assert session.scalars(select(LedgerEntry)).one().amount == 10000
    assert session.scalars(select(Entitlement)).one()
    task = session.scalars(select(ReviewTask)).one()
    assert task.resolution == "A voucher of ours."


def test_a_held_order_that_is_given_back_is_closed_and_never_fulfilled(
    till: Till, held: UUID, session: Session, payments: FakePayments
) -> None:
    with till.transaction() as other:
        services.refund_held_order(other, held, answer="Not ours.", actor_id=make_user(other).id, env=till.env, now=till.now)
    services.submit_refunds_of(till, held)

    assert [refund.amount for refund in payments.refunds.values()] == [10000]
    payments.change(next(iter(payments.checkouts)), amount_total=19500)  # even if all were right now
    services.sync_checkout(till, next(iter(payments.checkouts)))

    assert queries.get_order(session, held).state is OrderState.CANCELED
    assert session.scalars(select(Entitlement)).all() == []
    assert session.scalars(select(LedgerEntry)).all() == []


def test_a_buyer_cannot_cancel_an_order_that_is_held(till: Till, held: UUID) -> None:
    assert services.cancel_order(till, held).state is OrderState.REVIEW


def test_an_order_is_decided_once(till: Till, held: UUID) -> None:
    with till.transaction() as other:
        services.accept_held_order(other, held, answer="Fine.", actor_id=make_user(other).id, now=till.now)

    with pytest.raises(NotInReviewError), till.transaction() as other:
        services.refund_held_order(other, held, answer="No.", actor_id=make_user(other).id, env=till.env, now=till.now)


def test_money_in_another_currency_is_not_accepted(till: Till, held: UUID, session: Session) -> None:
    with till.transaction() as other:
        queries.list_payments(other, held)[0].currency = "eur"

    with pytest.raises(ConflictError, match="currency"), till.transaction() as other:
        services.accept_held_order(other, held, answer="Fine.", actor_id=make_user(other).id, now=till.now)

    assert queries.get_order(session, held).state is OrderState.REVIEW


def test_a_held_order_whose_payment_is_disputed_is_not_accepted(till: Till, held: UUID, session: Session, payments: FakePayments) -> None:
    dispute = payments.add_dispute(f"pi_{next(iter(payments.checkouts))}", 10000)
    services.sync_dispute(till, dispute.id)

    with pytest.raises(ConflictError, match="bank"), till.transaction() as other:
        services.accept_held_order(other, held, answer="Fine.", actor_id=make_user(other).id, now=till.now)

    assert session.scalars(select(Entitlement)).all() == []


def lose_dispute(till: Till, payments: FakePayments, intent: str) -> None:
    """The buyer's bank takes all of the 100 dollars back for good."""
    dispute = payments.add_dispute(intent, 10000)
    services.sync_dispute(till, dispute.id)
    payments.change_dispute(dispute.id, status="lost")
    services.sync_dispute(till, dispute.id)


def test_while_a_bank_decides_a_held_order_waits(till: Till, held: UUID, session: Session, payments: FakePayments) -> None:
    services.sync_dispute(till, payments.add_dispute(f"pi_{next(iter(payments.checkouts))}", 10000).id)

    with pytest.raises(ConflictError, match="bank"), till.transaction() as other:
        services.refund_held_order(other, held, answer="No.", actor_id=make_user(other).id, env=till.env, now=till.now)

    assert queries.get_order(session, held).state is OrderState.REVIEW


def test_a_held_order_whose_money_a_bank_took_for_good_is_closed_and_stays_closed(
    till: Till, held: UUID, session: Session, payments: FakePayments
) -> None:
    session_id = next(iter(payments.checkouts))
    lose_dispute(till, payments, f"pi_{session_id}")

    with till.transaction() as other:
        asked = services.refund_held_order(other, held, answer="The bank has it.", actor_id=make_user(other).id, env=till.env, now=till.now)
    payments.change(session_id, amount_total=19500)  # even if all were right now
    services.sync_checkout(till, session_id)

    assert asked == []
    assert queries.get_order(session, held).state is OrderState.CANCELED
    assert session.scalars(select(Entitlement)).all() == []
    assert [task.kind for task in session.scalars(select(ReviewTask)) if task.resolved_at is None] == []


@pytest.mark.parametrize("way", ["refunded", "lost"])
def test_a_held_order_of_whose_money_nothing_is_left_is_not_accepted_but_closed(
    till: Till, held: UUID, session: Session, payments: FakePayments, way: str
) -> None:
    intent = f"pi_{next(iter(payments.checkouts))}"
    if way == "lost":
        lose_dispute(till, payments, intent)
    else:
        payments.add_refund(intent, 10000)
        services.sync_refunds(till, intent)

    with pytest.raises(ConflictError, match="Close the order"), till.transaction() as other:
        services.accept_held_order(other, held, answer="Fine.", actor_id=make_user(other).id, now=till.now)
    assert session.scalars(select(Entitlement)).all() == []
    with till.transaction() as other:
        services.refund_held_order(other, held, answer="Over.", actor_id=make_user(other).id, env=till.env, now=till.now)

    session.rollback()
    assert queries.get_order(session, held).state is OrderState.CANCELED
    assert len(payments.refunds) == (way == "refunded")


def test_a_refund_in_the_dashboard_of_a_held_order_counts_when_it_is_accepted(
    till: Till, held: UUID, session: Session, payments: FakePayments
) -> None:
    intent = f"pi_{next(iter(payments.checkouts))}"
    payments.add_refund(intent, 4000)
    services.sync_refunds(till, intent)
    with till.transaction() as other:
        services.accept_held_order(other, held, answer="Fine.", actor_id=make_user(other).id, now=till.now)

    order = queries.get_order(session, held)
    assert (order.amount_paid, order.amount_refunded) == (10000, 4000)
    assert sum(session.scalars(select(LedgerEntry.amount))) == 6000


def test_a_task_is_answered_once(bought: Bought, session: Session) -> None:
    with bought.till.transaction() as other:
        order = queries.get_order(other, bought.order_id)
        services.ask_for_refund(other, order, words="It is not what I need.", now=bought.till.now)
    task = session.scalars(select(ReviewTask)).one()
    with bought.till.transaction() as other:
        services.resolve_task(other, task.id, answer="We are sorry; no.", actor_id=bought.buyer_id, now=bought.till.now)

    with pytest.raises(TaskOverError), bought.till.transaction() as other:
        services.resolve_task(other, task.id, answer="Yes.", actor_id=bought.buyer_id, now=bought.till.now)

    session.rollback()
    mail = session.scalars(select(Mail).where(Mail.key == f"refund_answer:{task.id}")).one()
    assert "We are sorry; no." in mail.text


def test_asking_twice_is_one_question_until_it_is_answered(bought: Bought, session: Session) -> None:
    for words in ("Please.", "Please, please."):
        with bought.till.transaction() as other:
            services.ask_for_refund(other, queries.get_order(other, bought.order_id), words=words, now=bought.till.now)
    assert [task.detail for task in session.scalars(select(ReviewTask))] == ["Please."]
    with bought.till.transaction() as other:
        task = other.scalars(select(ReviewTask)).one()
        services.resolve_task(other, task.id, answer="No.", actor_id=bought.buyer_id, now=bought.till.now)
    with bought.till.transaction() as other:
        services.ask_for_refund(other, queries.get_order(other, bought.order_id), words="And now?", now=bought.till.now)

    session.rollback()
    assert len(session.scalars(select(ReviewTask)).all()) == 2


def give_back(bought: Bought, terms: RefundTerms = TERMS, *, later: timedelta = timedelta(0), refund_id: UUID | None = None) -> UUID:
    with bought.till.transaction() as session:
        return services.refund_by_learner(
            session, bought.order_id, terms, env=bought.till.env, now=bought.till.now + later, refund_id=refund_id or new_id()
        ).id


def test_a_buyer_gives_a_course_back_within_the_promise(bought: Bought, session: Session) -> None:
    refund = services.submit_refund(bought.till, give_back(bought))

    assert (refund.origin, refund.amount, refund.state) == (RefundOrigin.LEARNER, 19500, RefundState.SUCCEEDED)
    assert not bought.has_course(session)


@pytest.mark.parametrize(
    ("terms", "later", "words"),
    [
        (TERMS, timedelta(days=14, seconds=1), "days"),
        (replace(TERMS, days=0), timedelta(seconds=1), "no time"),
        (replace(TERMS, use=replace(UNUSED, has_started_exam=True)), timedelta(0), "exam"),
        (replace(TERMS, use=replace(UNUSED, progress_percent=51)), timedelta(0), "50 %"),
        (replace(TERMS, use=replace(UNUSED, has_completed=True)), timedelta(0), "completed"),
    ],
)
def test_outside_the_promise_a_person_decides(bought: Bought, session: Session, terms: RefundTerms, later: timedelta, words: str) -> None:
    with pytest.raises(ConflictError, match=words):
        give_back(bought, terms, later=later)
    assert session.scalars(select(Refund)).all() == []


def test_pressing_twice_gives_back_once(bought: Bought, session: Session) -> None:
    refund_id = new_id()

    assert give_back(bought, refund_id=refund_id) == give_back(bought, refund_id=refund_id) == refund_id
    with pytest.raises(ConflictError):
        give_back(bought)


def test_naming_the_refund_of_another_order_does_not_touch_that_one(bought: Bought, payments: FakePayments, session: Session) -> None:
    stranger = give_back(buy_course(bought.till, payments))

    assert give_back(bought, refund_id=stranger) != stranger
