"""Offers and orders for tests."""

from itertools import count

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.catalog.rules import CourseContent, CourseStatus
from laurel.catalog.services import publish_course
from laurel.commerce.models import CheckoutAttempt, Offering, Order, Payment, Refund, RefundLine
from laurel.commerce.queries import list_lines, list_payments
from laurel.commerce.rules import AccessEffect, AttemptState, OrderState, PaymentKind, RefundOrigin, RefundReason, RefundState
from laurel.commerce.services import create_offering, place_order
from laurel.commerce.services.fulfilling import settle
from laurel.core.clock import now
from tests.factories.accounts import make_user

_numbers = count(1)
PRICES = {"usd": 19500, "eur": 17900}


def make_sellable_course(session: Session, *, title: str = "Bookkeeping", status: CourseStatus = CourseStatus.OPEN) -> Course:
    """A published course without lessons: enough to be bought."""
    content = CourseContent(
        title=title,
        mark="™",
        code="BK-101",
        level=1,
        category="Finance",
        outcome="Keep books that others can read.",
        summary="All about books.",
        hours=12,
        updated_on="2026-11-02",
        hue=160,
        includes=("All lessons", "The exam"),
        refund_days=14,
    )
    owner = make_user(session, roles=["author"])
    return publish_course(session, slug=f"course-{next(_numbers)}", owner_id=owner.id, status=status, content=content, now=now())


def make_offering(session: Session, *, course: Course | None = None, prices: dict[str, int] | None = None) -> Offering:
    """A course for sale, at 195 dollars unless told otherwise."""
    course = course or make_sellable_course(session)
    return create_offering(session, course_id=course.id, title="Bookkeeping", prices=prices or PRICES, now=now())


def make_paid_order(session: Session, *, buyer: User | None = None, offering: Offering | None = None, currency: str = "usd") -> Order:
    """An order that was paid by a card just now."""
    order = make_order(session, buyer=buyer, offering=offering, currency=currency)
    if order.state is not OrderState.PAID:
        make_payment(session, order)
        settle(session, order, amount_paid=order.total, ref=f"pi_{order.number}", now=now())
    return order


def make_payment(session: Session, order: Order, *, kind: PaymentKind = PaymentKind.PRIMARY) -> Payment:
    """Money that came for the order."""
    attempt = CheckoutAttempt(
        order_id=order.id,
        n=next(_numbers),
        idem_key=f"key-{next(_numbers)}",
        request="{}",
        created_at=now(),
        expires_at=now(),
        state=AttemptState.COMPLETE,
    )
    session.add(attempt)
    session.flush()
    payment = Payment(
        order_id=order.id,
        attempt_id=attempt.id,
        payment_intent=f"pi_{order.number}" if kind is PaymentKind.PRIMARY else f"pi_{order.number}_{attempt.n}",
        charge=f"ch_{order.number}",
        amount=order.total,
        currency=order.currency,
        kind=kind,
        status="succeeded",
        method="card",
        last4="4242",
        receipt_url=None,
        created_at=now(),
    )
    session.add(payment)
    session.flush()
    return payment


def make_refund(session: Session, order: Order, *, amount: int, state: RefundState = RefundState.SUCCEEDED) -> Refund:
    """Money of the order's payment that goes back, all of it for the first line. The order's own sums stay as they are."""
    refund = Refund(
        order_id=order.id,
        payment_id=list_payments(session, order.id)[0].id,
        idem_key=f"refund-{next(_numbers)}",
        amount=amount,
        currency=order.currency,
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
        access_effect=AccessEffect.KEEP,
        origin=RefundOrigin.STAFF,
        created_at=now(),
        state=state,
        stripe_refund=f"re_{next(_numbers)}",
    )
    session.add(refund)
    session.flush()
    session.add(RefundLine(refund_id=refund.id, order_line_id=list_lines(session, order.id)[0].id, amount=amount, quantity=1))
    session.flush()
    return refund


def make_order(session: Session, *, buyer: User | None = None, offering: Offering | None = None, currency: str = "usd") -> Order:
    """An order that was just placed; paid already if it is free."""
    buyer, offering = buyer or make_user(session), offering or make_offering(session)
    return place_order(session, buyer_id=buyer.id, course_id=offering.course_id, currency=currency, click_token=None, now=now())
