"""A shop that lives through everything at once: buyers, banks, a Stripe that tells twice, late or never, and our own repairs.

`Shop` is the state machine's hands. What is true at Stripe is in the fake; what our books must come to follows from it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.commerce import services
from laurel.commerce.gateway import Notice, PaymentsUnavailableError
from laurel.commerce.models import CheckoutAttempt, Entitlement, LedgerEntry, Order, Receipt
from laurel.commerce.queries.invariants import list_broken_invariants
from laurel.commerce.rules import OrderState, SeenCheckout, SeenPayment
from laurel.commerce.rules.reconciling import Difference, ListedCharge, ListedCheckout
from laurel.commerce.services import Till
from laurel.commerce.services.checkout import NothingToPayError
from laurel.commerce.services.reconcile import Audit, reconcile
from laurel.core.errors import ConflictError
from laurel.learning.queries import list_rights_without_enrollment
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course
from tests.fakes import FakePayments

COURSES = 4
RETURN = "http://laurel.test/orders/1"
Transaction = Callable[[], AbstractContextManager[Session]]


@dataclass
class Shop:
    """Three buyers, some dear courses and a free one."""

    transaction: Transaction
    read: Callable[[], AbstractContextManager[Session]]
    payments: FakePayments
    env: str
    now: datetime
    buyers: list[UUID] = field(default_factory=list)
    courses: list[UUID] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)

    def open(self) -> None:
        """Begin with nothing at Stripe; the orders of shops before this one stay in the books."""
        self.payments.forget()
        with self.transaction() as session:
            self.buyers = [make_user(session).id for _ in range(3)]
            self.courses = [make_sellable_course(session).id for _ in range(COURSES)]
            for course_id in self.courses:
                price = 0 if course_id == self.courses[-1] else 19500
                make_offering(session, course=_course(session, course_id), prices={"usd": price, "eur": price})

    @property
    def till(self) -> Till:
        return Till(transaction=self.transaction, payments=self.payments, env=self.env, is_live=False, now=self.now)

    # What buyers do

    def buy(self, buyer: int, course: int, currency: str) -> None:
        """Press the button and go to the payment page, as far as that is possible."""
        try:
            order = services.buy(
                self.till, buyer_id=self.buyers[buyer], course_id=self.courses[course], currency=currency, click_token=None
            )
            services.open_checkout(self.till, order.id, return_url=RETURN)
        except (ConflictError, PaymentsUnavailableError):
            pass

    def cancel(self, order_id: UUID) -> None:
        with suppress(ConflictError, PaymentsUnavailableError):
            services.cancel_order(self.till, order_id)

    def resume(self, order_id: UUID) -> None:
        with suppress(ConflictError, PaymentsUnavailableError, NothingToPayError):
            services.open_checkout(self.till, order_id, return_url=RETURN)

    def pay(self, session_id: str, *, too_much: int = 0) -> None:
        """The buyer's card is charged; `too_much` is what Stripe took beyond what was asked."""
        page = self.payments.checkouts[session_id]
        if page.status == "open":
            self.payments.pay(session_id, amount_total=page.amount_total + too_much)
            self._took(session_id)
            self.tell("checkout.session.completed", session_id)
            self.tell("payment_intent.succeeded", f"pi_{session_id}")

    def promise(self, session_id: str) -> None:
        """The buyer pays by a bank debit, which takes its time."""
        page = self.payments.checkouts[session_id]
        if page.status == "open":
            self.payments.change(session_id, status="complete", url=None, payment=_intent(page, "processing", 0))
            self.tell("checkout.session.completed", session_id)

    # What banks and Stripe do

    def settle(self, session_id: str, *, succeeds: bool) -> None:
        """The bank answers a debit."""
        page = self.payments.checkouts[session_id]
        if page.payment is None or page.payment.status != "processing":
            return
        if succeeds:
            self.payments.change(session_id, payment_status="paid", payment=_intent(page, "succeeded", page.amount_total))
            self._took(session_id)
            self.tell("checkout.session.async_payment_succeeded", session_id)
        else:
            self.payments.change(session_id, payment=_intent(page, "requires_payment_method", 0))
            self.tell("checkout.session.async_payment_failed", session_id)

    def expire(self, session_id: str) -> None:
        if self.payments.checkouts[session_id].status == "open":
            self.payments.change(session_id, status="expired", url=None)
            self.tell("checkout.session.expired", session_id)

    def _took(self, session_id: str) -> None:
        page = self.payments.checkouts[session_id]
        assert page.payment is not None
        self.payments.charged[page.payment.intent_id] = page.payment.amount_received, page.currency
        self.payments.finished.append(ListedCheckout(session_id=session_id, payment_status="paid", env=page.env))
        self.payments.charges.append(
            ListedCharge(
                charge_id=f"ch_{session_id}",
                intent_id=page.payment.intent_id,
                amount=page.payment.amount_received,
                currency=page.currency,
                created_at=self.now,
                env=page.env,
            )
        )

    def tell(self, kind: str, object_id: str) -> None:
        """Stripe writes down that something happened, and would tell us."""
        notice = Notice(
            id=f"evt_{len(self.told)}_{kind}_{object_id}",
            type=kind,
            object_id=object_id,
            is_live=False,
            account=None,
            created_at=self.now,
            api_version=self.payments.api_version,
            payload={"data": {"object": {"metadata": {"env": self.env}}}},
        )
        self.told.append(notice)
        self.payments.notices.append(notice)

    # What we do

    def deliver(self, notice: Notice, *, copies: int) -> None:
        """A webhook comes, once or more; which one, and whether at all, is chance."""
        for _ in range(copies):
            with self.transaction() as session:
                waits = services.keep_notice(session, notice, is_live=False, now=self.now)
            if waits:
                services.process_event(self.till, notice.id)

    def look(self, session_id: str) -> None:
        """The buyer comes back from the payment page."""
        with suppress(PaymentsUnavailableError):
            services.sync_checkout(self.till, session_id)

    def compare(self, *, is_deep: bool) -> list[Difference]:
        audit = Audit(till=self.till, read=self.read, checks=(list_rights_without_enrollment,))
        run = reconcile(audit, is_deep=is_deep)
        assert run is not None
        return [Difference(**difference) for difference in run.differences or []]

    def break_off(self, *, times: int, after_doing: bool) -> None:
        """Stripe does not answer the next calls, with or without having done what they ask."""
        self.payments.failures = [PaymentsUnavailableError("chance")] * times
        self.payments.loses_answers = self.payments.loses_refunds = after_doing

    def heal(self) -> None:
        self.payments.failures, self.payments.loses_answers, self.payments.loses_refunds = [], False, False

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        services.retry_due_events(self.till)
        services.submit_waiting_refunds(self.till)

    # What must be true

    def list_orders(self) -> list[Order]:
        with self.read() as session:
            return list(session.scalars(select(Order).where(Order.buyer_id.in_(self.buyers)).order_by(Order.created_at, Order.id)))

    def broken(self) -> list[Difference]:
        """The invariants of our own books, which hold at every moment, whatever is still on its way."""
        with self.read() as session:
            return list_broken_invariants(session) + list_rights_without_enrollment(session)

    def given_for_nothing(self) -> list[str]:
        """Orders that cost something and are paid although Stripe took no money for them."""
        with self.read() as session:
            rows = session.execute(
                select(Order.number, CheckoutAttempt.session_id)
                .join(CheckoutAttempt, CheckoutAttempt.order_id == Order.id)
                .where(Order.buyer_id.in_(self.buyers), Order.state == OrderState.PAID, Order.total > 0)
            ).all()
        taken = {number for number, session_id in rows if session_id and self._is_paid(session_id)}
        return sorted({number for number, _ in rows} - taken)

    def charged_for_nothing(self) -> list[str]:
        """Checkouts that were paid and whose order neither gave anything nor waits for a person."""
        paid = [session_id for session_id in self.payments.checkouts if self._is_paid(session_id)]
        with self.read() as session:
            statement = select(CheckoutAttempt.session_id).join(Order, Order.id == CheckoutAttempt.order_id)
            settled = set(session.scalars(statement.where(Order.state.in_((OrderState.PAID, OrderState.REVIEW)))))
        return sorted(set(paid) - settled)

    def counts(self) -> dict[str, int]:
        """Paid orders, and what each of them must have exactly once."""
        mine = select(Order.id).where(Order.buyer_id.in_(self.buyers), Order.state == OrderState.PAID)
        with self.read() as session:
            return {
                "orders": session.scalar(select(func.count()).select_from(mine.subquery())) or 0,
                "receipts": session.scalar(select(func.count(Receipt.id)).where(Receipt.order_id.in_(mine), Receipt.refund_id.is_(None)))
                or 0,
                "rights": session.scalar(select(func.count(Entitlement.id)).where(Entitlement.user_id.in_(self.buyers))) or 0,
                "bookings": session.scalar(
                    select(func.count(LedgerEntry.id)).where(LedgerEntry.order_id.in_(mine), LedgerEntry.kind == "payment")
                )
                or 0,
                "free": session.scalar(select(func.count()).select_from(mine.where(Order.total == 0).subquery())) or 0,
            }

    def _is_paid(self, session_id: str) -> bool:
        page = self.payments.checkouts.get(session_id)
        return page is not None and page.is_paid


def _intent(page: SeenCheckout, status: str, received: int) -> SeenPayment:
    return SeenPayment(
        intent_id=f"pi_{page.session_id}",
        status=status,
        amount_received=received,
        currency=page.currency,
        order_ref=page.order_ref,
        charge_id=f"ch_{page.session_id}",
        method="sepa_debit",
    )


def _course(session: Session, course_id: UUID) -> Course:
    return session.get_one(Course, course_id)
