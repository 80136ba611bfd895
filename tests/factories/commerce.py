"""Offers and orders for tests."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.catalog.rules import CourseContent, CourseStatus
from laurel.catalog.services import publish_course
from laurel.commerce.models import (
    CheckoutAttempt,
    DiscountCode,
    Dispute,
    Offering,
    Order,
    Payment,
    Refund,
    RefundLine,
    RenewalPermit,
    ReviewTask,
    SeatPool,
    Voucher,
)
from laurel.commerce.queries import find_current_offering, find_pool_of_line, list_lines, list_payments
from laurel.commerce.rules import (
    AccessEffect,
    AttemptState,
    CodeTerms,
    OfferingKind,
    OrderState,
    PaymentKind,
    RefundOrigin,
    RefundReason,
    RefundState,
)
from laurel.commerce.services import create_code, create_offering, open_permit, place_order
from laurel.commerce.services.fulfilling import settle
from laurel.core.clock import now
from laurel.core.ids import new_id
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


def make_offering(
    session: Session, *, course: Course | None = None, prices: dict[str, int] | None = None, kind: OfferingKind = OfferingKind.COURSE
) -> Offering:
    """A course for sale, at 195 dollars unless told otherwise."""
    course = course or make_sellable_course(session)
    return create_offering(session, course_id=course.id, title="Bookkeeping", prices=prices or PRICES, now=now(), kind=kind)


def make_paid_order(session: Session, *, buyer: User | None = None, offering: Offering | None = None, currency: str = "usd") -> Order:
    """An order that was paid by a card just now."""
    order = make_order(session, buyer=buyer, offering=offering, currency=currency)
    if order.state is not OrderState.PAID:
        make_payment(session, order)
        settle(session, order, amount_paid=order.total, ref=f"pi_{order.number}", now=now())
    return order


def make_payment(session: Session, order: Order, *, kind: PaymentKind = PaymentKind.PRIMARY) -> Payment:
    """Money that came for the order, all that it costs; whether the order is paid is another matter."""
    number = next(_numbers)
    attempt = CheckoutAttempt(order_id=order.id, n=number, idem_key=f"k{number}", request="{}", created_at=now(), expires_at=now())
    attempt.session_id, attempt.state = f"cs_test_{number}", AttemptState.COMPLETE
    session.add(attempt)
    session.flush()
    payment = Payment(
        order_id=order.id,
        attempt_id=attempt.id,
        payment_intent=f"pi_{order.number}" if kind is PaymentKind.PRIMARY else f"pi_{order.number}_{number}",
        charge=f"ch_{number}",
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


def make_dispute(session: Session, payment: Payment, *, status: str = "needs_response") -> Dispute:
    dispute = Dispute(
        stripe_dispute=f"dp_{next(_numbers)}",
        order_id=payment.order_id,
        payment_id=payment.id,
        amount=payment.amount,
        currency=payment.currency,
        status=status,
        reason="fraudulent",
        created_at=now(),
        updated_at=now(),
        due_by=now(),
    )
    session.add(dispute)
    session.flush()
    return dispute


def make_review_task(
    session: Session, order: Order | None = None, *, kind: str = "owned_meanwhile", detail: str = "Look at it."
) -> ReviewTask:
    task = ReviewTask(kind=kind, ref=f"ref-{next(_numbers)}", detail=detail, created_at=now(), order_id=order.id if order else None)
    session.add(task)
    session.flush()
    return task


def make_seats(
    session: Session, *, buyer: User | None = None, course: Course | None = None, seats: int = 3
) -> tuple[SeatPool, list[Voucher]]:
    """Seats that a team bought and paid, 100 dollars each, with their vouchers in order."""
    course = course or make_sellable_course(session)
    if find_current_offering(session, course.id, OfferingKind.SEATS) is None:
        make_offering(session, course=course, kind=OfferingKind.SEATS, prices={"usd": 10000, "eur": 9000})
    buyer = buyer or make_user(session)
    order = place_order(
        session,
        buyer_id=buyer.id,
        course_id=course.id,
        currency="usd",
        click_token=None,
        now=now(),
        kind=OfferingKind.SEATS,
        quantity=seats,
    )
    settle(session, order, amount_paid=order.total, now=now(), ref=f"pi_{order.number}")
    pool = find_pool_of_line(session, list_lines(session, order.id)[0].id)
    assert pool is not None
    return pool, list(session.scalars(select(Voucher).where(Voucher.pool_id == pool.id).order_by(Voucher.seat_no)))


def make_code(session: Session, code: str = "SPRING", *, offerings: Sequence[Offering] = (), **terms: Any) -> DiscountCode:
    """A discount code, 20 percent off unless told otherwise."""
    given = terms if {"percent", "amount"} & set(terms) else {"percent": 20, **terms}
    staff = make_user(session, roles=["admin"])
    wanted = CodeTerms(code=code, **given)
    return create_code(session, wanted, offering_ids=[offering.id for offering in offerings], actor_id=staff.id, now=now())


def make_permit(session: Session, person: User, course: Course, *, days: int = 30) -> RenewalPermit:
    """That the person may buy a renewal in the course for so many days."""
    moment = now()
    closes_at = moment + timedelta(days=days)
    return open_permit(session, user_id=person.id, course_id=course.id, about_id=new_id(), closes_at=closes_at, now=moment)
