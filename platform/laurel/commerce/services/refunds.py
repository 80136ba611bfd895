"""Asking for money to go back, and asking Stripe for it. (specs/payments.md §9)

The row is there, with its key, before Stripe is asked; what became of it is always read from Stripe's own list
(`refund_sync`), so that asking twice, crashing in between and refunds made in Stripe's dashboard all end alike.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import RefundRequested
from laurel.commerce.gateway import CheckoutNotFoundError, PaymentsRefusedError, PaymentsUnavailableError, RefundDetails
from laurel.commerce.models import Order, Payment, Refund, RefundLine
from laurel.commerce.queries import LineStand
from laurel.commerce.rules import (
    REFUSALS,
    REFUSED,
    STRIPE_REASONS,
    AccessEffect,
    OfferingKind,
    RefundOrigin,
    RefundReason,
    RefundState,
    check_part,
    count_units,
)
from laurel.commerce.services.access import mark_of_refund, take_unused
from laurel.commerce.services.moving import ask_staff
from laurel.commerce.services.refund_sync import fail, sync_refunds
from laurel.commerce.services.till import Till
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.ids import new_id

log = logging.getLogger("laurel.commerce")

FORGOTTEN_AFTER = timedelta(minutes=1)
Part = tuple[UUID, int, int]
"""A line of the order, the amount that goes back for it in minor units, and how many of its seats are taken back."""


class NotRefundableError(ConflictError):
    """Nothing of this order can go back at present."""

    message = "There is nothing to give back in this order."


def request_refund(
    session: Session,
    order_id: UUID,
    *,
    lines: Sequence[Part],
    reason: RefundReason,
    access_effect: AccessEffect,
    origin: RefundOrigin,
    env: str,
    now: datetime,
    actor_id: UUID | None = None,
    note: str = "",
    refund_id: UUID | None = None,
) -> Refund:
    """Write down that a part of a paid order goes back. Nothing moves yet: `submit_refund` asks Stripe.

    `refund_id` names the refund beforehand, so that a form that is sent twice asks once. What nobody has used (seats, an
    exam credit) is taken back now, rights only when the money is back. Raises NotRefundableError, ConflictError (the bank
    is deciding) or InvalidInputError (more than is left).
    """
    order = queries.lock_order(session, order_id)
    known = queries.find_refund(session, refund_id) if refund_id is not None else None
    if known is not None and known.order_id == order_id:
        return known
    parts = _checked_parts(session, order, lines)
    refund = _write(
        session,
        _get_refundable(session, order),
        amount=sum(amount for _stand, amount, _seats in parts),
        reason=reason,
        access_effect=access_effect,
        origin=origin,
        env=env,
        now=now,
        actor_id=actor_id,
        note=note,
        refund_id=refund_id if known is None else None,
    )
    _keep_parts(session, refund, parts, now=now)
    return refund


def _get_refundable(session: Session, order: Order) -> Payment:
    payment = queries.find_main_payment(session, order.id)
    if payment is None or not queries.is_booked(session, payment):
        raise NotRefundableError
    return payment


def _keep_parts(session: Session, refund: Refund, parts: Sequence[tuple[LineStand, int, int]], *, now: datetime) -> None:
    takes = refund.access_effect is AccessEffect.REVOKE
    session.add_all(
        RefundLine(
            refund_id=refund.id, order_line_id=stand.line.id, amount=amount, quantity=_quantity(stand, amount, seats if takes else 0)
        )
        for stand, amount, seats in parts
    )
    session.flush()
    if takes:
        for stand, _amount, seats in parts:
            take_unused(session, stand.line, seats=seats, mark=mark_of_refund(refund.id), now=now)


def _checked_parts(session: Session, order: Order, lines: Sequence[Part]) -> list[tuple[LineStand, int, int]]:
    _get_refundable(session, order)
    stands = {stand.line.id: stand for stand in queries.list_line_stands(session, order)}
    if not lines or len({line_id for line_id, _, _ in lines}) != len(lines) or any(line_id not in stands for line_id, _, _ in lines):
        raise InvalidInputError("Choose what goes back.")
    for line_id, amount, seats in lines:
        check_part(stands[line_id].money, amount=amount, seats=seats, unused_seats=stands[line_id].unused_seats)
    return [(stands[line_id], amount, seats) for line_id, amount, seats in lines]


def _quantity(stand: LineStand, amount: int, seats: int) -> int:
    """How much of the line goes back, counted in its units."""
    if stand.line.kind is OfferingKind.SEATS:
        return seats
    return count_units(stand.money, quantity=stand.line.quantity, amount=amount)


def request_whole_refund(
    session: Session,
    payment: Payment,
    *,
    reason: RefundReason,
    origin: RefundOrigin,
    env: str,
    now: datetime,
    note: str = "",
    actor_id: UUID | None = None,
) -> Refund | None:
    """Write down that all of a payment goes back that never bought anything: it came twice, too late, or not as ordered.

    None if all of it is back or on its way already. Call it with the order locked.
    """
    left = queries.count_refundable(session, payment)
    if left == 0:
        return None
    return _write(
        session,
        payment,
        amount=left,
        reason=reason,
        access_effect=AccessEffect.KEEP,
        origin=origin,
        env=env,
        now=now,
        actor_id=actor_id,
        note=note,
    )


def _write(
    session: Session,
    payment: Payment,
    *,
    amount: int,
    reason: RefundReason,
    access_effect: AccessEffect,
    origin: RefundOrigin,
    env: str,
    now: datetime,
    actor_id: UUID | None,
    note: str,
    refund_id: UUID | None = None,
) -> Refund:
    if queries.is_disputed(session, payment.id):
        raise ConflictError(REFUSALS["charge_disputed"])
    if amount > queries.count_refundable(session, payment):
        raise InvalidInputError("That is more than is left to give back.", field="amount")
    refund_id = refund_id or new_id()
    refund = Refund(
        id=refund_id,
        order_id=payment.order_id,
        payment_id=payment.id,
        idem_key=f"laurel:{env}:refund:{refund_id}",
        amount=amount,
        currency=payment.currency,
        reason=reason,
        access_effect=access_effect,
        origin=origin,
        created_at=now,
        note=note or None,
        requested_by_id=actor_id,
    )
    session.add(refund)
    session.flush()
    event = RefundRequested(occurred_at=now, order_id=payment.order_id, refund_id=refund.id, amount=amount)
    publish(session, event, actor_id=actor_id)
    return refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What Stripe is asked outside the transaction. `was_asked`: we asked before, and do not know what came of it."""

    details: RefundDetails
    key: str
    was_asked: bool


