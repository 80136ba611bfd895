"""The nightly comparison: which finished checkouts are where they belong, and which are behind."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import CheckoutAttempt, Order, Payment
from laurel.commerce.queries.reconciling import is_checkout_settled
from laurel.commerce.rules import AttemptState, EntitlementSource, OrderState, PaymentKind, SeenPayment
from laurel.commerce.rules.reconciling import ListedCheckout
from laurel.commerce.services.entitling import entitle
from laurel.commerce.services.reconcile import Audit
from tests.commerce.comparing import RETURN, begin_checkout, run, state_of
from tests.fakes import FakePayments


def finish(payments: FakePayments, session_id: str) -> None:
    """Stripe lists the page as finished."""
    page = payments.checkouts[session_id]
    payments.finished.append(ListedCheckout(session_id=session_id, payment_status=page.payment_status, env="laurel.test"))


def debit(audit: Audit, payments: FakePayments, order: Order, session_id: str, *, status: str) -> None:
    """The buyer chose a bank debit; `status` is where it stands."""
    payments.pay(session_id)
    intent = SeenPayment(intent_id=f"pi_{session_id}", status=status, amount_received=0, currency="usd", order_ref=str(order.id))
    payments.change(session_id, payment_status="unpaid", payment=intent)
    services.sync_checkout(audit.till, session_id)
    if session_id not in {listed.session_id for listed in payments.finished}:
        finish(payments, session_id)


def give_course(audit: Audit, order_id: UUID) -> None:
    """The buyer gets what the order is for from elsewhere."""
    with audit.till.transaction() as session:
        order, offering = queries.get_order(session, order_id), queries.list_lines(session, order_id)[0].offering
        entitle(session, order.buyer_id, offering, source=EntitlementSource.GRANT, source_id=order.id, now=audit.till.now)


def test_late_money_that_went_back_by_itself_is_no_difference(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, session_id = begin_checkout(audit, session)
    services.cancel_order(audit.till, order.id)
    give_course(audit, order.id)
    payments.pay(session_id)
    finish(payments, session_id)

    for _ in range(2):
        assert run(audit, is_deep=True).differences == []

    assert state_of(session, order) is OrderState.CANCELED
    assert [refund.amount for refund in payments.refunds.values()] == [19500]


def test_a_canceled_order_that_was_finished_for_nothing_is_no_difference(audit: Audit, payments: FakePayments, session: Session) -> None:
    """The page took a code of Stripe's that takes everything off, and the buyer has the course from elsewhere: nothing to give back."""
    order, session_id = begin_checkout(audit, session)
    services.cancel_order(audit.till, order.id)
    give_course(audit, order.id)
    free = {"payment_status": "no_payment_required", "amount_total": 0, "amount_discount": 19500, "allows_promotion_codes": True}
    payments.change(session_id, status="complete", url=None, **free)
    finish(payments, session_id)

    for _ in range(2):
        assert run(audit, is_deep=True).differences == []

    assert state_of(session, order) is OrderState.CANCELED


@pytest.mark.parametrize("status", ["processing", "requires_payment_method"])
def test_a_debit_that_is_on_its_way_or_failed_is_no_difference(audit: Audit, payments: FakePayments, session: Session, status: str) -> None:
    order, session_id = begin_checkout(audit, session)
    debit(audit, payments, order, session_id, status=status)

    found = run(audit, is_deep=True)

    assert found.differences == []
    assert "checkouts_behind" not in (found.counts or {})


def test_a_failed_debit_says_nothing_about_the_page_that_was_opened_since(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, session_id = begin_checkout(audit, session)
    debit(audit, payments, order, session_id, status="requires_payment_method")
    services.open_checkout(audit.till, order.id, return_url=RETURN)

    assert run(audit, is_deep=True).differences == []

    assert state_of(session, order) is OrderState.AWAITING_PAYMENT


def test_a_failed_debit_does_not_bring_back_an_order_that_was_canceled_since(
    audit: Audit, payments: FakePayments, session: Session
) -> None:
    order, session_id = begin_checkout(audit, session)
    debit(audit, payments, order, session_id, status="requires_payment_method")
    services.open_checkout(audit.till, order.id, return_url=RETURN)
    services.cancel_order(audit.till, order.id)

    assert run(audit, is_deep=True).differences == []

    assert state_of(session, order) is OrderState.CANCELED


def test_a_debit_on_a_page_that_was_given_up_is_followed(audit: Audit, payments: FakePayments, session: Session) -> None:
    """Canceling let the page go when its buyer had just finished it."""
    order, session_id = begin_checkout(audit, session)
    services.cancel_order(audit.till, order.id)
    debit(audit, payments, order, session_id, status="processing")

    assert state_of(session, order) is OrderState.PROCESSING
    assert session.scalars(select(CheckoutAttempt.state)).one() is AttemptState.COMPLETE
    session.rollback()
    payments.pay(session_id)
    assert run(audit, after=timedelta(minutes=10)).differences == []
    assert state_of(session, order) is OrderState.PAID


def test_money_that_is_noted_and_bought_nothing_is_brought_forward(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, session_id = begin_checkout(audit, session)
    note_payment(session, order)
    payments.pay(session_id)
    session.execute(update(Payment).values(payment_intent=f"pi_{session_id}"))
    session.execute(update(Order).values(state=OrderState.PROCESSING))
    session.commit()
    finish(payments, session_id)

    found = run(audit, is_deep=True)

    assert (found.counts or {})["checkouts_behind"] == 1
    assert found.differences == []
    assert state_of(session, order) is OrderState.PAID


def note_payment(session: Session, order: Order) -> None:
    attempt = queries.list_attempts(session, order.id)[0]
    facts = {"payment_intent": "", "charge": None, "method": "card", "last4": "4242", "receipt_url": None, "status": "succeeded"}
    money = {"amount": 19500, "currency": "usd", "kind": PaymentKind.PRIMARY}
    session.add(Payment(order_id=order.id, attempt_id=attempt.id, created_at=attempt.created_at, **facts, **money))
    session.flush()


@pytest.mark.parametrize(
    ("status", "settled"),
    [("paid", set()), ("no_payment_required", {OrderState.PAID, OrderState.REVIEW, OrderState.CANCELED})],
)
def test_a_bank_at_work_settles_no_checkout_that_is_paid_or_free(
    audit: Audit, payments: FakePayments, session: Session, status: str, settled: set[OrderState]
) -> None:
    order, session_id = begin_checkout(audit, session)
    debit(audit, payments, order, session_id, status="processing")
    session.rollback()
    found = set()
    for state in OrderState:
        session.execute(update(Order).values(state=state))
        if is_checkout_settled(session, session_id, payment_status=status):
            found.add(state)

    assert found == settled
