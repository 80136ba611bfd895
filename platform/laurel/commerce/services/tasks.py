"""Questions that people answer: resolving them, deciding about an order that is held, and what learners ask. (specs/payments.md §5, §9)"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import TaskResolved
from laurel.commerce.models import Order, Refund, ReviewTask
from laurel.commerce.rules import (
    REFUSALS,
    AccessEffect,
    CourseUse,
    OfferingKind,
    OrderState,
    RefundOrigin,
    RefundReason,
    RefundState,
    RefundWish,
    find_refund_obstacles,
)
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.moving import ask_staff, move_order
from laurel.commerce.services.receipts import issue_credit_note
from laurel.commerce.services.refund_sync import book
from laurel.commerce.services.refunds import NotRefundableError, request_refund, request_whole_refund
from laurel.commerce.services.requests import REFUND_REQUEST
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.mail import queue_mail

MAX_WORDS = 2000


class TaskOverError(ConflictError):
    """Somebody else was faster, or it answered itself."""

    message = "This was answered already."


class StillHeldError(ConflictError):
    """Words alone decide nothing about an order that is held, and nobody would be asked about it again."""

    message = "This order is held until you accept what came or give it back."


class NotInReviewError(ConflictError):
    """The order does not wait for a decision."""

    message = "This order is not held for a decision any more."


def resolve_task(session: Session, task_id: UUID, *, answer: str, actor_id: UUID, now: datetime) -> ReviewTask:
    """Answer a question. What a learner asked is answered to the learner, by mail and on the order's page."""
    task = queries.lock_review_task(session, task_id)
    if task.resolved_at is not None:
        raise TaskOverError
    if not answer.strip():
        raise InvalidInputError("Say what you found and did.", field="answer")
    if (
        task.order_id is not None
        and task.kind.endswith("_mismatch")
        and queries.get_order(session, task.order_id).state is OrderState.REVIEW
    ):
        raise StillHeldError
    task.resolved_at, task.resolved_by_id, task.resolution = now, actor_id, answer.strip()
    session.flush()
    publish(session, TaskResolved(occurred_at=now, task_id=task.id, order_id=task.order_id), actor_id=actor_id)
    if task.kind == REFUND_REQUEST and task.order_id is not None:
        _answer_by_mail(session, task, task.order_id, now=now)
    return task


def _answer_by_mail(session: Session, task: ReviewTask, order_id: UUID, *, now: datetime) -> None:
    order = queries.get_order(session, order_id)
    queue_mail(
        session,
        "refund_answer",
        key=f"refund_answer:{task.id}",
        recipient=order.buyer.email,
        now=now,
        name=order.buyer.name,
        number=order.number,
        order_id=str(order.id),
        answer=task.resolution or "",
    )


def accept_held_order(session: Session, order_id: UUID, *, answer: str, actor_id: UUID, now: datetime) -> Order:
    """Take a payment that does not match its order as what it is: the order becomes paid with what came."""
    order = queries.lock_order(session, order_id)
    payment = queries.find_main_payment(session, order_id)
    if order.state is not OrderState.REVIEW:
        raise NotInReviewError
    if payment is None or payment.currency != order.currency or payment.status != "succeeded":
        raise ConflictError("No money has come for this order in its currency, so it cannot be accepted. Give back what came.")
    if queries.count_held(session, payment) == 0:
        raise ConflictError("Nothing is left of this payment: it is back with the buyer, or on its way. Close the order instead.")
    if queries.is_disputed(session, payment.id):
        raise ConflictError(REFUSALS["charge_disputed"])
    settle(session, order, amount_paid=payment.amount, tax=order.tax, ref=payment.payment_intent, now=now)
    for refund in queries.list_refunds(session, order_id):
        if refund.payment_id == payment.id and refund.state is RefundState.SUCCEEDED:
            book(session, order, refund, now=now)
            issue_credit_note(session, refund, now)
    _resolve_all_of(session, order_id, answer=answer, actor_id=actor_id, now=now)
    return order


