"""The nightly comparison: payment by payment, what Stripe holds against what we hold."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce import services
from laurel.commerce.models import LedgerEntry, Order, Payment
from laurel.commerce.queries import list_lines
from laurel.commerce.rules import DisputeFee, OrderState, PaymentKind, RefundState, TaxBehavior
from laurel.commerce.rules.reconciling import ListedCharge, ListedCheckout, ListedReturn
from laurel.commerce.services.reconcile import Audit
from tests.commerce.bought import buy_course
from tests.commerce.comparing import begin_checkout, run, state_of
from tests.factories.commerce import make_paid_order, make_payment, make_refund
from tests.fakes import FakePayments


def charge_of(order: Order, at: datetime, **changes: object) -> ListedCharge:
    facts = {
        "charge_id": "ch_1",
        "intent_id": f"pi_{order.number}",
        "amount": 19500,
        "currency": "usd",
        "created_at": at,
        "env": "laurel.test",
    }
    return ListedCharge(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_deep_run_agrees_with_charges_that_we_hold_and_ignores_those_of_others(
    audit: Audit, payments: FakePayments, session: Session
) -> None:
    order = make_paid_order(session)
    session.commit()
    payments.charges = [charge_of(order, audit.till.now), charge_of(order, audit.till.now, intent_id="pi_other", env="another.test")]

    found = run(audit, is_deep=True)

    assert found.differences == []
    assert (found.counts or {})["charges_compared"] == 1


def test_a_deep_run_says_what_differs(audit: Audit, payments: FakePayments, session: Session) -> None:
    order = make_paid_order(session)
    refund = make_refund(session, make_paid_order(session), amount=500)
    session.execute(update(Order).where(Order.id == refund.order_id).values(amount_refunded=500))
    session.commit()
    payments.charges = [charge_of(order, audit.till.now, amount=19600), charge_of(order, audit.till.now, intent_id="pi_unknown")]
    payments.returns = [
        ListedReturn(id=refund.stripe_refund or "", intent_id=f"pi_{order.number}", amount=500, currency="usd", status="failed"),
        ListedReturn(id="re_unknown", intent_id=f"pi_{order.number}", amount=1, currency="usd", status="succeeded"),
        ListedReturn(id="re_of_others", intent_id="pi_of_others", amount=1, currency="usd", status="succeeded"),
    ]
    payments.taken = [ListedReturn(id="dp_1", intent_id=f"pi_{order.number}", amount=1, currency="usd", status="needs_response")]

    rules = {difference["rule"] for difference in run(audit, is_deep=True).differences or []}

    assert {"charge_amount", "charge_unknown", "day_sum", "refund_differs", "refund_unknown", "dispute_unknown"} <= rules


def test_a_deep_run_brings_a_finished_checkout_forward(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, session_id = begin_checkout(audit, session)
    payments.pay(session_id)
    payments.finished = [
        ListedCheckout(session_id=session_id, payment_status="paid", env="laurel.test"),
        ListedCheckout(session_id="cs_of_others", payment_status="paid", env="another.test"),
    ]

    found = run(audit, is_deep=True)

    assert state_of(session, order) is OrderState.PAID
    assert (found.counts or {})["checkouts_behind"] == 1
    assert found.differences == []


def test_a_deep_run_finds_a_second_payment_of_which_nobody_told(audit: Audit, payments: FakePayments, session: Session) -> None:
    order, first = begin_checkout(audit, session)
    payments.change(first, status="expired", url=None)
    services.sync_checkout(audit.till, first)
    services.open_checkout(audit.till, order.id, return_url="http://laurel.test/orders/1")
    payments.pay(list(payments.checkouts)[-1])
    services.sync_checkout(audit.till, list(payments.checkouts)[-1])
    payments.pay(first)
    payments.finished = [ListedCheckout(session_id=first, payment_status="paid", env="laurel.test")]

    assert run(audit, is_deep=True).differences == []

    assert [refund.amount for refund in payments.list_refunds(f"pi_{first}")] == [19500]


def test_a_deep_run_brings_refunds_and_disputes_of_which_nobody_told_forward(
    audit: Audit, payments: FakePayments, session: Session
) -> None:
    refunded, disputed = buy_course(audit.till, payments), buy_course(audit.till, payments)
    payments.add_refund(refunded.intent_id, 5000)
    payments.add_dispute(disputed.intent_id, 19500)

    found = run(audit, is_deep=True)

    assert found.differences == []
    assert (found.counts or {})["returns_behind"] == 2
    assert refunded.order(session).amount_refunded == 5000
    assert disputed.order(session).amount_disputed == 19500
    assert not disputed.has_course(session)


def test_a_fee_in_our_accounts_currency_is_no_foreign_money(audit: Audit, payments: FakePayments) -> None:
    bought = buy_course(audit.till, payments)
    fee = DisputeFee(ref="txn_1", amount=1500, currency="chf")
    payments.add_dispute(bought.intent_id, 19500, fees=(fee,))

    assert run(audit, is_deep=True).differences == []


def test_more_may_come_back_for_a_line_than_its_price_when_tax_came_on_top(audit: Audit, session: Session) -> None:
    order = make_paid_order(session)
    make_refund(session, order, amount=order.total + 1500)
    order.amount_paid = order.total = order.amount_refunded = order.total + 1500
    order.tax, order.tax_behavior = 1500, TaxBehavior.EXCLUSIVE
    list_lines(session, order.id)[0].refunded_amount = 19500
    session.execute(update(Payment).values(amount=order.total))
    session.execute(update(LedgerEntry).values(amount=order.total))
    refund_entry = {"order_id": order.id, "kind": "refund", "ref": "re_1", "amount": -order.total, "currency": "usd"}
    session.add(LedgerEntry(**refund_entry, created_at=audit.till.now))
    session.commit()

    assert run(audit).differences == []


def test_a_second_payment_for_an_order_is_no_difference(audit: Audit, session: Session) -> None:
    order = make_paid_order(session)
    second = make_payment(session, order, kind=PaymentKind.DUPLICATE)
    make_refund(session, order, amount=19500, state=RefundState.PENDING).payment_id = second.id
    session.commit()

    assert run(audit).differences == []
