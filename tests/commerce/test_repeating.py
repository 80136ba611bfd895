"""A refund of money that bought nothing came to nothing: staff ask for it again."""

from dataclasses import replace
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Refund, ReviewTask
from laurel.commerce.rules import RefundOrigin, RefundReason, RefundState
from laurel.commerce.services import Till
from laurel.commerce.services.refunds import NotRefundableError
from laurel.core.events import EventRecord
from tests.backoffice.test_money import send, text
from tests.commerce.bought import Bought, buy_course
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.fakes import FakePayments

SECOND = "pi_second"


@pytest.fixture
def twice(app: object, till: Till, payments: FakePayments) -> Bought:
    """An order that was paid in two tabs. `pay_again` brings the second payment."""
    return buy_course(till, payments)


def pay_again(twice: Bought, payments: FakePayments) -> None:
    page = payments.checkouts[twice.session_id]
    assert page.payment is not None
    second = replace(page, session_id="cs_test_second", attempt_ref="2", payment=replace(page.payment, intent_id=SECOND, charge_id="ch_2"))
    payments.checkouts[second.session_id] = second
    services.sync_checkout(twice.till, second.session_id)


def fail_at_bank(twice: Bought, payments: FakePayments) -> None:
    """Stripe took the refund; days later the bank sent it back."""
    pay_again(twice, payments)
    (told,) = payments.refunds.values()
    payments.change_refund(told.id, status="failed", failure="expired_or_canceled_card")
    services.sync_refunds(twice.till, SECOND)


def refuse(twice: Bought, payments: FakePayments) -> None:
    payments.refusals = ["insufficient_funds"]
    pay_again(twice, payments)


def task_of(session: Session, kind: str) -> ReviewTask:
    session.rollback()
    return session.scalars(select(ReviewTask).where(ReviewTask.kind == kind, ReviewTask.resolved_at.is_(None))).one()


def refunds(session: Session) -> list[Refund]:
    session.rollback()
    return list(session.scalars(select(Refund).order_by(Refund.created_at, Refund.id)))


def staff_of(till: Till) -> UUID:
    with till.transaction() as session:
        return make_user(session).id


@pytest.mark.parametrize(("goes_wrong", "kind"), [(fail_at_bank, "refund_failed"), (refuse, "refund_refused")])
def test_an_automatic_refund_that_failed_is_asked_for_again_under_a_new_key(
    twice: Bought, payments: FakePayments, session: Session, goes_wrong: object, kind: str
) -> None:
    assert callable(goes_wrong)
    goes_wrong(twice, payments)
    staff, task = staff_of(twice.till), task_of(session, kind)

    made = services.repeat_refund(twice.till, task.id, answer="They have a new card.", actor_id=staff)

    first, second = refunds(session)
    assert (made.id, made.state, made.amount, made.reason) == (second.id, RefundState.SUCCEEDED, 19500, RefundReason.DUPLICATE)
    assert (second.origin, second.requested_by_id, second.note) == (RefundOrigin.STAFF, staff, "They have a new card.")
    assert first.state is RefundState.FAILED
    assert first.idem_key != second.idem_key
    assert [one.resolved_at is not None for one in session.scalars(select(ReviewTask))] == [True, True]
    asked = session.scalars(select(EventRecord).where(EventRecord.name == "RefundRequested", EventRecord.actor_id == staff)).one()
    assert asked.facts["refund_id"] == str(second.id)
    assert twice.has_course(session)
    assert twice.order(session).amount_refunded == 0


def test_pressing_twice_sends_the_money_back_once(twice: Bought, payments: FakePayments, session: Session) -> None:
    fail_at_bank(twice, payments)
    staff, task = staff_of(twice.till), task_of(session, "refund_failed")
    services.repeat_refund(twice.till, task.id, answer="Again.", actor_id=staff)

    with pytest.raises(NotRefundableError):
        services.repeat_refund(twice.till, task.id, answer="Again.", actor_id=staff)

    assert [told.status for told in payments.refunds.values()] == ["failed", "succeeded"]


