"""Orders that are paid already, for tests of what happens to their money afterwards."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce import queries, services
from laurel.commerce.models import Entitlement, ExamCredit, Order, OrderLine, Refund, SeatPool, Voucher
from laurel.commerce.rules import (
    AccessEffect,
    EntitlementSource,
    OfferingKind,
    RefundOrigin,
    RefundReason,
    VoucherStatus,
)
from laurel.commerce.rules.seats import make_code
from laurel.commerce.services import Till
from laurel.core.ids import new_id
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.fakes import FakePayments


@dataclass(frozen=True)
class Bought:
    """An order that was paid through the fake provider: 195 dollars, one course."""

    till: Till
    payments: FakePayments
    order_id: UUID
    buyer_id: UUID
    course_id: UUID
    line_id: UUID
    session_id: str

    @property
    def intent_id(self) -> str:
        return f"pi_{self.session_id}"

    def order(self, session: Session) -> Order:
        session.rollback()
        return queries.get_order(session, self.order_id)

    def has_course(self, session: Session) -> bool:
        session.rollback()
        return queries.has_entitlement(session, self.buyer_id, self.course_id)

    def ask(
        self, amount: int = 19500, *, effect: AccessEffect = AccessEffect.REVOKE, seats: int = 0, refund_id: UUID | None = None
    ) -> UUID:
        """A member of staff asks for a refund; Stripe is not asked yet."""
        with self.till.transaction() as session:
            return services.request_refund(
                session,
                self.order_id,
                lines=[(self.line_id, amount, seats)],
                reason=RefundReason.REQUESTED_BY_CUSTOMER,
                access_effect=effect,
                origin=RefundOrigin.STAFF,
                env=self.till.env,
                now=self.till.now,
                refund_id=refund_id,
            ).id

    def refund(self, amount: int = 19500, *, effect: AccessEffect = AccessEffect.REVOKE, seats: int = 0) -> Refund:
        return services.submit_refund(self.till, self.ask(amount, effect=effect, seats=seats))


def begin_order(till: Till, payments: FakePayments) -> tuple[UUID, str]:
    """An order that waits for its payment, and the name of its payment page."""
    with till.transaction() as session:
        buyer, offering = make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    return order.id, list(payments.checkouts)[-1]


def buy_course(till: Till, payments: FakePayments, *, buyer: User | None = None, pays: int = 19500) -> Bought:
    """A buyer with a paid course; held for a person if they pay another amount."""
    with till.transaction() as session:
        buyer, offering = buyer or make_user(session), make_offering(session)
    order = services.buy(till, buyer_id=buyer.id, course_id=offering.course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    session_id = list(payments.checkouts)[-1]
    payments.pay(session_id, amount_total=pays)
    services.sync_checkout(till, session_id)
    with till.transaction() as session:
        line = queries.list_lines(session, order.id)[0]
    return Bought(till, payments, order.id, buyer.id, offering.course_id, line.id, session_id)


def turn_into_seats(bought: Bought, *, seats: int, redeemed_by: list[UUID]) -> None:
    """Make the order one of `seats` seats, of which the first ones are redeemed."""
    with bought.till.transaction() as session:
        line = session.get_one(OrderLine, bought.line_id)
        line.kind, line.quantity, line.unit_amount = OfferingKind.SEATS, seats, line.amount // seats
        for right in queries.list_entitlements_from(session, [line.id]):
            session.delete(right)
        pool = SeatPool(
            order_line_id=line.id, buyer_id=bought.buyer_id, offering_id=line.offering_id, seats=seats, created_at=bought.till.now
        )
        session.add(pool)
        session.flush()
        for number in range(seats):
            voucher = Voucher(pool_id=pool.id, seat_no=number + 1, code=make_code(new_id().int >> 48), created_at=bought.till.now)
            session.add(voucher)
            session.flush()
            if number < len(redeemed_by):
                voucher.status, voucher.redeemed_by_id, voucher.redeemed_at = VoucherStatus.REDEEMED, redeemed_by[number], bought.till.now
                session.add(
                    Entitlement(
                        user_id=redeemed_by[number],
                        offering_id=line.offering_id,
                        source_kind=EntitlementSource.VOUCHER,
                        source_id=voucher.id,
                        created_at=bought.till.now,
                    )
                )


def turn_into_retake(bought: Bought) -> UUID:
    """Make the order one of an exam retake that nobody has used; returns the credit's id."""
    with bought.till.transaction() as session:
        line = session.get_one(OrderLine, bought.line_id)
        line.kind = OfferingKind.EXAM_RETAKE
        for right in queries.list_entitlements_from(session, [line.id]):
            session.delete(right)
        credit = ExamCredit(order_line_id=line.id, user_id=bought.buyer_id, course_id=bought.course_id, created_at=bought.till.now)
        session.add(credit)
        session.flush()
        return credit.id
