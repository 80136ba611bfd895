"""Asking once more for a refund that came to nothing, of money that bought nothing. (specs/payments.md §6, §9)"""

from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import Payment, Refund
from laurel.commerce.rules import PaymentKind, RefundOrigin, RefundReason
from laurel.commerce.services.refund_sync import sync_refunds
from laurel.commerce.services.refunds import NotRefundableError, request_whole_refund, submit_refunds_of
from laurel.commerce.services.tasks import resolve_task
from laurel.commerce.services.till import Till


def repeat_refund(till: Till, task_id: UUID, *, answer: str, actor_id: UUID) -> Refund:
    """Send back what the task says did not go back: a refund of its own, with a key of its own. The task is answered with it.

    Stripe's list is read first, so that nothing is asked for anew that went back after all. Raises NotRefundableError if there
    is nothing to send, TaskOverError, or PaymentsUnavailableError: then nothing was asked. If Stripe falls silent later the
    refund waits as all do; if it refuses, or the money comes back again, there is a new task.
    """
    with till.transaction() as session:
        payment_intent = _get_stranded(session, task_id).payment_intent
    sync_refunds(till, payment_intent)
    with till.transaction() as session:
        order = queries.lock_order(session, _get_stranded(session, task_id).order_id)
        payment = _get_stranded(session, task_id)
        refund = request_whole_refund(
            session,
            payment,
            reason=RefundReason.DUPLICATE if payment.kind is PaymentKind.DUPLICATE else RefundReason.OTHER,
            origin=RefundOrigin.STAFF,
            env=till.env,
            now=till.now,
            note=answer,
            actor_id=actor_id,
        )
        if refund is None:
            raise NotRefundableError
        resolve_task(session, task_id, answer=answer, actor_id=actor_id, now=till.now)
    submit_refunds_of(till, order.id)
    with till.transaction() as session:
        return queries.get_refund(session, refund.id)


def _get_stranded(session: Session, task_id: UUID) -> Payment:
    payment = queries.find_stranded_payment(session, queries.get_review_task(session, task_id))
    if payment is None:
        raise NotRefundableError
    return payment
