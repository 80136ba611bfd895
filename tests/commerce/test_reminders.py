"""Mails to who did not get through with a payment: asked to be reminded and did not finish, or failed at the bank."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce.events import OrderExpired, PaymentFailed
from laurel.commerce.handlers import email_failed_payment, remind_of_unfinished_order
from laurel.commerce.models import CheckoutReminder, Order
from laurel.commerce.rules import OrderState
from laurel.commerce.services.moving import move_order
from laurel.commerce.services.reminders import ask_for_reminder, expire_order, fail_payment
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from laurel.core.mail import Mail
from tests.commerce.shopping import Shopping, text
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order, make_paid_order


def mails(session: Session) -> list[str]:
    return [mail.text for mail in session.scalars(select(Mail)) if mail.key.startswith("unfinished:")]


def expire_and_tell(session: Session, order: Order, now: datetime, *, times: int = 1) -> None:
    expire_order(session, order, now=now)
    for _ in range(times):
        remind_of_unfinished_order(session, OrderExpired(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id))


def test_who_asked_for_it_is_reminded_once(app: object, session: Session, now: datetime) -> None:
    order = make_order(session)
    ask_for_reminder(session, order, now=now)
    ask_for_reminder(session, order, now=now)

    expire_and_tell(session, order, now, times=3)

    (mail,) = mails(session)
    assert f"/orders/{order.id}" in mail
    assert "You were not charged" in mail
    assert "$195" in mail


def test_who_did_not_ask_hears_nothing(app: object, session: Session, now: datetime) -> None:
    expire_and_tell(session, make_order(session), now)

    assert mails(session) == []


def test_who_has_the_course_meanwhile_hears_nothing(app: object, session: Session, now: datetime) -> None:
    offering, buyer = make_offering(session), make_user(session)
    order = make_order(session, buyer=buyer, offering=offering)
    ask_for_reminder(session, order, now=now)
    expire_order(session, order, now=now)
    make_paid_order(session, buyer=buyer, offering=offering)

    remind_of_unfinished_order(session, OrderExpired(occurred_at=now, order_id=order.id, buyer_id=buyer.id))

    assert mails(session) == []


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.PAID])
def test_an_order_that_went_on_is_not_reminded_of(app: object, session: Session, now: datetime, state: OrderState) -> None:
    order = make_order(session)
    ask_for_reminder(session, order, now=now)
    expire_order(session, order, now=now)
    move_order(session, order, state)

    remind_of_unfinished_order(session, OrderExpired(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id))

    assert mails(session) == []


@pytest.mark.parametrize("is_newer_still_open", [True, False])
def test_an_order_that_a_newer_one_replaced_is_not_reminded_of(
    app: object, session: Session, now: datetime, is_newer_still_open: bool
) -> None:
    offering, buyer = make_offering(session), make_user(session)
    order = make_order(session, buyer=buyer, offering=offering)
    ask_for_reminder(session, order, now=now)
    expire_order(session, order, now=now)
    newer = make_order(session, buyer=buyer, offering=offering)
    if not is_newer_still_open:
        expire_order(session, newer, now=now)

    remind_of_unfinished_order(session, OrderExpired(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id))

    assert newer.id != order.id
    assert mails(session) == []


def test_an_order_for_something_else_replaces_nothing(app: object, session: Session, now: datetime) -> None:
    buyer = make_user(session)
    order = make_order(session, buyer=buyer)
    ask_for_reminder(session, order, now=now)
    make_order(session, buyer=buyer)

    expire_and_tell(session, order, now)

    assert len(mails(session)) == 1


def test_expiring_twice_is_told_once(session: Session, now: datetime) -> None:
    order = make_order(session)

    assert [expire_order(session, order, now=now), expire_order(session, order, now=now)] == [True, False]
    assert len(session.scalars(select(EventRecord).filter_by(name="OrderExpired")).all()) == 1


def fail(session: Session, order: Order, now: datetime, *, times: int = 1) -> list[str]:
    """The bank does not carry out a debit; what the buyer is written."""
    move_order(session, order, OrderState.AWAITING_PAYMENT)
    move_order(session, order, OrderState.PROCESSING)
    attempt_id = new_id()
    for _ in range(times):
        fail_payment(session, order, attempt_id=attempt_id, now=now)
        email_failed_payment(session, PaymentFailed(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id, attempt_id=attempt_id))
    return [mail.text for mail in session.scalars(select(Mail).order_by(Mail.due_at)) if mail.key.startswith("payment_failed:")]


def test_whose_bank_debit_failed_hears_of_it_once_with_a_way_to_pay_again(app: object, session: Session, now: datetime) -> None:
    order = make_order(session)

    (mail,) = fail(session, order, now, times=3)

    assert "You were not charged" in mail
    assert "$195" in mail
    assert f"Pay again: http://laurel.test/orders/{order.id}" in mail
    assert len(session.scalars(select(EventRecord).filter_by(name="PaymentFailed")).all()) == 1


def test_a_second_debit_that_fails_is_told_as_well(app: object, session: Session, now: datetime) -> None:
    order = make_order(session)

    assert len(fail(session, order, now)) == 1
    assert len(fail(session, order, now)) == 2


@pytest.mark.parametrize("has_paid_it", [True, False])
def test_who_ordered_anew_before_the_debit_failed_is_not_asked_to_pay_twice(
    app: object, session: Session, now: datetime, has_paid_it: bool
) -> None:
    offering, buyer = make_offering(session), make_user(session)
    order = make_order(session, buyer=buyer, offering=offering)
    move_order(session, order, OrderState.AWAITING_PAYMENT)
    move_order(session, order, OrderState.EXPIRED)
    (make_paid_order if has_paid_it else make_order)(session, buyer=buyer, offering=offering)
    move_order(session, order, OrderState.PROCESSING)  # the page of the first was open still, and its debit is under way

    (mail,) = fail(session, order, now)

    assert "You were not charged" in mail
    assert "Pay again" not in mail


def test_who_pays_in_another_way_meanwhile_is_not_written_of_the_debit(app: object, session: Session, now: datetime) -> None:
    order = make_order(session)
    move_order(session, order, OrderState.AWAITING_PAYMENT)
    move_order(session, order, OrderState.PROCESSING)
    attempt_id = new_id()
    fail_payment(session, order, attempt_id=attempt_id, now=now)
    move_order(session, order, OrderState.PAID)

    email_failed_payment(session, PaymentFailed(occurred_at=now, order_id=order.id, buyer_id=order.buyer_id, attempt_id=attempt_id))

    assert session.scalars(select(Mail)).all() == []


def test_the_box_on_the_enroll_page_is_empty_and_asks_only_if_ticked(shopping: Shopping) -> None:
    page = text(shopping.client.get(shopping.enroll_path))
    assert "Write to me once" in page
    assert "checked" not in page.split('name="remind"')[1].split(">")[0]

    shopping.buy()
    assert shopping.session.scalars(select(CheckoutReminder)).all() == []
    shopping.buy(remind="y")

    shopping.session.rollback()
    assert [found.order_id for found in shopping.session.scalars(select(CheckoutReminder))] == [shopping.order().id]
