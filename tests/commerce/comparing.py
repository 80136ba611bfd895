"""What the tests of comparing with Stripe share: one run, a buyer before the payment page, and what Stripe tells."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import services
from laurel.commerce.gateway import Notice
from laurel.commerce.models import CheckoutAttempt, Order, ReconcileRun
from laurel.commerce.rules import OrderState
from laurel.commerce.services.reconcile import Audit, reconcile
from tests.factories.commerce import make_order
from tests.fakes import FakePayments

RETURN = "http://laurel.test/orders/1"


def run(audit: Audit, *, after: timedelta = timedelta(0), is_deep: bool = False) -> ReconcileRun:
    """One run, some time from now."""
    later = Audit(till=replace(audit.till, now=audit.till.now + after), read=audit.read, checks=audit.checks)
    found = reconcile(later, is_deep=is_deep)
    assert found is not None
    return found


def begin_checkout(audit: Audit, session: Session) -> tuple[Order, str]:
    """A buyer in front of the payment page; returns its name at Stripe."""
    order = make_order(session)
    session.commit()
    services.open_checkout(audit.till, order.id, return_url=RETURN)
    return order, session.scalars(select(CheckoutAttempt.session_id).where(CheckoutAttempt.order_id == order.id)).one() or ""


def state_of(session: Session, order: Order) -> OrderState:
    session.rollback()
    session.refresh(order)
    return order.state


def told(payments: FakePayments, session_id: str, at: datetime) -> Notice:
    return Notice(
        id=f"evt_{session_id}",
        type="checkout.session.completed",
        object_id=session_id,
        is_live=False,
        account=None,
        created_at=at,
        api_version=payments.api_version,
        payload={},
    )
