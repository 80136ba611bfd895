"""What follows the money that goes back: seats, retakes, mails, and nothing else that was taken."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import Entitlement, ExamCredit, Voucher
from laurel.commerce.rules import (
    AccessEffect,
    EntitlementStatus,
    VoucherStatus,
)
from laurel.commerce.services import Till
from laurel.core.bus import bus, perform
from laurel.core.errors import InvalidInputError
from laurel.core.events import Delivery
from laurel.core.mail import Mail
from tests.commerce.bought import Bought, buy_course, turn_into_retake, turn_into_seats
from tests.commerce.conftest import Transaction
from tests.factories.accounts import make_user
from tests.fakes import FakePayments


@pytest.fixture
def bought(app: object, till: Till, payments: FakePayments) -> Bought:
    return buy_course(till, payments)


def deliver_all(transaction: Transaction, till: Till, handler: str) -> None:
    """Run what waits for a handler."""
    assert bus.subscriptions.afterwards
    with transaction() as session:
        waiting = list(session.scalars(select(Delivery.id).where(Delivery.handler == handler)))
        for delivery_id in waiting:
            perform(session, delivery_id, now=till.now)


def seats_by_status(session: Session) -> dict[VoucherStatus, int]:
    session.rollback()
    return {row[0]: row[1] for row in session.execute(select(Voucher.status, func.count()).group_by(Voucher.status))}


def test_seats_that_are_paid_back_cannot_be_redeemed_meanwhile(bought: Bought, payments: FakePayments, session: Session) -> None:
    turn_into_seats(bought, seats=5, redeemed_by=[bought.buyer_id])
    payments.refund_status = "pending"

    bought.refund(7800, seats=2)

    assert seats_by_status(session) == {VoucherStatus.REDEEMED: 1, VoucherStatus.ISSUED: 2, VoucherStatus.REVOKED: 2}
    payments.change_refund(next(iter(payments.refunds)), status="failed")
    services.sync_refunds(bought.till, bought.intent_id)
    assert seats_by_status(session) == {VoucherStatus.REDEEMED: 1, VoucherStatus.ISSUED: 4}


def test_seats_that_are_redeemed_are_not_paid_back_one_by_one(bought: Bought, session: Session) -> None:
    turn_into_seats(bought, seats=5, redeemed_by=[bought.buyer_id])

    with pytest.raises(InvalidInputError, match="nobody has redeemed"):
        bought.ask(19500, seats=5)


def test_seats_that_are_kept_are_not_counted_as_given_back(bought: Bought, session: Session) -> None:
    turn_into_seats(bought, seats=5, redeemed_by=[])

    bought.refund(3900, effect=AccessEffect.KEEP, seats=1)

    assert seats_by_status(session) == {VoucherStatus.ISSUED: 5}
    assert bought.order(session).lines[0].refunded_quantity == 0


def test_who_redeemed_a_seat_keeps_it_until_the_whole_line_is_paid_back(bought: Bought, session: Session, transaction: Transaction) -> None:
    with transaction() as other:
        colleague = make_user(other)
    turn_into_seats(bought, seats=5, redeemed_by=[colleague.id])

    bought.refund(15600, seats=4)
    assert queries.has_entitlement(session, colleague.id, bought.course_id)
    session.rollback()
    bought.refund(3900)

    assert not queries.has_entitlement(session, colleague.id, bought.course_id)
    assert bought.order(session).lines[0].refunded_amount == 19500


def test_a_retake_that_is_paid_back_cannot_be_used_and_returns_if_the_refund_fails(
    bought: Bought, payments: FakePayments, session: Session
) -> None:
    credit_id = turn_into_retake(bought)
    payments.refund_status = "pending"

    bought.refund()
    assert session.get_one(ExamCredit, credit_id).revoked_at is not None
    payments.change_refund(next(iter(payments.refunds)), status="canceled")
    services.sync_refunds(bought.till, bought.intent_id)

    session.rollback()
    assert session.get_one(ExamCredit, credit_id, populate_existing=True).revoked_at is None


def test_the_buyer_hears_once_that_the_money_is_back(
    bought: Bought, payments: FakePayments, session: Session, transaction: Transaction
) -> None:
    bought.refund()
    deliver_all(transaction, bought.till, "commerce.email_refund")

    mail = session.scalars(select(Mail).where(Mail.key.startswith("refund:"))).one()
    assert mail.subject.startswith("Your refund of $195")
    assert "closed now" in mail.text


def test_the_buyer_hears_that_the_money_did_not_arrive(
    bought: Bought, payments: FakePayments, session: Session, transaction: Transaction
) -> None:
    bought.refund()
    payments.change_refund(next(iter(payments.refunds)), status="failed")
    services.sync_refunds(bought.till, bought.intent_id)
    deliver_all(transaction, bought.till, "commerce.email_failed_refund")

    mail = session.scalars(select(Mail).where(Mail.key.startswith("refund_failed:"))).one()
    assert "did not arrive" in mail.subject
    assert "open for you again" in mail.text


def test_a_right_that_another_refund_took_is_not_returned_with_this_one(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.refund_status = "pending"
    first = bought.ask(5000)
    services.submit_refund(bought.till, first)
    payments.refund_status = "succeeded"
    bought.refund(14500)
    assert not bought.has_course(session)
    pending = next(refund.id for refund in payments.refunds.values() if refund.status == "pending")

    payments.change_refund(pending, status="failed")
    services.sync_refunds(bought.till, bought.intent_id)

    assert not bought.has_course(session)
    assert session.scalars(select(Entitlement)).one().status is EntitlementStatus.REVOKED


def test_who_redeemed_a_seat_keeps_it_while_the_rest_of_the_money_is_on_its_way(
    bought: Bought, payments: FakePayments, session: Session, transaction: Transaction
) -> None:
    with transaction() as other:
        colleague = make_user(other)
    turn_into_seats(bought, seats=5, redeemed_by=[colleague.id])
    payments.refund_status = "pending"
    first, second = bought.refund(15600, seats=4).stripe_refund, bought.refund(3900).stripe_refund
    assert first is not None
    assert second is not None

    payments.change_refund(first, status="succeeded")
    services.sync_refunds(bought.till, bought.intent_id)
    payments.change_refund(second, status="failed")
    services.sync_refunds(bought.till, bought.intent_id)

    session.rollback()
    assert queries.has_entitlement(session, colleague.id, bought.course_id)