def refund_held_order(session: Session, order_id: UUID, *, answer: str, actor_id: UUID, env: str, now: datetime) -> list[Refund]:
    """Give back all that is left of what came for an order that is held, and close the order. `submit_refund` each of what is returned.

    Empty if nothing is left, because all of it went back already or a bank has it. Raises ConflictError while a bank decides.
    """
    order = queries.lock_order(session, order_id)
    if order.state is not OrderState.REVIEW:
        raise NotInReviewError
    refunds = [
        request_whole_refund(
            session,
            payment,
            reason=RefundReason.OTHER,
            origin=RefundOrigin.STAFF,
            env=env,
            now=now,
            note=answer,
            actor_id=actor_id,
        )
        for payment in queries.list_payments(session, order_id)
        if queries.count_held(session, payment)
    ]
    move_order(session, order, OrderState.CANCELED, expires_at=None)
    _resolve_all_of(session, order_id, answer=answer, actor_id=actor_id, now=now)
    return [refund for refund in refunds if refund is not None]


def _resolve_all_of(session: Session, order_id: UUID, *, answer: str, actor_id: UUID, now: datetime) -> None:
    """Every question about what held the order."""
    for task in queries.list_review_tasks(session, order_id):
        if task.kind in {"payment_mismatch", "checkout_mismatch"} and task.resolved_at is None:
            resolve_task(session, task.id, answer=answer, actor_id=actor_id, now=now)


# ---- what learners ask


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTerms:
    """What is promised to buyers who change their mind, and how far this one went with what they bought."""

    days: int
    max_progress_percent: int
    use: CourseUse | None


def describe_wish(session: Session, order: Order, terms: RefundTerms) -> RefundWish:
    """What decides whether the buyer may give the order back without asking. Raises NotRefundableError if nothing is left of it."""
    payment = queries.find_main_payment(session, order.id)
    if payment is None or order.paid_at is None or queries.count_refundable(session, payment) == 0:
        raise NotRefundableError
    lines = queries.list_lines(session, order.id)
    return RefundWish(
        paid_at=order.paid_at,
        days=terms.days,
        max_progress_percent=terms.max_progress_percent,
        use=terms.use,
        is_one_course=len(lines) == 1 and lines[0].kind is OfferingKind.COURSE,
        is_disputed=bool(queries.list_statuses_of(session, payment.id)),
        is_partly_refunded=queries.has_refunds(session, payment.id),
    )


def refund_by_learner(session: Session, order_id: UUID, terms: RefundTerms, *, env: str, now: datetime, refund_id: UUID) -> Refund:
    """The buyer gives a course back, within what the course's page promises. All of it goes back, and the course closes with it.

    `refund_id` names the refund beforehand: a button that is pressed twice asks once. Raises ConflictError with the obstacle.
    """
    order = queries.lock_order(session, order_id)
    known = queries.find_refund(session, refund_id)
    if known is not None and known.order_id == order.id:
        return known
    obstacles = find_refund_obstacles(describe_wish(session, order, terms), now=now)
    if obstacles:
        raise ConflictError(obstacles[0])
    return request_refund(
        session,
        order.id,
        lines=[(stand.line.id, stand.money.left, 0) for stand in queries.list_line_stands(session, order)],
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
        access_effect=AccessEffect.REVOKE,
        origin=RefundOrigin.LEARNER,
        env=env,
        now=now,
        actor_id=order.buyer_id,
        refund_id=refund_id,
    )


def ask_for_refund(session: Session, order: Order, *, words: str, now: datetime) -> None:
    """Put the buyer's wish before a person. While one waits, a second is the same."""
    queries.lock_order(session, order.id)
    asked = [task for task in queries.list_review_tasks(session, order.id) if task.kind == REFUND_REQUEST]
    if any(task.resolved_at is None for task in asked):
        return
    if not words.strip():
        raise InvalidInputError("Say in a sentence or two why you want a refund.", field="words")
    ask_staff(session, order, kind=REFUND_REQUEST, ref=f"{order.id}:{len(asked) + 1}", detail=words.strip(), now=now)