def submit_refund(till: Till, refund_id: UUID) -> Refund:
    """Ask Stripe for a refund that waits, and note what came of it; one that does not wait any more stays as it is.

    Raises PaymentsUnavailableError: then it waits on, and `submit_waiting_refunds` asks again under the same key. A refund
    that Stripe refuses is failed, and its `failure` says why.
    """
    with till.transaction() as session:
        question = _ask(session, till, refund_id)
    if question is not None:
        _send(till, refund_id, question)
        sync_refunds(till, question.details.intent_id)
    with till.transaction() as session:
        return queries.get_refund(session, refund_id)


def _ask(session: Session, till: Till, refund_id: UUID) -> Question | None:
    refund = queries.get_refund(session, refund_id)
    order = queries.lock_order(session, refund.order_id)
    session.refresh(refund)
    if refund.state not in {RefundState.REQUESTED, RefundState.SUBMITTING}:
        return None
    was_asked, refund.state = refund.state is RefundState.SUBMITTING, RefundState.SUBMITTING
    session.flush()
    details = RefundDetails(
        intent_id=queries.get_payment(session, refund.payment_id).payment_intent,
        amount=refund.amount,
        reason=refund.reason.value if refund.reason in STRIPE_REASONS else "",
        refund_ref=str(refund.id),
        order_ref=str(order.id),
        env=till.env,
    )
    return Question(details=details, key=refund.idem_key, was_asked=was_asked)


def _send(till: Till, refund_id: UUID, question: Question) -> None:
    """Ask, unless Stripe has it already: it forgets keys after a day, and must not be asked anew for what it did."""
    if question.was_asked:
        known = till.payments.list_refunds(question.details.intent_id)
        if any(seen.refund_ref == question.details.refund_ref for seen in known):
            return
    try:
        till.payments.create_refund(question.details, key=question.key)
    except PaymentsRefusedError as error:
        log.error("Stripe refused refund %s: %s", refund_id, error.reason)
        with till.transaction() as session:
            _refuse(session, refund_id, REFUSALS.get(error.code, REFUSED), now=till.now)


def _refuse(session: Session, refund_id: UUID, why: str, *, now: datetime) -> None:
    refund = queries.get_refund(session, refund_id)
    order = queries.lock_order(session, refund.order_id)
    session.refresh(refund)
    if refund.state is not RefundState.SUBMITTING:
        return
    fail(session, order, refund, RefundState.FAILED, failure=why, now=now)
    bought_nothing = not queries.is_booked(session, queries.get_payment(session, refund.payment_id))
    if bought_nothing or refund.origin in {RefundOrigin.LEARNER, RefundOrigin.AUTO}:
        ask_staff(session, order, kind="refund_refused", ref=str(refund.id), detail=f"Order {order.number}: {why}", now=now)


def submit_refunds_of(till: Till, order_id: UUID) -> None:
    """Ask for the refunds of an order that wait. If Stripe is silent they wait on: nothing is lost."""
    with till.transaction() as session:
        waiting = queries.list_waiting_refunds(session, order_id=order_id)
    _submit_each(till, waiting)


def submit_waiting_refunds(till: Till, *, limit: int = 50) -> int:
    """Ask again for every refund that has waited for a minute; returns how many do not wait any more. Safe to run twice at once."""
    with till.transaction() as session:
        waiting = queries.list_waiting_refunds(session, before=till.now - FORGOTTEN_AFTER, limit=limit)
    return _submit_each(till, waiting)


def _submit_each(till: Till, refund_ids: Sequence[UUID]) -> int:
    done = 0
    for refund_id in refund_ids:
        try:
            done += submit_refund(till, refund_id).state is not RefundState.SUBMITTING
        except PaymentsUnavailableError as error:
            log.warning("No answer about refund %s: %s", refund_id, error.reason)
        except (CheckoutNotFoundError, PaymentsRefusedError) as error:  # of another account or mode, say: it stops no other
            log.error("Stripe does not know what refund %s is about: %s", refund_id, error)
    return done
