"""Runs of the comparison with Stripe, and what they have to look at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.commerce.models import CheckoutAttempt, Dispute, Order, Payment, ReconcileRun, Refund, StripeEvent
from laurel.commerce.rules import LIVE_ATTEMPTS, AttemptState, InboxStatus, OrderState
from laurel.commerce.rules.reconciling import ASK_AFTER, FORGOTTEN, SEND_AGAIN_AFTER, KnownMoney

WAITING = (OrderState.CREATED, OrderState.AWAITING_PAYMENT, OrderState.PROCESSING)
SETTLED = frozenset({OrderState.PAID, OrderState.REVIEW})


def find_last_run(session: Session, *, is_deep: bool | None = None) -> ReconcileRun | None:
    """The run that finished last, whatever came of it; of one kind, if asked."""
    statement = select(ReconcileRun).where(ReconcileRun.finished_at.is_not(None)).order_by(ReconcileRun.started_at.desc())
    if is_deep is not None:
        statement = statement.where(ReconcileRun.is_deep == is_deep)
    return session.scalar(statement.limit(1))


def find_running(session: Session) -> ReconcileRun | None:
    return session.scalar(select(ReconcileRun).where(ReconcileRun.is_running).execution_options(populate_existing=True))


def list_runs(session: Session, *, limit: int) -> list[ReconcileRun]:
    """The latest runs, the latest first."""
    return list(session.scalars(select(ReconcileRun).order_by(ReconcileRun.started_at.desc(), ReconcileRun.id).limit(limit)))


def get_run(session: Session, run_id: UUID) -> ReconcileRun:
    return session.get_one(ReconcileRun, run_id, populate_existing=True)


def find_events_until(session: Session) -> datetime | None:
    """Up to when Stripe's events have been read."""
    return session.scalar(select(func.max(ReconcileRun.events_until)))


@dataclass(frozen=True, slots=True)
class WaitingAttempt:
    """A payment page whose end we do not know. `session_id` is empty where no answer told us its name."""

    id: UUID
    session_id: str | None
    created_at: datetime
    asked_at: datetime | None


def list_waiting_attempts(session: Session, *, now: datetime, limit: int) -> list[WaitingAttempt]:
    """Pages that may have been paid or closed without our knowing, the longest unasked first."""
    is_unknown = CheckoutAttempt.state.in_((AttemptState.CREATING, AttemptState.UNKNOWN)) & (
        CheckoutAttempt.created_at < now - SEND_AGAIN_AFTER
    )
    is_open = CheckoutAttempt.state == AttemptState.OPEN
    awaits_bank = and_(CheckoutAttempt.state == AttemptState.COMPLETE, Order.state == OrderState.PROCESSING)
    statement = (
        select(CheckoutAttempt.id, CheckoutAttempt.session_id, CheckoutAttempt.created_at, CheckoutAttempt.synced_at)
        .join(Order, Order.id == CheckoutAttempt.order_id)
        .where(or_(is_unknown, and_(or_(is_open, awaits_bank), CheckoutAttempt.created_at <= now - ASK_AFTER)))
        .order_by(CheckoutAttempt.synced_at.is_not(None), CheckoutAttempt.synced_at, CheckoutAttempt.created_at)
        .limit(limit)
    )
    return [WaitingAttempt(*row) for row in session.execute(statement)]


def list_forgotten_orders(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """Orders that wait for a payment although no page is open, or may be, on which they could be paid."""
    live = select(CheckoutAttempt.id).where(CheckoutAttempt.order_id == Order.id, CheckoutAttempt.state.in_(LIVE_ATTEMPTS)).exists()
    begun = select(func.max(CheckoutAttempt.created_at)).where(CheckoutAttempt.order_id == Order.id).correlate(Order).scalar_subquery()
    statement = select(Order.id).where(Order.state == OrderState.CREATED, Order.created_at < now - FORGOTTEN, ~live)
    statement = statement.where(or_(begun.is_(None), begun < now - FORGOTTEN))
    return list(session.scalars(statement.order_by(Order.created_at).limit(limit)))


def list_known_events(session: Session, event_ids: Collection[str]) -> set[str]:
    """Which of these events need nothing more: kept, and dealt with or waiting for their own next try."""
    return set(session.scalars(select(StripeEvent.id).where(StripeEvent.id.in_(event_ids), StripeEvent.status != InboxStatus.RECEIVED)))


def is_checkout_settled(session: Session, session_id: str, *, payment_status: str) -> bool:
    """Whether a finished checkout is where it belongs.

    Its money is in our books, and has bought something, waits for a person, or goes back. What cost nothing has bought something,
    or belongs to an order that was canceled. Where no money came yet, it is enough to have heard of it: its bank is at work, or
    has refused, and the buyer may have gone on elsewhere.
    """
    goes_back = select(Refund.id).where(Refund.payment_id == Payment.id).exists()
    statement = select(Order.state, CheckoutAttempt.state, Payment.id, goes_back)
    statement = statement.join(CheckoutAttempt, CheckoutAttempt.order_id == Order.id)
    statement = statement.join(Payment, Payment.attempt_id == CheckoutAttempt.id, isouter=True)
    found = session.execute(statement.where(CheckoutAttempt.session_id == session_id)).all()
    match payment_status:
        case "paid":
            return any(payment_id and (state in SETTLED or is_leaving) for state, _attempt, payment_id, is_leaving in found)
        case "no_payment_required":
            free = (OrderState.CANCELED, AttemptState.COMPLETE)
            return any(state in SETTLED or (state, attempt) == free for state, attempt, *_ in found)
        case _:
            return any(attempt is AttemptState.COMPLETE for _state, attempt, *_ in found)


def map_payments(session: Session, intent_ids: Collection[str]) -> dict[str, KnownMoney]:
    """The payments of these intents, by intent."""
    rows = session.execute(select(Payment.payment_intent, Payment.amount, Payment.currency).where(Payment.payment_intent.in_(intent_ids)))
    return {intent: KnownMoney(id=intent, amount=amount, currency=currency) for intent, amount, currency in rows}


def map_refunds(session: Session, refund_ids: Collection[str]) -> dict[str, KnownMoney]:
    """The refunds of these names at Stripe."""
    statement = select(Refund.stripe_refund, Refund.amount, Refund.currency, Refund.state).where(Refund.stripe_refund.in_(refund_ids))
    return {
        name or "": KnownMoney(id=name or "", amount=amount, currency=c, status=state)
        for name, amount, c, state in session.execute(statement)
    }


def map_disputes(session: Session, dispute_ids: Collection[str]) -> dict[str, KnownMoney]:
    """The disputes of these names at Stripe."""
    statement = select(Dispute.stripe_dispute, Dispute.amount, Dispute.currency, Dispute.status).where(
        Dispute.stripe_dispute.in_(dispute_ids)
    )
    return {name: KnownMoney(id=name, amount=amount, currency=c, status=status) for name, amount, c, status in session.execute(statement)}