def test_money_that_went_back_in_the_dashboard_meanwhile_is_not_sent_again(twice: Bought, payments: FakePayments, session: Session) -> None:
    fail_at_bank(twice, payments)
    payments.add_refund(SECOND, 19500)

    with pytest.raises(NotRefundableError):
        services.repeat_refund(twice.till, task_of(session, "refund_failed").id, answer="Again.", actor_id=staff_of(twice.till))

    assert len(payments.refunds) == 2


def test_while_stripe_is_silent_nothing_is_asked(twice: Bought, payments: FakePayments, session: Session) -> None:
    fail_at_bank(twice, payments)
    payments.failures = [PaymentsUnavailableError("down")]

    with pytest.raises(PaymentsUnavailableError):
        services.repeat_refund(twice.till, task_of(session, "refund_failed").id, answer="Again.", actor_id=staff_of(twice.till))

    assert len(refunds(session)) == 1
    assert task_of(session, "refund_failed").resolved_at is None


def test_what_stripe_refuses_again_is_a_question_again(twice: Bought, payments: FakePayments, session: Session) -> None:
    fail_at_bank(twice, payments)
    payments.refusals = ["insufficient_funds"]
    task = task_of(session, "refund_failed")

    made = services.repeat_refund(twice.till, task.id, answer="Again.", actor_id=staff_of(twice.till))

    assert made.state is RefundState.FAILED
    assert task_of(session, "refund_refused").ref == str(made.id)


def test_money_of_a_paid_order_goes_back_by_line_and_not_from_the_task(twice: Bought, payments: FakePayments, session: Session) -> None:
    refund = twice.refund()
    payments.change_refund(refund.stripe_refund or "", status="failed")
    services.sync_refunds(twice.till, twice.intent_id)

    assert queries.find_stranded_payment(session, task_of(session, "refund_failed")) is None


def hold(twice: Bought, payments: FakePayments) -> Bought:
    """Less came than was asked for, so the order is held; staff gave that back, and it did not arrive."""
    held = buy_course(twice.till, payments, pays=100)
    with twice.till.transaction() as other:
        services.refund_held_order(other, held.order_id, answer="No.", actor_id=make_user(other).id, env=twice.till.env, now=twice.till.now)
    services.submit_refunds_of(twice.till, held.order_id)
    return held


def pay_as_asked(twice: Bought, payments: FakePayments) -> Bought:
    twice.refund()
    return twice


@pytest.mark.parametrize(("come_to_nothing", "may_repeat"), [(hold, True), (pay_as_asked, False)])
def test_the_task_of_a_refund_that_failed_is_read_whatever_the_money_was_for(
    twice: Bought, payments: FakePayments, session: Session, client: FlaskClient, sign_in: SignIn, come_to_nothing: object, may_repeat: bool
) -> None:
    assert callable(come_to_nothing)
    order = come_to_nothing(twice, payments)
    (told,) = payments.refunds.values()
    payments.change_refund(told.id, status="failed", failure="expired_or_canceled_card")
    services.sync_refunds(twice.till, order.intent_id)
    sign_in(make_user(session, roles=["admin"]))
    path = f"/backoffice/tasks/{task_of(session, 'refund_failed').id}"

    page = client.get(path)

    assert page.status_code == 200
    assert order.order(session).number in text(page)
    assert ("Ask for the refund again" in text(page)) is may_repeat
    if may_repeat:
        assert send(client, page, path, act="again", answer="").status_code == 400
        assert send(client, client.get(path), path, act="again", answer="A new card.").status_code == 303
        assert [refund.state for refund in refunds(session)] == [RefundState.FAILED, RefundState.SUCCEEDED]


def test_staff_ask_again_from_the_task(
    twice: Bought, payments: FakePayments, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    fail_at_bank(twice, payments)
    sign_in(make_user(session, name="Grace", roles=["admin"]))
    path = f"/backoffice/tasks/{task_of(session, 'refund_failed').id}"
    page = client.get(path)
    assert "Ask for the refund again" in text(page)

    payments.failures = [PaymentsUnavailableError("down")]
    assert send(client, page, path, act="again", answer="A new card.").status_code == 503
    assert send(client, client.get(path), path, act="again", answer="A new card.").status_code == 303

    assert "The money is back." in text(client.get("/backoffice/tasks"))
    assert "Ask for the refund again" not in text(client.get(path))
    assert send(client, page, path, act="again", answer="A new card.").status_code == 409
    assert len(payments.refunds) == 2
