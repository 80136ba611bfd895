"""Believing Stripe about disputes, and answering them. (specs/payments.md §5, §9)"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import DisputeClosed, DisputeOpened, EvidenceSent
from laurel.commerce.gateway import PaymentsRefusedError
from laurel.commerce.models import Dispute, LedgerEntry, Order, Payment
from laurel.commerce.rules import (
    FINAL,
    DisputeEffect,
    EntitlementStatus,
    PaymentKind,
    SeenDispute,
    SeenWarning,
    may_follow,
    strongest,
)
from laurel.commerce.services.access import give_back, mark_of_dispute, take_rights, take_unused
from laurel.commerce.services.moving import ask_staff, close_task
from laurel.commerce.services.till import Till
from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.core.money import format_money


class DisputeOverError(ConflictError):
    """The bank has decided: nothing can be said any more."""

    message = "This dispute is over, or the bank has our answer already. Nothing was sent."


def sync_dispute(till: Till, stripe_dispute: str) -> Order | None:
    """Ask Stripe how a dispute stands and follow. None if it is about no payment that we know."""
    seen = till.payments.fetch_dispute(stripe_dispute)
    with till.transaction() as session:
        return apply_dispute(session, seen, now=till.now)


def apply_dispute(session: Session, seen: SeenDispute, *, now: datetime) -> Order | None:
    """Bring a dispute to where Stripe says it stands: access, ledger and sums with it. What is final stays final."""
    payment = queries.find_payment(session, seen.intent_id) or queries.find_payment_by_charge(session, seen.charge_id)
    if payment is None:
        return None
    order = queries.lock_order(session, payment.order_id)
    dispute = queries.find_dispute(session, seen.id)
    if dispute is not None and not may_follow(dispute.status, seen.status):
        return order
    before = dispute.status if dispute is not None else None
    dispute = dispute or _open(session, order, payment, seen, now=now)
    dispute.status, dispute.reason, dispute.amount, dispute.due_by = seen.status, seen.reason, seen.amount, seen.due_by
    dispute.updated_at = now
    session.flush()
    if queries.is_booked(session, payment):
        _book(session, order, seen, now=now)
    follow_with_access(session, order, payment, now=now)
    _tell(session, order, dispute, before, now=now)
    return order


def _open(session: Session, order: Order, payment: Payment, seen: SeenDispute, *, now: datetime) -> Dispute:
    dispute = Dispute(
        stripe_dispute=seen.id,
        order_id=order.id,
        payment_id=payment.id,
        amount=seen.amount,
        currency=seen.currency,
        status=seen.status,
        reason=seen.reason,
        created_at=seen.created_at,
        updated_at=now,
    )
    session.add(dispute)
    session.flush()
    return dispute


def _book(session: Session, order: Order, seen: SeenDispute, *, now: datetime) -> None:
    """The movements of money, each once: taken, given back, and what Stripe charges for it, which it keeps."""
    moves = [("dispute_fee", fee.ref, -fee.amount, fee.currency) for fee in seen.fees]
    if seen.is_withdrawn:
        moves.append(("dispute", seen.id, -seen.amount, seen.currency))
    if seen.is_reinstated:
        moves.append(("dispute_reversal", seen.id, seen.amount, seen.currency))
    for kind, ref, amount, currency in moves:
        if queries.find_ledger_entry(session, kind, ref) is None:
            session.add(LedgerEntry(order_id=order.id, kind=kind, ref=ref, amount=amount, currency=currency, created_at=now))
    session.flush()
    order.amount_disputed = max(0, queries.sum_withdrawn(session, order.id))
    session.flush()


def follow_with_access(session: Session, order: Order, payment: Payment, *, now: datetime) -> None:
    """Take or return what the payment bought, as its disputes stand together. Doing it twice changes nothing."""
    if payment.kind is PaymentKind.DUPLICATE:
        return
    effect, mark = strongest(queries.list_statuses_of(session, payment.id)), mark_of_dispute(payment.id)
    if effect is DisputeEffect.RESTORE:
        give_back(session, order, mark=mark, now=now)
    elif effect is not DisputeEffect.KEEP:
        lines = queries.list_lines(session, order.id)
        status = EntitlementStatus.SUSPENDED if effect is DisputeEffect.SUSPEND else EntitlementStatus.REVOKED
        for line in lines:
            take_unused(session, line, seats=None, mark=mark, now=now)
        take_rights(session, order, lines, status=status, mark=mark, now=now)


def _tell(session: Session, order: Order, dispute: Dispute, before: str | None, *, now: datetime) -> None:
    if before is None:
        publish(session, DisputeOpened(occurred_at=now, order_id=order.id, dispute_id=dispute.id, status=dispute.status))
    if dispute.status in FINAL:
        close_task(session, "dispute", dispute.stripe_dispute, answer=f"Over: {dispute.status.replace('_', ' ')}.", now=now)
        if before != dispute.status:
            publish(session, DisputeClosed(occurred_at=now, order_id=order.id, dispute_id=dispute.id, status=dispute.status))
    elif before is None:
        amount = format_money(dispute.amount, dispute.currency)
        what = "asks about" if dispute.status.startswith("warning_") else "demands back"
        detail = f"The buyer’s bank {what} {amount} of order {order.number} ({dispute.reason.replace('_', ' ')})."
        ask_staff(session, order, kind="dispute", ref=dispute.stripe_dispute, detail=detail, now=now)


def send_evidence(till: Till, dispute_id: UUID, evidence: Mapping[str, str], *, actor_id: UUID) -> Dispute:
    """Hand in our answer, once and for good. `evidence` is by Stripe's field names; empty texts are left out.

    Raises DisputeOverError if there is nothing to answer any more, or a gateway error: then nothing was sent, and sending
    again is safe.
    """
    told = {name: text for name, text in evidence.items() if text}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    stripe_dispute = _get_open(till, dispute_id)
    try:
        seen = till.payments.send_evidence(stripe_dispute, told, key=f"laurel:{till.env}:dispute:{dispute_id}:evidence:{digest}")
    except PaymentsRefusedError:
        sync_dispute(till, stripe_dispute)
        raise DisputeOverError from None
    with till.transaction() as session:
        apply_dispute(session, seen, now=till.now)
        dispute = queries.get_dispute(session, dispute_id)
        dispute.evidence_sent_at, dispute.evidence_sent_by_id = till.now, actor_id
        publish(session, EvidenceSent(occurred_at=till.now, order_id=dispute.order_id, dispute_id=dispute_id), actor_id=actor_id)
        return dispute


def accept_dispute(till: Till, dispute_id: UUID) -> Dispute:
    """Give in: the buyer keeps the money, and what it bought is revoked. Errors as in `send_evidence`."""
    stripe_dispute = _get_open(till, dispute_id)
    try:
        seen = till.payments.accept_dispute(stripe_dispute, key=f"laurel:{till.env}:dispute:{dispute_id}:close")
    except PaymentsRefusedError:
        sync_dispute(till, stripe_dispute)
        raise DisputeOverError from None
    with till.transaction() as session:
        apply_dispute(session, seen, now=till.now)
        return queries.get_dispute(session, dispute_id)


def _get_open(till: Till, dispute_id: UUID) -> str:
    with till.transaction() as session:
        dispute = queries.get_dispute(session, dispute_id)
        if not dispute.waits_for_us:
            raise DisputeOverError
        return dispute.stripe_dispute


def note_warning(session: Session, seen: SeenWarning, *, now: datetime) -> Order | None:
    """A card network doubts a payment: a person may give the money back before it becomes a dispute, unless it is back already."""
    payment = queries.find_payment(session, seen.intent_id) or queries.find_payment_by_charge(session, seen.charge_id)
    if payment is None:
        return None
    order = queries.lock_order(session, payment.order_id)
    if not seen.is_actionable:
        return order
    what = seen.fraud_type.replace("_", " ")
    detail = f"The card network doubts the payment of order {order.number} ({what}). Giving it back now avoids a dispute and its fee."
    ask_staff(session, order, kind="fraud_warning", ref=seen.id, detail=detail, now=now)
    return order
