"""Believing the provider: what its checkout says, told once, twice, in any order, by many at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import CheckoutAttempt, Entitlement, LedgerEntry, Payment, Refund, ReviewTask
from laurel.commerce.rules import AttemptState, OrderState, PaymentKind, RefundReason, RefundState, SeenPayment
from laurel.commerce.services import Till
from laurel.core.events import EventRecord
from tests.commerce.conftest import Transaction
from tests.commerce.racing import AT_WORK
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.fakes import FakePayments


@dataclass(frozen=True)
class Waiting:
    """An order whose payment page is open."""

    order_id: UUID
    buyer_id: UUID
    course_id: UUID
    session_id: str


@pytest.fixture
def waiting(till: Till, transaction: Transaction, payments: FakePayments) -> Waiting:
    with transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    return Waiting(order.id, buyer.id, offering.course_id, next(iter(payments.checkouts)))


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def state_of(session: Session, order_id: UUID) -> OrderState:
    return queries.get_order(session, order_id).state


def test_an_open_checkout_gives_nothing(till: Till, waiting: Waiting, session: Session) -> None:
    services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.AWAITING_PAYMENT
    assert count(session, Entitlement) == 0


def test_a_paid_checkout_gives_the_course_once(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    payments.pay(waiting.session_id)

    for _ in range(3):
        services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.PAID
    assert queries.has_entitlement(session, waiting.buyer_id, waiting.course_id)
    assert [count(session, model) for model in (Entitlement, Payment, LedgerEntry)] == [1, 1, 1]
    paid = session.scalars(select(Payment)).one()
    assert (paid.kind, paid.amount, paid.last4) == (PaymentKind.PRIMARY, 19500, "4242")
    assert session.scalar(select(func.count()).select_from(EventRecord).where(EventRecord.name == "OrderPaid")) == 1


def test_twenty_at_once_give_the_course_once(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    payments.pay(waiting.session_id)

    with ThreadPoolExecutor(AT_WORK) as pool:
        orders = list(pool.map(lambda _n: services.sync_checkout(till, waiting.session_id), range(20)))

    assert {order.state for order in orders if order} == {OrderState.PAID}
    assert [count(session, model) for model in (Entitlement, Payment, LedgerEntry)] == [1, 1, 1]


def test_expired_and_paid_in_any_order_ends_paid(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    expired = payments.change(waiting.session_id, status="expired", url=None)
    services.sync_checkout(till, waiting.session_id)
    assert state_of(session, waiting.order_id) is OrderState.EXPIRED
    session.rollback()
    payments.checkouts[waiting.session_id] = replace(expired, status="open")
    payments.pay(waiting.session_id)

    services.sync_checkout(till, waiting.session_id)
    with till.transaction() as other:
        services.apply_checkout(other, expired, now=till.now)

    assert state_of(session, waiting.order_id) is OrderState.PAID
    assert session.scalars(select(CheckoutAttempt)).one().state is AttemptState.COMPLETE


@pytest.mark.parametrize("steps", list(permutations(["open", "unpaid", "paid"])))
def test_every_order_of_the_news_ends_paid(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments, steps: tuple[str, ...]
) -> None:
    opened = payments.checkouts[waiting.session_id]
    paid = payments.pay(waiting.session_id)
    news = {"open": opened, "unpaid": replace(paid, payment_status="unpaid", payment=None), "paid": paid}

    for step in steps:
        with till.transaction() as other:
            services.apply_checkout(other, news[step], now=till.now)

    assert state_of(session, waiting.order_id) is OrderState.PAID
    assert count(session, Entitlement) == 1


def test_a_bank_debit_waits_and_then_arrives_or_fails(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    payments.pay(waiting.session_id)
    intent = SeenPayment(intent_id="pi_1", status="processing", amount_received=0, currency="usd", order_ref=str(waiting.order_id))
    payments.change(waiting.session_id, payment_status="unpaid", payment=intent)

    services.sync_checkout(till, waiting.session_id)
    assert state_of(session, waiting.order_id) is OrderState.PROCESSING
    assert count(session, Entitlement) == 0
    session.rollback()
    payments.change(waiting.session_id, payment=replace(intent, status="requires_payment_method"))
    for _ in range(2):
        services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.PAYMENT_FAILED
    told = session.scalars(select(EventRecord).filter_by(name="PaymentFailed")).all()
    assert [event.facts["order_id"] for event in told] == [str(waiting.order_id)]


@pytest.mark.parametrize(
    "wrong",
    [{"amount_total": 100}, {"currency": "eur"}, {"amount_subtotal": 1}, {"is_live": True}, {"lines": ((2, 19500),)}, {"payment": None}],
)
def test_a_payment_that_does_not_match_is_held_for_a_person(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments, wrong: dict[str, object]
) -> None:
    payments.pay(waiting.session_id, **wrong)

    for _ in range(2):
        services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.REVIEW
    assert count(session, Entitlement) == 0
    assert count(session, LedgerEntry) == 0
    assert [task.kind for task in queries.list_review_tasks(session, waiting.order_id)] == ["payment_mismatch"]


def test_money_after_a_cancellation_still_buys_the_course(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    services.cancel_order(till, waiting.order_id)
    payments.pay(waiting.session_id)

    services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.PAID
    assert session.scalars(select(Payment)).one().kind is PaymentKind.LATE


def test_money_for_a_canceled_order_when_the_course_was_bought_otherwise_goes_back(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments
) -> None:
    services.cancel_order(till, waiting.order_id)
    again = services.buy(till, buyer_id=waiting.buyer_id, course_id=waiting.course_id, currency="usd", click_token=None)
    services.open_checkout(till, again.id, return_url=f"http://laurel.test/orders/{again.id}")
    second = list(payments.checkouts)[-1]
    payments.pay(second)
    payments.pay(waiting.session_id)

    services.sync_checkout(till, second)
    for _ in range(3):
        services.sync_checkout(till, waiting.session_id)

    assert state_of(session, again.id) is OrderState.PAID
    assert state_of(session, waiting.order_id) is OrderState.CANCELED
    assert [count(session, model) for model in (Entitlement, Refund)] == [1, 1]
    assert [(refund.intent_id, refund.amount) for refund in payments.refunds.values()] == [(f"pi_{waiting.session_id}", 19500)]
    assert session.scalars(select(ReviewTask)).one().kind == "late_payment"


def test_money_for_a_canceled_order_that_is_not_for_sale_any_more_goes_back(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments
) -> None:
    services.cancel_order(till, waiting.order_id)
    with till.transaction() as other:
        offering = queries.find_current_offering(other, waiting.course_id)
        assert offering is not None
        services.withdraw_offering(other, offering.id, now=till.now)
    payments.pay(waiting.session_id)

    services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.CANCELED
    assert count(session, Entitlement) == 0
    assert [refund.amount for refund in payments.refunds.values()] == [19500]


def test_an_order_paid_twice_is_one_course_and_the_second_payment_goes_back(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments
) -> None:
    paid = payments.pay(waiting.session_id)
    services.sync_checkout(till, waiting.session_id)
    assert paid.payment is not None
    payments.change(waiting.session_id, payment=replace(paid.payment, intent_id="pi_second"))

    for _ in range(2):
        services.sync_checkout(till, waiting.session_id)

    assert sorted(payment.kind for payment in session.scalars(select(Payment))) == [PaymentKind.DUPLICATE, PaymentKind.PRIMARY]
    assert count(session, Entitlement) == 1
    refund = session.scalars(select(Refund)).one()
    assert (refund.state, refund.amount, refund.reason) == (RefundState.SUCCEEDED, 19500, RefundReason.DUPLICATE)
    assert [told.intent_id for told in payments.refunds.values()] == ["pi_second"]
    task = session.scalars(select(ReviewTask)).one()
    assert (task.kind, task.resolved_at is not None) == ("duplicate_payment", True)
    assert [entry.kind for entry in session.scalars(select(LedgerEntry))] == ["payment"]
    assert queries.get_order(session, waiting.order_id).amount_refunded == 0


def test_a_checkout_that_names_our_order_is_adopted(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    """Our process died after Stripe had opened the page and before we noted it: the webhook comes first."""
    with till.transaction() as other:
        attempt = queries.list_attempts(other, waiting.order_id)[0]
        order = queries.lock_order(other, waiting.order_id)
        attempt.session_id, attempt.url, attempt.state, order.state = None, None, AttemptState.CREATING, OrderState.CREATED
    payments.pay(waiting.session_id)

    services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.PAID
    assert [a.session_id for a in session.scalars(select(CheckoutAttempt))] == [waiting.session_id]


@pytest.mark.parametrize(
    "foreign", [{"number": "L-OTHER"}, {"order_ref": str(uuid4())}, {"order_ref": "no id"}, {"order_ref": "", "number": ""}]
)
def test_a_checkout_that_names_no_order_of_ours_changes_nothing(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments, foreign: dict[str, str]
) -> None:
    stranger = replace(payments.pay(waiting.session_id), session_id="cs_stranger", **foreign)  # type: ignore[arg-type]
    payments.checkouts["cs_stranger"] = stranger

    assert services.sync_checkout(till, "cs_stranger") is None
    assert state_of(session, waiting.order_id) is OrderState.AWAITING_PAYMENT


def test_an_unknown_status_is_not_final(till: Till, waiting: Waiting, session: Session, payments: FakePayments) -> None:
    payments.change(waiting.session_id, status="complete", payment_status="something_new")

    services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.AWAITING_PAYMENT


def test_a_page_may_ask_about_a_checkout_every_ten_seconds(till: Till, waiting: Waiting, session: Session) -> None:
    attempt = queries.find_attempt(session, waiting.session_id)
    assert attempt is not None

    asked = [services.claim_sync(session, attempt.id, now=till.now + timedelta(seconds=s)) for s in (0, 3, 9, 10, 12)]

    assert asked == [True, False, False, True, False]


def test_a_debit_that_failed_says_nothing_about_the_next_one(
    till: Till, waiting: Waiting, session: Session, payments: FakePayments
) -> None:
    """The old page is asked about again by the reconciler, an old event or an old bookmark."""
    debit = SeenPayment(
        intent_id="pi_1", status="requires_payment_method", amount_received=0, currency="usd", order_ref=str(waiting.order_id)
    )
    payments.pay(waiting.session_id)
    payments.change(waiting.session_id, payment_status="unpaid", payment=debit)
    services.sync_checkout(till, waiting.session_id)
    services.open_checkout(till, waiting.order_id, return_url=f"http://laurel.test/orders/{waiting.order_id}")
    second = list(payments.checkouts)[-1]
    payments.pay(second)
    payments.change(second, payment_status="unpaid", payment=replace(debit, intent_id="pi_2", status="processing"))
    services.sync_checkout(till, second)

    services.sync_checkout(till, waiting.session_id)

    assert state_of(session, waiting.order_id) is OrderState.PROCESSING
