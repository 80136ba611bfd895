"""Orders that are held for a person: what is kept of the money that came for them."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Entitlement, Payment, Refund, ReviewTask
from laurel.commerce.queries.invariants import list_broken_invariants
from laurel.commerce.queries.receipts import find_receipt_of
from laurel.commerce.rules import OrderState, PaymentKind, TaxBehavior
from laurel.commerce.services import Till
from tests.commerce.bought import begin_order
from tests.factories.accounts import make_user
from tests.fakes import FakePayments

BILLING = {
    "name": "Ada Byron Ltd",
    "address": {"line1": "1 Mill Lane", "postal_code": "90210", "city": "Ockham", "country": "GB"},
    "tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
}


class MismatchedPayments(FakePayments):
    """Opens pages at another price than it was asked for, and cannot close them."""

    def _page(self, asked: dict[str, object]):  # type: ignore[no-untyped-def]
        self.failures = [PaymentsUnavailableError("timeout")]
        return replace(super()._page(asked), amount_subtotal=20000, amount_total=20000)


def accept(till: Till, order_id: UUID) -> None:
    with till.transaction() as session:
        services.accept_held_order(session, order_id, answer="Fine.", actor_id=make_user(session).id, now=till.now)


def test_a_held_order_that_is_accepted_has_the_tax_and_the_address_on_its_receipt(
    app: object, till: Till, payments: FakePayments, session: Session
) -> None:
    order_id, session_id = begin_order(till, payments)
    with till.transaction() as other:
        queries.lock_order(other, order_id).tax_behavior = TaxBehavior.EXCLUSIVE
    payments.pay(session_id, amount_tax=1600, amount_total=11600, billing=BILLING)
    services.sync_checkout(till, session_id)

    accept(till, order_id)

    order, receipt = queries.get_order(session, order_id), find_receipt_of(session, order_id)
    assert receipt is not None
    assert (order.tax, receipt.content["tax"], receipt.content["total"]) == (1600, 1600, 11600)
    assert receipt.content["buyer"]["name"] == "Ada Byron Ltd"
    assert receipt.content["buyer"]["tax_ids"] == ["GB123456789"]
    assert receipt.content["buyer"]["address"] == ["1 Mill Lane", "90210 Ockham", "GB"]


@pytest.fixture
def doubted(app: object, till: Till, payments: FakePayments) -> tuple[UUID, str]:
    """An order that is held since its page was opened at a wrong price; the page could not be closed, and was paid."""
    wrong = MismatchedPayments()
    with pytest.raises(PaymentsUnavailableError):
        begin_order(replace(till, payments=wrong), wrong)
    session_id = next(iter(wrong.checkouts))
    payments.checkouts[session_id] = wrong.checkouts[session_id]
    return UUID(wrong.checkouts[session_id].order_ref), session_id


def test_the_first_money_for_an_order_that_is_held_already_is_held_too(
    till: Till, doubted: tuple[UUID, str], payments: FakePayments, session: Session
) -> None:
    order_id, session_id = doubted
    assert queries.get_order(session, order_id).state is OrderState.REVIEW
    session.rollback()
    payments.pay(session_id, billing=BILLING)

    for _ in range(2):
        services.sync_checkout(till, session_id)

    paid = session.scalars(select(Payment)).one()
    assert (paid.kind, paid.amount) == (PaymentKind.PRIMARY, 20000)
    assert [session.scalars(select(model)).all() for model in (Refund, Entitlement)] == [[], []]
    tasks = queries.list_review_tasks(session, order_id)
    assert sorted(task.kind for task in tasks) == ["checkout_mismatch", "payment_mismatch"]


def test_what_came_for_a_doubted_page_can_be_accepted(
    till: Till, doubted: tuple[UUID, str], payments: FakePayments, session: Session
) -> None:
    order_id, session_id = doubted
    payments.pay(session_id, billing=BILLING)
    services.sync_checkout(till, session_id)

    accept(till, order_id)

    order = queries.get_order(session, order_id)
    assert (order.state, order.amount_paid, order.paid_beyond) == (OrderState.PAID, 20000, 500)
    assert all(task.resolved_at is not None for task in session.scalars(select(ReviewTask)))
    assert list_broken_invariants(session) == []


def test_money_that_comes_a_second_time_for_a_held_order_goes_back(
    till: Till, doubted: tuple[UUID, str], payments: FakePayments, session: Session
) -> None:
    order_id, session_id = doubted
    paid = payments.pay(session_id)
    services.sync_checkout(till, session_id)
    assert paid.payment is not None
    payments.change(session_id, payment=replace(paid.payment, intent_id="pi_second"))

    services.sync_checkout(till, session_id)

    assert sorted(payment.kind for payment in queries.list_payments(session, order_id)) == [PaymentKind.DUPLICATE, PaymentKind.PRIMARY]
    assert [told.intent_id for told in payments.refunds.values()] == ["pi_second"]


def test_money_that_is_right_for_an_order_that_is_held_still_waits_for_a_person(
    till: Till, doubted: tuple[UUID, str], payments: FakePayments, session: Session
) -> None:
    order_id, session_id = doubted
    payments.change(session_id, amount_subtotal=19500, amount_total=19500)
    payments.pay(session_id)

    services.sync_checkout(till, session_id)

    assert queries.get_order(session, order_id).state is OrderState.REVIEW
    assert session.scalars(select(Entitlement)).all() == []
    task = session.scalars(select(ReviewTask).filter_by(kind="payment_mismatch")).one()
    assert task.detail
