"""What must be true of our own books is compared with what was booked, not with what an order says of itself."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import Dispute, LedgerEntry, Order, Refund, RefundLine
from laurel.commerce.queries.invariants import list_broken_invariants
from laurel.commerce.rules import OrderState
from laurel.commerce.services import Till
from tests.commerce.bought import Bought, begin_order, buy_course
from tests.factories.accounts import make_user
from tests.factories.commerce import make_seats
from tests.fakes import FakePayments


def broken(session: Session) -> set[str]:
    session.rollback()
    return {difference.rule for difference in list_broken_invariants(session)}


@pytest.fixture
def paid_late(app: object, till: Till, payments: FakePayments) -> Bought:
    """An order that was held, given back and closed, and then paid after all on another page: 100 dollars came and went, 195 stay."""
    bought = buy_course(till, payments, pays=10000)
    with till.transaction() as session:
        services.refund_held_order(session, bought.order_id, answer="No.", actor_id=make_user(session).id, env=till.env, now=till.now)
    services.submit_refunds_of(till, bought.order_id)
    first = payments.checkouts[bought.session_id]
    payments.checkouts["cs_late"] = replace(first, session_id="cs_late", status="open", attempt_ref="9", amount_total=19500, payment=None)
    payments.pay("cs_late")
    services.sync_checkout(till, "cs_late")
    return replace(bought, session_id="cs_late")


def test_money_that_came_and_went_before_an_order_was_paid_is_no_difference(paid_late: Bought, session: Session) -> None:
    order = paid_late.order(session)
    assert (order.state, order.amount_paid, order.amount_refunded) == (OrderState.PAID, 19500, 0)
    assert len(queries.list_payments(session, order.id)) == 2

    assert broken(session) == set()


def test_money_that_is_booked_nowhere_and_does_not_go_back_is_a_difference(paid_late: Bought, session: Session) -> None:
    session.execute(delete(RefundLine))
    session.execute(delete(Refund))
    session.commit()

    assert broken(session) == {"money_unbooked"}


@pytest.mark.parametrize("was_canceled", [False, True])
def test_money_that_is_held_for_a_person_is_no_difference(
    app: object, till: Till, payments: FakePayments, session: Session, *, was_canceled: bool
) -> None:
    order_id, session_id = begin_order(till, payments)
    if was_canceled:
        services.cancel_order(till, order_id)
    payments.pay(session_id, amount_total=10000)
    services.sync_checkout(till, session_id)

    assert queries.get_order(session, order_id).state is OrderState.REVIEW
    assert broken(session) == set()


def test_a_payment_that_is_not_in_the_ledger_is_a_difference(app: object, till: Till, payments: FakePayments, session: Session) -> None:
    buy_course(till, payments)
    session.execute(update(LedgerEntry).values(ref="pi_of_another"))
    session.commit()

    assert broken(session) == {"paid_sum", "money_unbooked"}


def test_a_refund_that_the_ledger_does_not_have_is_a_difference(app: object, till: Till, payments: FakePayments, session: Session) -> None:
    buy_course(till, payments).refund(5000)
    assert broken(session) == set()
    session.execute(delete(LedgerEntry).where(LedgerEntry.kind == "refund"))
    session.execute(update(Order).values(amount_refunded=0))
    session.commit()

    assert {"refunded_sum"} <= broken(session)


def test_what_a_bank_kept_and_the_ledger_does_not_have_is_a_difference(
    app: object, till: Till, payments: FakePayments, session: Session
) -> None:
    """The order says what its ledger says: only the dispute itself tells that both are wrong."""
    bought = buy_course(till, payments)
    payments.add_dispute(bought.intent_id, 19500)
    services.sync_dispute(till, next(iter(payments.disputes)))
    session.execute(update(Dispute).values(status="lost"))
    session.commit()
    assert broken(session) == set()

    session.execute(delete(LedgerEntry).where(LedgerEntry.kind == "dispute"))
    session.execute(update(Order).values(amount_disputed=0))
    session.commit()

    assert broken(session) == {"dispute_sum"}


def test_a_seat_that_gives_a_right_without_being_paid_is_a_difference(app: object, session: Session, till: Till) -> None:
    _pool, vouchers = make_seats(session)
    services.redeem_seat(session, vouchers[0].code, user_id=make_user(session).id, now=till.now)
    session.execute(text("UPDATE payments SET amount = 0"))
    session.execute(text("UPDATE orders SET state = 'expired'"))
    session.commit()

    assert "right_without_paid" in broken(session)
