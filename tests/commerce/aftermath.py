"""What becomes of a shop's money after it came: it goes back, banks take it, staff decide. More hands of the state machine."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import select

from laurel.commerce import queries, services
from laurel.commerce.models import Dispute, Entitlement, Order, OrderLine, Payment, Refund, ReviewTask
from laurel.commerce.rules import (
    FINAL,
    AccessEffect,
    CourseUse,
    DisputeEffect,
    DisputeFee,
    EntitlementStatus,
    OrderState,
    RefundOrigin,
    RefundReason,
    RefundState,
    SeenDispute,
    SeenRefund,
    SeenWarning,
    strongest,
)
from laurel.commerce.services.tasks import RefundTerms
from laurel.core.errors import DomainError
from laurel.core.ids import new_id
from tests.commerce.machine import Shop
from tests.factories.accounts import make_user

TERMS = RefundTerms(days=14, max_progress_percent=50, use=CourseUse(progress_percent=0, has_started_exam=False, has_completed=False))
NEXT = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response"),
    "warning_under_review": ("warning_closed", "needs_response"),
    "needs_response": ("under_review", "won", "lost"),
    "under_review": ("won", "lost"),
}
"""Where a bank may lead a dispute next."""


@dataclass
class Aftermath:
    """Refunds and disputes of one shop. What Stripe did is announced by `announce`, after every step."""

    shop: Shop
    staff: UUID | None = None
    announced: dict[str, SeenRefund | SeenDispute] = field(default_factory=dict)

    def open(self) -> None:
        with self.shop.transaction() as session:
            self.staff = make_user(session).id

    # What staff and buyers do

    def refund(self, order_id: UUID, *, percent: int, revokes: bool) -> None:
        """Staff give back a part of what is left, or all of it."""
        with suppress(DomainError):
            with self.shop.transaction() as session:
                stands = queries.list_line_stands(session, queries.get_order(session, order_id))
                refund = services.request_refund(
                    session,
                    order_id,
                    lines=[(stand.line.id, stand.money.left * percent // 100, 0) for stand in stands],
                    reason=RefundReason.REQUESTED_BY_CUSTOMER,
                    access_effect=AccessEffect.REVOKE if revokes else AccessEffect.KEEP,
                    origin=RefundOrigin.STAFF,
                    env=self.shop.env,
                    now=self.shop.now,
                    actor_id=self.staff,
                )
            services.submit_refund(self.shop.till, refund.id)

    def give_back(self, order_id: UUID) -> None:
        """The buyer changes their mind."""
        with suppress(DomainError):
            with self.shop.transaction() as session:
                refund = services.refund_by_learner(session, order_id, TERMS, env=self.shop.env, now=self.shop.now, refund_id=new_id())
            services.submit_refund(self.shop.till, refund.id)

    def decide(self, order_id: UUID, *, accepts: bool) -> None:
        """Staff decide about an order that is held."""
        assert self.staff is not None
        refunds: list[Refund] = []
        with suppress(DomainError):
            with self.shop.transaction() as session:
                if accepts:
                    services.accept_held_order(session, order_id, answer="Fine.", actor_id=self.staff, now=self.shop.now)
                else:
                    refunds = services.refund_held_order(
                        session, order_id, answer="No.", actor_id=self.staff, env=self.shop.env, now=self.shop.now
                    )
            for refund in refunds:
                services.submit_refund(self.shop.till, refund.id)

    def answer_bank(self, nth: int, *, gives_in: bool) -> None:
        assert self.staff is not None
        with self.shop.read() as session:
            open_ones = list(session.scalars(select(Dispute.id).where(Dispute.status.not_in(FINAL)).order_by(Dispute.id.desc()).limit(5)))
        if not open_ones:
            return
        dispute_id = open_ones[nth % len(open_ones)]
        with suppress(DomainError):
            if gives_in:
                services.accept_dispute(self.shop.till, dispute_id)
            else:
                services.send_evidence(self.shop.till, dispute_id, {"access_activity_log": "They read it."}, actor_id=self.staff)

    # What Stripe and banks do

    def list_paid(self) -> list[str]:
        """The intents that brought money."""
        return list(self.shop.payments.charged)

    def refund_in_dashboard(self, intent_id: str, *, percent: int) -> None:
        payments = self.shop.payments
        amount = payments.left_of(intent_id) * percent // 100
        if amount and not payments.is_held(intent_id):
            payments.add_refund(intent_id, amount, currency=payments.charged[intent_id][1])

    def move_refund(self, nth: int, *, succeeds: bool) -> None:
        """A bank takes a refund or sends it back, also one that it had taken."""
        movable = [refund for refund in self.shop.payments.refunds.values() if refund.status in {"pending", "succeeded"}]
        if movable:
            told = movable[nth % len(movable)]
            failure = {} if succeeds else {"failure": "expired_or_canceled_card"}
            self.shop.payments.change_refund(told.id, status="succeeded" if succeeds else "failed", **failure)

    def dispute(self, intent_id: str, *, only_asks: bool) -> None:
        """A bank demands back what is left of a payment, or only asks about it."""
        payments = self.shop.payments
        disputes = [told for told in payments.disputes.values() if told.intent_id == intent_id]
        amount, currency = payments.left_of(intent_id), payments.charged[intent_id][1]
        if amount == 0 or payments.is_held(intent_id) or any(not told.is_final for told in disputes):
            return
        status = "warning_needs_response" if only_asks else "needs_response"
        made = payments.add_dispute(intent_id, amount, currency=currency, status=status, is_withdrawn=not only_asks)
        if not only_asks:
            payments.change_dispute(made.id, fees=(DisputeFee(ref=f"txn_{made.id}", amount=1500, currency="chf"),))

    def warn(self, intent_id: str) -> None:
        """A card network doubts a payment."""
        warning = SeenWarning(
            id=f"issfr_{intent_id}",
            charge_id=intent_id.replace("pi_", "ch_", 1),
            intent_id=intent_id,
            fraud_type="misc",
            is_actionable=True,
        )
        self.shop.payments.warnings[warning.id] = warning
        self.shop.tell("radar.early_fraud_warning.created", warning.id)

    def move_dispute(self, nth: int, way: int) -> None:
        payments = self.shop.payments
        open_ones = [told for told in payments.disputes.values() if not told.is_final]
        if not open_ones:
            return
        told = open_ones[nth % len(open_ones)]
        status = NEXT[told.status][way % len(NEXT[told.status])]
        if status == "needs_response":
            left = payments.left_of(told.intent_id)
            changes = {"amount": left, "is_withdrawn": True} if left else {"status": "warning_closed"}
        else:
            changes = {"is_reinstated": True} if status == "won" else {}
        payments.change_dispute(told.id, **{"status": status, **changes})

    def announce(self) -> None:
        """Stripe tells of every refund and dispute that is new, or not as it was. Whether that arrives is chance."""
        for told in (*self.shop.payments.refunds.values(), *self.shop.payments.disputes.values()):
            before = self.announced.get(told.id)
            if before == told:
                continue
            self.announced[told.id] = replace(told)
            if isinstance(told, SeenRefund):
                self.shop.tell(f"refund.{'created' if before is None else 'failed' if told.status == 'failed' else 'updated'}", told.id)
                self.shop.tell("charge.refunded", told.intent_id.replace("pi_", "ch_", 1))
            else:
                self.shop.tell(f"charge.dispute.{'created' if before is None else 'closed' if told.is_final else 'updated'}", told.id)

    # What must be true

    def wrong_rights(self) -> list[str]:
        """Orders whose course is open although their money is not ours, or closed although it is: by what we know at this moment."""
        with self.shop.read() as session:
            rows = session.execute(
                select(Order.number, Entitlement.status, Payment.id)
                .join(OrderLine, OrderLine.order_id == Order.id)
                .join(Entitlement, Entitlement.source_id == OrderLine.id)
                .join(Payment, Payment.order_id == Order.id)
                .where(Order.buyer_id.in_(self.shop.buyers), Payment.kind != "duplicate")
            ).all()
            statuses = session.execute(select(Dispute.payment_id, Dispute.status)).all()
            gone = set(
                session.scalars(
                    select(Refund.payment_id).where(Refund.state == RefundState.SUCCEEDED, Refund.access_effect == AccessEffect.REVOKE)
                )
            )
        wrong = []
        for number, status, payment_id in rows:
            effect = strongest([said for disputed, said in statuses if disputed == payment_id])
            must_close = payment_id in gone or effect in {DisputeEffect.SUSPEND, DisputeEffect.REVOKE}
            if must_close == (status is EntitlementStatus.ACTIVE):
                wrong.append(f"{number}: {status}, banks say {effect}, {'refunded' if payment_id in gone else 'not refunded'}")
        return wrong

    def wrong_returns(self) -> list[str]:
        """Payments of which the books say something else than Stripe about what went back, or what banks took."""
        payments = self.shop.payments
        with self.shop.read() as session:
            rows = session.execute(
                select(Payment.payment_intent, Order)
                .join(Order, Order.id == Payment.order_id)
                .where(Order.buyer_id.in_(self.shop.buyers), Order.state == OrderState.PAID, Payment.kind != "duplicate")
            ).all()
        wrong = []
        for intent_id, order in rows:
            back = sum(told.amount for told in payments.refunds.values() if told.intent_id == intent_id and told.status == "succeeded")
            told = [told for told in payments.disputes.values() if told.intent_id == intent_id]
            taken = sum(dispute.amount for dispute in told if dispute.is_withdrawn and not dispute.is_reinstated)
            if (order.amount_refunded, order.amount_disputed) != (back, taken):
                wrong.append(f"{order.number}: {order.amount_refunded} back, {order.amount_disputed} taken; Stripe: {back}, {taken}")
        return wrong

    def charged_for_nothing(self) -> list[str]:
        """Checkouts that were paid for nothing, whose money is neither on its way back nor a question before a person."""
        left = [session_id for session_id in self.shop.charged_for_nothing() if self.shop.payments.left_of(f"pi_{session_id}")]
        with self.shop.read() as session:
            asked = select(Payment.payment_intent).join(ReviewTask, ReviewTask.order_id == Payment.order_id)
            waiting = set(session.scalars(asked.where(ReviewTask.resolved_at.is_(None))))
        return [session_id for session_id in left if f"pi_{session_id}" not in waiting]
