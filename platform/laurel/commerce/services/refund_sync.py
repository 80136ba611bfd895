"""Believing Stripe about refunds: rows follow its list, sums are added up anew, access follows the money. (specs/payments.md §9)"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import RefundFailed, RefundSucceeded
from laurel.commerce.models import LedgerEntry, Order, OrderLine, Payment, Refund, RefundLine
from laurel.commerce.rules import (
    REFUND_FROM,
    AccessEffect,
    EntitlementStatus,
    OfferingKind,
    RefundOrigin,
    RefundReason,
    RefundState,
    SeenRefund,
    may_become,
)
from laurel.commerce.services.access import give_back, mark_of_refund, take_rights, take_unused
from laurel.commerce.services.disputes import follow_with_access
from laurel.commerce.services.moving import ask_staff, close_task
from laurel.commerce.services.receipts import issue_credit_note
from laurel.commerce.services.requests import follow_with_request
from laurel.commerce.services.till import Till
from laurel.core.bus import publish
from laurel.core.money import format_money


def sync_refunds(till: Till, payment_intent: str) -> Order | None:
    """Ask Stripe for all refunds of a payment and bring ours there. None if the payment is none that we know."""
    seen = till.payments.list_refunds(payment_intent)
    with till.transaction() as session:
        return apply_refunds(session, payment_intent, seen, env=till.env, now=till.now)


def apply_refunds(session: Session, payment_intent: str, seen: Sequence[SeenRefund], *, env: str, now: datetime) -> Order | None:
    """Bring the refunds of a payment to where Stripe says they stand. Telling it twice, or in another order, changes nothing."""
    payment = queries.find_payment(session, payment_intent)
    if payment is None:
        return None
    order = queries.lock_order(session, payment.order_id)
    gone = []
    for told in sorted(seen, key=lambda told: (told.created_at, told.id)):
        refund = _row_of(session, order, payment, told, env=env)
        if refund.stripe_refund is None:
            refund.stripe_refund = told.id
            session.flush()
        if _follow(session, order, payment, refund, told, now=now):
            gone.append(refund)
    for refund in gone:  # the last thing: from here on all other receipts wait for this transaction
        issue_credit_note(session, refund, now)
    return order


def _row_of(session: Session, order: Order, payment: Payment, told: SeenRefund, *, env: str) -> Refund:
    """Our row for Stripe's refund: the one that has its name, the one that it names, or a new one for what was done elsewhere."""
    known = queries.find_refund_at_stripe(session, told.id)
    if known is not None:
        return known
    asked = queries.find_refund(session, told.refund_ref) if told.env == env else None
    if asked is not None and asked.payment_id == payment.id and asked.stripe_refund is None:
        return asked
    reason = RefundReason(told.reason) if told.reason in set(RefundReason) else RefundReason.OTHER
    refund = Refund(
        order_id=order.id,
        payment_id=payment.id,
        idem_key=f"external:{told.id}",
        amount=told.amount,
        currency=told.currency,
        reason=reason,
        access_effect=AccessEffect.KEEP,
        origin=RefundOrigin.EXTERNAL,
        created_at=told.created_at,
        stripe_refund=told.id,
        note="Made in Stripe’s dashboard.",
    )
    session.add(refund)
    session.flush()
    lines = queries.list_lines(session, order.id)
    if len(lines) == 1 and queries.is_booked(session, payment):
        session.add(RefundLine(refund_id=refund.id, order_line_id=lines[0].id, amount=told.amount))
        session.flush()
    return refund


def _follow(session: Session, order: Order, payment: Payment, refund: Refund, told: SeenRefund, *, now: datetime) -> bool:
    """Whether money of the order went back just now."""
    if not may_become(REFUND_FROM, refund.state, told.state) or refund.state is told.state:
        return False
    if told.state in {RefundState.FAILED, RefundState.CANCELED}:
        fail(session, order, refund, told.state, failure=told.failure.replace("_", " "), now=now)
        return False
    refund.state = told.state
    session.flush()
    return told.state is RefundState.SUCCEEDED and _succeed(session, order, payment, refund, now=now)


def _succeed(session: Session, order: Order, payment: Payment, refund: Refund, *, now: datetime) -> bool:
    refund.settled_at = now
    session.flush()
    is_booked = queries.is_booked(session, payment)
    if is_booked:
        book(session, order, refund, now=now)
        _take(session, order, refund, now=now)
        follow_with_request(session, order, now=now)
    else:
        close_task(session, "duplicate_payment", payment.payment_intent, answer="The money went back.", now=now)
        close_task(session, "late_payment", payment.payment_intent, answer="The money went back.", now=now)
    publish(session, RefundSucceeded(occurred_at=now, order_id=order.id, refund_id=refund.id), actor_id=refund.requested_by_id)
    return is_booked


