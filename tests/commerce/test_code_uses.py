"""A use of a discount code that an order held again for a new payment page is given back when that page comes to nothing."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.models import DiscountCode, DiscountUse
from laurel.commerce.queries.invariants import list_broken_invariants
from laurel.commerce.rules import AttemptState, DiscountUseState, OrderState
from laurel.commerce.services import Till
from laurel.commerce.services.reconcile import Audit
from tests.commerce.comparing import RETURN, run
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering
from tests.fakes import FakePayments


@pytest.fixture
def lapsed(app: object, till: Till, payments: FakePayments) -> UUID:
    """An order with a code that can be used once; its first payment page has closed."""
    with till.transaction() as session:
        make_code(session, max_uses=1)
        buyer, offering = make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None, code="SPRING")
    services.open_checkout(till, order.id, return_url=RETURN)
    expire_last(till, payments)
    return order.id


def expire_last(till: Till, payments: FakePayments) -> None:
    session_id = list(payments.checkouts)[-1]
    payments.change(session_id, status="expired", url=None)
    services.sync_checkout(till, session_id)


def held(session: Session, order_id: UUID) -> tuple[OrderState, int]:
    """Where the order stands, and how many uses of the code are reserved."""
    session.rollback()
    code = queries.find_discount_code(session, "SPRING")
    assert code is not None
    return queries.get_order(session, order_id).state, code.reserved


def test_a_page_that_is_refused_gives_the_use_back(till: Till, lapsed: UUID, payments: FakePayments, session: Session) -> None:
    assert held(session, lapsed) == (OrderState.EXPIRED, 0)
    payments.failures = [PaymentsRefusedError("no such thing")]

    with pytest.raises(PaymentsRefusedError):
        services.open_checkout(till, lapsed, return_url=RETURN)

    assert held(session, lapsed) == (OrderState.EXPIRED, 0)


def test_a_page_of_which_no_answer_came_keeps_the_use_until_it_is_given_up(
    audit: Audit, till: Till, lapsed: UUID, payments: FakePayments, session: Session
) -> None:
    payments.failures = [PaymentsUnavailableError("timeout")]
    with pytest.raises(PaymentsUnavailableError):
        services.open_checkout(till, lapsed, return_url=RETURN)
    assert held(session, lapsed) == (OrderState.EXPIRED, 1)
    assert list_broken_invariants(session) == []

    found = run(audit, after=timedelta(hours=24))

    assert held(session, lapsed) == (OrderState.EXPIRED, 0)
    assert found.differences == []


def test_who_tries_again_after_a_page_came_to_nothing_has_not_used_the_code(
    till: Till, lapsed: UUID, payments: FakePayments, session: Session
) -> None:
    for _ in range(2):
        payments.failures = [PaymentsUnavailableError("500", is_definite=True)]
        with pytest.raises(PaymentsUnavailableError):
            services.open_checkout(till, lapsed, return_url=RETURN)

    services.open_checkout(till, lapsed, return_url=RETURN)

    assert held(session, lapsed) == (OrderState.AWAITING_PAYMENT, 1)
    assert [attempt.state for attempt in queries.list_attempts(session, lapsed)] == [
        AttemptState.OPEN,
        AttemptState.DEAD,
        AttemptState.EXPIRED,
    ]


def test_a_page_that_closes_on_an_order_that_was_let_go_before_gives_the_use_back(
    till: Till, lapsed: UUID, payments: FakePayments, session: Session
) -> None:
    """Its answer was lost, and the buyer began anew meanwhile: the page never brought its order back to waiting."""
    payments.loses_answers, payments.failures = True, [PaymentsUnavailableError("timeout")]
    with pytest.raises(PaymentsUnavailableError):
        services.open_checkout(till, lapsed, return_url=RETURN)
    lost = list(payments.checkouts)[-1]
    payments.loses_answers = False
    order = queries.get_order(session, lapsed)
    course_id = order.lines[0].offering.course_id
    session.rollback()
    services.buy(till, buyer_id=order.buyer_id, course_id=course_id, currency="usd", click_token=None)
    services.sync_checkout(till, lost)
    assert held(session, lapsed) == (OrderState.EXPIRED, 1)

    payments.change(lost, status="expired", url=None)
    services.sync_checkout(till, lost)

    assert held(session, lapsed) == (OrderState.EXPIRED, 0)


def test_a_use_that_no_page_holds_is_a_difference(audit: Audit, lapsed: UUID, session: Session) -> None:
    session.execute(update(DiscountUse).values(state=DiscountUseState.RESERVED))
    session.execute(update(DiscountCode).values(reserved=1))
    session.commit()

    found = run(audit)

    order = queries.get_order(session, lapsed)
    assert [(difference["rule"], difference["ref"]) for difference in found.differences or []] == [("code_held", order.number)]


def test_an_order_that_may_be_paid_holds_its_use(till: Till, audit: Audit, lapsed: UUID, session: Session) -> None:
    services.open_checkout(replace(till, now=till.now + timedelta(minutes=1)), lapsed, return_url=RETURN)

    assert held(session, lapsed) == (OrderState.AWAITING_PAYMENT, 1)
    assert run(audit).differences == []
