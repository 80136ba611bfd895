"""Believing the payment provider: one function brings an order to where its checkout stands. (specs/payments.md §8)

The redirect after the payment, the webhook and staff all end here. Nothing that arrives from outside is believed: the
checkout is fetched from the provider, and its amounts are compared with the order.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import CheckoutAttempt, Order, OrderLine, Payment
from laurel.commerce.rules import (
    ATTEMPT_FROM,
    LIVE_ATTEMPTS,
    AttemptState,
    OrderState,
    PaymentKind,
    RefundOrigin,
    RefundReason,
    SeenCheckout,
    SeenPayment,
    find_mismatches,
    may_become,
)
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.moving import ask_staff, free_code, move_order
from laurel.commerce.services.quoting import find_fulfillment_obstacles, owns_already
from laurel.commerce.services.refunds import request_whole_refund, submit_refunds_of
from laurel.commerce.services.reminders import expire_order, fail_payment
from laurel.commerce.services.till import Till

log = logging.getLogger("laurel.commerce")

SYNC_AGAIN_AFTER = timedelta(seconds=10)
FAILED_INTENTS = frozenset({"canceled", "requires_payment_method"})


def sync_checkout(till: Till, session_id: str) -> Order | None:
    """Ask the provider how the checkout stands and bring its order there. None if it belongs to no order of ours."""
    return take_in(till, till.payments.fetch_checkout(session_id))


def take_in(till: Till, seen: SeenCheckout) -> Order | None:
    """`apply_checkout` in a transaction of its own; money that must not stay is then sent back at once."""
    with till.transaction() as session:
        order = apply_checkout(session, seen, now=till.now)
    if order is not None:
        submit_refunds_of(till, order.id)
    return order


def claim_sync(session: Session, attempt_id: UUID, *, now: datetime) -> bool:
    """Whether the page to which buyers return may ask the provider now: for one checkout not more than every ten seconds."""
    claimed = session.execute(
        update(CheckoutAttempt)
        .where(CheckoutAttempt.id == attempt_id)
        .where(or_(CheckoutAttempt.synced_at.is_(None), CheckoutAttempt.synced_at <= now - SYNC_AGAIN_AFTER))
        .values(synced_at=now)
        .execution_options(synchronize_session=False)
    )
    return claimed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def apply_checkout(session: Session, seen: SeenCheckout, *, now: datetime) -> Order | None:
    """Bring the order to where its checkout stands. Telling it twice changes nothing; states only move forward."""
    order_id = _order_id_of(session, seen)
    if order_id is None:
        return None
    order = queries.lock_order(session, order_id)
    attempt = queries.find_attempt(session, seen.session_id) or _adopt(session, order, seen, now=now)
    if seen.status == "expired":
        _expire(session, order, attempt, now=now)
    elif seen.is_paid:
        _believe_payment(session, order, attempt, seen, now=now)
    elif seen.status == "complete" and seen.payment_status == "unpaid":
        _wait_for_bank(session, order, attempt, seen, now=now)
    session.flush()
    return order


def _order_id_of(session: Session, seen: SeenCheckout) -> UUID | None:
    """The order that opened this checkout; or the one that the checkout names twice: its id and its number agree."""
    attempt = queries.find_attempt(session, seen.session_id)
    if attempt is not None:
        return attempt.order_id
    order = queries.find_order(session, seen.order_ref)
    return order.id if order is not None and order.number == seen.number else None


def _adopt(session: Session, order: Order, seen: SeenCheckout, *, now: datetime) -> CheckoutAttempt:
    """Take in a checkout that is ours although we never heard of it: the answer to our call was lost, or is late."""
    attempts = queries.list_attempts(session, order.id)
    attempt = next((a for a in attempts if str(a.n) == seen.attempt_ref and a.session_id is None), None)
    if attempt is None:
        n = attempts[0].n + 1 if attempts else 1
        attempt = CheckoutAttempt(
            order_id=order.id, n=n, idem_key=f"adopted:{seen.session_id}", request="{}", created_at=now, expires_at=seen.expires_at
        )
        session.add(attempt)
    note_open(session, order, attempt, seen)
    return attempt


def note_open(session: Session, order: Order, attempt: CheckoutAttempt, seen: SeenCheckout) -> None:
    """The payment page exists: the order waits for its payment."""
    attempt.become(AttemptState.OPEN)
    attempt.session_id, attempt.url, attempt.expires_at = seen.session_id, seen.url, seen.expires_at
    attempt.stripe_amount_total, attempt.last_error = seen.amount_total, None
    session.flush()
    other = queries.find_open_order(session, order.buyer_id, order.purchase_key)
    if other is not None and other.id != order.id:
        return  # the buyer has begun anew meanwhile, and one order may wait: this page closes by itself, or pays its order yet
    if not move_order(session, order, OrderState.AWAITING_PAYMENT, expires_at=seen.expires_at):
        order.expires_at = seen.expires_at if order.state is OrderState.AWAITING_PAYMENT else order.expires_at


def _expire(session: Session, order: Order, attempt: CheckoutAttempt, *, now: datetime) -> None:
    if attempt.state is AttemptState.OPEN:
        attempt.become(AttemptState.EXPIRED)
        session.flush()
    if not any(other.state in LIVE_ATTEMPTS for other in queries.list_attempts(session, order.id)):
        expire_order(session, order, now=now)
    free_code(session, order)


def _wait_for_bank(session: Session, order: Order, attempt: CheckoutAttempt, seen: SeenCheckout, *, now: datetime) -> None:
    """The buyer is through, the money is not there yet: a bank debit takes days, and may fail."""
    _complete(session, attempt)
    has_failed = seen.payment is not None and seen.payment.status in FAILED_INTENTS
    if has_failed and _goes_on_elsewhere(session, order, attempt):
        return
    move_order(session, order, OrderState.PROCESSING, expires_at=None)
    if has_failed:
        fail_payment(session, order, attempt_id=attempt.id, now=now)


def _goes_on_elsewhere(session: Session, order: Order, attempt: CheckoutAttempt) -> bool:
    """Whether the buyer has begun anew since: what failed before says nothing about that."""
    going_on = LIVE_ATTEMPTS | {AttemptState.COMPLETE}
    return any(other.n > attempt.n and other.state in going_on for other in queries.list_attempts(session, order.id))


def _complete(session: Session, attempt: CheckoutAttempt) -> None:
    if may_become(ATTEMPT_FROM, attempt.state, AttemptState.COMPLETE):
        attempt.become(AttemptState.COMPLETE)
        session.flush()


def _believe_payment(session: Session, order: Order, attempt: CheckoutAttempt, seen: SeenCheckout, *, now: datetime) -> None:
    _complete(session, attempt)
    if _has_its_money(session, order):
        _note_second_payment(session, order, attempt, seen, now=now)
        return
    if seen.payment is not None and _goes_back(session, seen.payment):
        return
    lines = queries.list_lines(session, order.id)
    reasons = find_mismatches(order.terms(lines), seen) + find_fulfillment_obstacles(session, order, lines, now=now)
    is_late = order.state is OrderState.CANCELED
    kind = PaymentKind.LATE if is_late else PaymentKind.PRIMARY
    payment = _record_payment(session, order, attempt, seen, kind=kind, now=now)
    if reasons or order.state is OrderState.REVIEW:
        _hold(session, order, seen, reasons, now=now)
        return
    is_owned = owns_already(session, order.buyer_id, lines)
    if is_late and (is_owned or not _is_on_sale(session, lines)):
        _give_late_money_back(session, order, payment, env=seen.env, now=now)
        return
    _note_terms(order, seen)
    ref = seen.payment.intent_id if seen.payment is not None else ""
    if settle(session, order, amount_paid=seen.amount_total, tax=seen.amount_tax, ref=ref, now=now) and is_owned:
        detail = f"Order {order.number} bought what the buyer had got from elsewhere meanwhile: offer a refund."
        ask_staff(session, order, kind="owned_meanwhile", ref=order.number, detail=detail, now=now)


def _has_its_money(session: Session, order: Order) -> bool:
    """Whether the order is paid. One that is held may be held since before any money came: since its page was opened."""
    if order.state is OrderState.REVIEW:
        return queries.find_main_payment(session, order.id) is not None
    return order.state is OrderState.PAID


def _goes_back(session: Session, paid: SeenPayment) -> bool:
    """Whether this money went back, or was to go back, or a bank has it: whatever is told about it again, it buys nothing."""
    payment = queries.find_payment(session, paid.intent_id)
    return payment is not None and (queries.has_refunds(session, payment.id) or queries.is_disputed(session, payment.id))


def _is_on_sale(session: Session, lines: Sequence[OrderLine]) -> bool:
    return all(line.offering.withdrawn_at is None for line in lines)


def _give_late_money_back(session: Session, order: Order, payment: Payment | None, *, env: str, now: datetime) -> None:
    """Money for an order that was canceled, and that buys nothing any more. A person hears of it."""
    if (
        payment is None
        or request_whole_refund(
            session,
            payment,
            reason=RefundReason.OTHER,
            origin=RefundOrigin.AUTO,
            env=env,
            now=now,
            note="Paid after it was canceled.",
        )
        is None
    ):
        return
    log.error("Order %s was paid after it was canceled", order.number)
    detail = f"Order {order.number} was paid when it was canceled and not for sale any more: the money goes back."
    ask_staff(session, order, kind="late_payment", ref=payment.payment_intent, detail=detail, now=now)


def _note_terms(order: Order, seen: SeenCheckout) -> None:
    """What only the payment page knows: to whom the receipt is made out, the tax, and what a promotion code took off."""
    order.billing = dict(seen.billing) if seen.billing is not None else None
    if seen.currency != order.currency:
        return
    order.tax = seen.amount_tax
    if order.discount_code_id is None:
        order.discount = seen.amount_discount


def _record_payment(
    session: Session, order: Order, attempt: CheckoutAttempt, seen: SeenCheckout, *, kind: PaymentKind, now: datetime
) -> Payment | None:
    paid = seen.payment
    if paid is None:
        return None
    known = queries.find_payment(session, paid.intent_id)
    if known is not None:
        return known
    payment = Payment(
        order_id=order.id,
        attempt_id=attempt.id,
        payment_intent=paid.intent_id,
        charge=paid.charge_id,
        amount=paid.amount_received,
        currency=paid.currency,
        kind=kind,
        status=paid.status,
        method=paid.method,
        last4=paid.last4,
        receipt_url=paid.receipt_url,
        created_at=now,
    )
    session.add(payment)
    session.flush()
    return payment


def _hold(session: Session, order: Order, seen: SeenCheckout, reasons: list[str], *, now: datetime) -> None:
    """Give nothing and let a person look: what was paid is not what was ordered, or the order is held already."""
    _note_terms(order, seen)
    if order.state is not OrderState.REVIEW and not move_order(session, order, OrderState.REVIEW, expires_at=None):
        return
    detail = "; ".join(reasons) or "paid while the order was held"
    log.error("Order %s is held for review: %s", order.number, detail)
    ask_staff(session, order, kind="payment_mismatch", ref=seen.session_id, detail=detail, now=now)


def _note_second_payment(session: Session, order: Order, attempt: CheckoutAttempt, seen: SeenCheckout, *, now: datetime) -> None:
    """The same order was paid once more, in another tab perhaps: that money goes back by itself, and a person hears of it."""
    if seen.payment is None or queries.find_payment(session, seen.payment.intent_id) is not None:
        return
    payment = _record_payment(session, order, attempt, seen, kind=PaymentKind.DUPLICATE, now=now)
    log.error("Order %s was paid twice", order.number)
    detail = f"Order {order.number} was paid a second time ({seen.payment.intent_id}): that money goes back."
    ask_staff(session, order, kind="duplicate_payment", ref=seen.payment.intent_id, detail=detail, now=now)
    if payment is not None and payment.amount:
        request_whole_refund(
            session, payment, reason=RefundReason.DUPLICATE, origin=RefundOrigin.AUTO, env=seen.env, now=now, note="Paid twice."
        )