def book(session: Session, order: Order, refund: Refund, *, now: datetime) -> None:
    """Let a refund that succeeded count: in the ledger, in the order's sums, in its lines'. Twice is once."""
    _enter(session, order, refund, ref=_name_of(refund), amount=-refund.amount, now=now)
    add_up(session, order)


def _enter(session: Session, order: Order, refund: Refund, *, ref: str, amount: int, now: datetime) -> None:
    if queries.find_ledger_entry(session, "refund", ref) is None:
        session.add(LedgerEntry(order_id=order.id, kind="refund", ref=ref, amount=amount, currency=refund.currency, created_at=now))
        session.flush()


def _name_of(refund: Refund) -> str:
    return refund.stripe_refund or refund.idem_key


def add_up(session: Session, order: Order) -> None:
    """The order's and its lines' refunded sums, from the refunds themselves."""
    payments = {payment.id: payment for payment in queries.list_payments(session, order.id)}
    gone = [
        refund
        for refund in queries.list_refunds(session, order.id)
        if refund.state is RefundState.SUCCEEDED and queries.is_booked(session, payments[refund.payment_id])
    ]
    order.amount_refunded = sum(refund.amount for refund in gone)
    by_line = queries.list_succeeded_lines(session, order.id)
    for line in queries.list_lines(session, order.id):
        amount, quantity = by_line.get(line.id, (0, 0))
        # With tax on top more may come back for a line than its price.
        line.refunded_amount, line.refunded_quantity = min(line.amount, amount), min(line.quantity, quantity)
    session.flush()


def _take(session: Session, order: Order, refund: Refund, *, now: datetime) -> None:
    """Take back what the refund was to take, now that the money is back."""
    stands = queries.list_line_stands(session, order)
    if refund.origin is RefundOrigin.EXTERNAL:
        if order.amount_refunded < order.amount_paid:
            _ask_which_line(session, order, refund, now=now)
            return
        refund.access_effect = AccessEffect.REVOKE
        _take_lines(session, order, [stand.line for stand in stands], refund, now=now)
    elif refund.access_effect is AccessEffect.REVOKE:
        named = {part.order_line_id for part in queries.list_refund_lines(session, [refund.id])}
        # Redeemed seats fall only with the whole line: until then a refund takes unused ones, and has taken them already.
        # What is still on its way may come again: only money that is back counts.
        back = {line_id: amount for line_id, (amount, _seats) in queries.list_succeeded_lines(session, order.id).items()}
        gone = [
            stand.line
            for stand in stands
            if stand.line.id in named and (stand.line.kind is not OfferingKind.SEATS or back.get(stand.line.id, 0) >= stand.money.paid)
        ]
        _take_lines(session, order, gone, refund, now=now)


def _take_lines(session: Session, order: Order, lines: Sequence[OrderLine], refund: Refund, *, now: datetime) -> None:
    mark = mark_of_refund(refund.id)
    for line in lines:
        take_unused(session, line, seats=None, mark=mark, now=now)
    take_rights(session, order, lines, status=EntitlementStatus.REVOKED, mark=mark, now=now)


def _ask_which_line(session: Session, order: Order, refund: Refund, *, now: datetime) -> None:
    amount = format_money(refund.amount, refund.currency)
    detail = f"{amount} of order {order.number} went back in Stripe’s dashboard. Access was kept. Was it meant to end?"
    ask_staff(session, order, kind="external_refund", ref=refund.stripe_refund or "", detail=detail, now=now)


def fail(session: Session, order: Order, refund: Refund, state: RefundState, *, failure: str, now: datetime) -> None:
    """The money is not back, or is ours again: what was taken with it returns. A refund that Stripe never had is no news to anybody."""
    had_succeeded, payment = refund.state is RefundState.SUCCEEDED, queries.get_payment(session, refund.payment_id)
    refund.state, refund.settled_at, refund.failure = state, now, failure or None
    session.flush()
    if had_succeeded and queries.is_booked(session, payment):
        _enter(session, order, refund, ref=f"{_name_of(refund)}:failed", amount=refund.amount, now=now)
    add_up(session, order)
    follow_with_request(session, order, now=now)
    give_back(session, order, mark=mark_of_refund(refund.id), now=now)
    follow_with_access(session, order, payment, now=now)  # a bank may have taken meanwhile what is returned
    if refund.stripe_refund is None:
        return
    amount = format_money(refund.amount, refund.currency)
    detail = (
        f"A refund of {amount} for order {order.number} did not arrive ({failure or 'no reason given'}). Find another way with the buyer."
    )
    ask_staff(session, order, kind="refund_failed", ref=refund.stripe_refund, detail=detail, now=now)
    publish(session, RefundFailed(occurred_at=now, order_id=order.id, refund_id=refund.id))
