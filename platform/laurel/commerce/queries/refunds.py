"""Money that went back or is on its way, and what may still go back of an order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.commerce.models import (
    Dispute,
    Entitlement,
    ExamCredit,
    LedgerEntry,
    Offering,
    Order,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
    RenewalFee,
    ReviewTask,
    SeatPool,
    Voucher,
)
from laurel.commerce.queries.disputes import list_statuses_of
from laurel.commerce.queries.orders import list_lines
from laurel.commerce.queries.payments import list_payments
from laurel.commerce.rules import (
    COUNTED,
    LOST,
    DisputeEffect,
    EntitlementSource,
    EntitlementStatus,
    LineMoney,
    PaymentKind,
    RefundState,
    VoucherStatus,
    shares,
    strongest,
)
from laurel.core.errors import NotFoundError


def find_refund(session: Session, refund_ref: str | UUID) -> Refund | None:
    """The refund that a text from outside names by its id; None if it names none."""
    try:
        refund_id = UUID(str(refund_ref))
    except ValueError:
        return None
    return session.get(Refund, refund_id, populate_existing=True)


def get_refund(session: Session, refund_id: UUID) -> Refund:
    found = find_refund(session, refund_id)
    if found is None:
        raise NotFoundError("There is no such refund.")
    return found


def find_refund_at_stripe(session: Session, stripe_refund: str) -> Refund | None:
    return session.scalar(select(Refund).where(Refund.stripe_refund == stripe_refund))


def list_refunds(session: Session, order_id: UUID) -> list[Refund]:
    """All refunds of an order, those of its duplicate payments too, the first first."""
    statement = select(Refund).where(Refund.order_id == order_id).order_by(Refund.created_at, Refund.id)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def has_refunds(session: Session, payment_id: UUID) -> bool:
    """Whether money of this payment was ever to go back, whatever came of it."""
    return session.scalar(select(Refund.id).where(Refund.payment_id == payment_id).limit(1)) is not None


def list_refund_lines(session: Session, refund_ids: Collection[UUID]) -> list[RefundLine]:
    return list(session.scalars(select(RefundLine).where(RefundLine.refund_id.in_(refund_ids)).order_by(RefundLine.id)))


def list_waiting_refunds(session: Session, *, order_id: UUID | None = None, before: datetime | None = None, limit: int = 50) -> list[UUID]:
    """Refunds of which Stripe has not been asked, or did not answer; the oldest first."""
    statement = select(Refund.id).where(Refund.state.in_((RefundState.REQUESTED, RefundState.SUBMITTING)))
    if order_id is not None:
        statement = statement.where(Refund.order_id == order_id)
    if before is not None:
        statement = statement.where(Refund.created_at <= before)
    return list(session.scalars(statement.order_by(Refund.created_at, Refund.id).limit(limit)))


def count_refundable(session: Session, payment: Payment) -> int:
    """What of a payment is not back, nor on its way back, in minor units."""
    counted = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.payment_id == payment.id, Refund.state.in_(COUNTED))
    return payment.amount - (session.scalar(counted) or 0)


def count_held(session: Session, payment: Payment) -> int:
    """What of a payment is still with us, in minor units: neither back, nor on its way back, nor lost to the buyer's bank."""
    lost = select(func.coalesce(func.sum(Dispute.amount), 0)).where(Dispute.payment_id == payment.id, Dispute.status == LOST)
    return max(0, count_refundable(session, payment) - (session.scalar(lost) or 0))


def find_main_payment(session: Session, order_id: UUID) -> Payment | None:
    """The money that the order was paid with, or may be; as opposed to money that came a second time."""
    own = [payment for payment in list_payments(session, order_id) if payment.kind is not PaymentKind.DUPLICATE]
    return next((payment for payment in own if is_booked(session, payment)), own[-1] if own else None)


def is_booked(session: Session, payment: Payment) -> bool:
    """Whether the payment counts in its order's sums and in the ledger: money that was never meant to stay does not."""
    return find_ledger_entry(session, "payment", payment.payment_intent) is not None


def find_ledger_entry(session: Session, kind: str, ref: str) -> LedgerEntry | None:
    return session.scalar(select(LedgerEntry).filter_by(kind=kind, ref=ref))


def list_ledger(session: Session, order_id: UUID) -> list[LedgerEntry]:
    """The order's movements of money, in order."""
    return list(
        session.scalars(select(LedgerEntry).where(LedgerEntry.order_id == order_id).order_by(LedgerEntry.created_at, LedgerEntry.id))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStand:
    """One line of a paid order: its money, and what of it is in use."""

    line: OrderLine
    money: LineMoney
    rights: tuple[Entitlement, ...]
    unused_seats: int
    used_seats: int
    credit: ExamCredit | None
    renewal: RenewalFee | None = None


def list_line_stands(session: Session, order: Order) -> list[LineStand]:
    """Where each line of the order stands. The number of queries does not grow with the lines."""
    lines = list_lines(session, order.id)
    ids = [line.id for line in lines]
    paid = dict(zip(ids, shares(order.amount_paid, [line.amount for line in lines]), strict=True))
    counted = _count_by_line(session, ids)
    pools = {pool.id: pool.order_line_id for pool in session.scalars(select(SeatPool).where(SeatPool.order_line_id.in_(ids)))}
    seats = list_seats_of(session, ids)
    sources = {line_id: line_id for line_id in ids} | {seat.id: pools[seat.pool_id] for seat in seats}
    rights = list(session.scalars(select(Entitlement).where(_came_from(ids, [seat.id for seat in seats])).order_by(Entitlement.created_at)))
    retakes = {credit.order_line_id: credit for credit in session.scalars(select(ExamCredit).where(ExamCredit.order_line_id.in_(ids)))}
    renewals = {fee.order_line_id: fee for fee in session.scalars(select(RenewalFee).where(RenewalFee.order_line_id.in_(ids)))}
    return [
        LineStand(
            line=line,
            money=LineMoney(paid=paid[line.id], counted=counted.get(line.id, 0)),
            rights=tuple(right for right in rights if sources[right.source_id] == line.id),
            unused_seats=sum(pools[seat.pool_id] == line.id and seat.status is VoucherStatus.ISSUED for seat in seats),
            used_seats=sum(pools[seat.pool_id] == line.id and seat.status is VoucherStatus.REDEEMED for seat in seats),
            credit=retakes.get(line.id),
            renewal=renewals.get(line.id),
        )
        for line in lines
    ]


def _count_by_line(session: Session, line_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(RefundLine.order_line_id, func.sum(RefundLine.amount))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(RefundLine.order_line_id.in_(line_ids), Refund.state.in_(COUNTED))
        .group_by(RefundLine.order_line_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def list_succeeded_lines(session: Session, order_id: UUID) -> dict[UUID, tuple[int, int]]:
    """Of each line, the amount and the quantity that went back for good."""
    rows = session.execute(
        select(RefundLine.order_line_id, func.sum(RefundLine.amount), func.sum(RefundLine.quantity))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.order_id == order_id, Refund.state == RefundState.SUCCEEDED)
        .group_by(RefundLine.order_line_id)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def list_seats_of(session: Session, line_ids: Collection[UUID]) -> list[Voucher]:
    """The seats that these lines bought, in order."""
    statement = select(Voucher).join(SeatPool, SeatPool.id == Voucher.pool_id).where(SeatPool.order_line_id.in_(line_ids))
    return list(session.scalars(statement.order_by(Voucher.pool_id, Voucher.seat_no)))


def lock_unused_seats(session: Session, line_id: UUID) -> list[Voucher]:
    """The seats of a line that nobody has redeemed, the last ones first, locked until the transaction ends."""
    statement = (
        select(Voucher)
        .join(SeatPool, SeatPool.id == Voucher.pool_id)
        .where(SeatPool.order_line_id == line_id, Voucher.status == VoucherStatus.ISSUED)
        .order_by(Voucher.seat_no.desc())
        .with_for_update(of=Voucher)
        .execution_options(populate_existing=True)
    )
    return [seat for seat in session.scalars(statement) if seat.status is VoucherStatus.ISSUED]


def lock_rights_from(session: Session, line_ids: Collection[UUID]) -> list[Entitlement]:
    """The rights that these lines gave, directly or by their seats, locked until the transaction ends."""
    seats = select(Voucher.id).join(SeatPool, SeatPool.id == Voucher.pool_id).where(SeatPool.order_line_id.in_(line_ids))
    statement = (
        select(Entitlement)
        .where(_came_from(line_ids, seats))
        .order_by(Entitlement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def list_revoked_rights(session: Session, order_id: UUID) -> list[tuple[UUID, UUID]]:
    """(person, course) of the rights that the order gave and that were taken back: its buyer's, and those of redeemed seats."""
    lines = select(OrderLine.id).where(OrderLine.order_id == order_id)
    seats = select(Voucher.id).join(SeatPool, SeatPool.id == Voucher.pool_id).where(SeatPool.order_line_id.in_(lines))
    statement = select(Entitlement.user_id, Offering.course_id).join(Offering, Offering.id == Entitlement.offering_id)
    statement = statement.where(_came_from(lines, seats), Entitlement.status == EntitlementStatus.REVOKED)
    return [(user_id, course_id) for user_id, course_id in session.execute(statement.order_by(Entitlement.id))]


def _came_from(line_ids: Collection[UUID] | Select[UUID], seats: Collection[UUID] | Select[UUID]) -> ColumnElement[bool]:
    """Rights that these lines gave, or these seats of theirs. Naming the kind of source is what makes the index serve."""
    bought = and_(Entitlement.source_kind.in_((EntitlementSource.ORDER_LINE, EntitlementSource.FREE)), Entitlement.source_id.in_(line_ids))
    return or_(bought, and_(Entitlement.source_kind == EntitlementSource.VOUCHER, Entitlement.source_id.in_(seats)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What became of an order's money after it was paid, as its buyer sees it."""

    refunds: tuple[Refund, ...]
    is_given_back: bool
    """All of it is back."""
    is_paused: bool
    """A bank is deciding, and access waits for it."""
    is_lost: bool
    """A bank took the money back for good."""
    request: ReviewTask | None
    """What the buyer asked for last, with the answer once there is one."""
    may_ask: bool


def describe_aftermath(session: Session, order: Order) -> Aftermath:
    """What to tell the buyer about refunds and disputes of the order."""
    refunds = list_refunds(session, order.id)
    payment = find_main_payment(session, order.id)
    effect = strongest(list_statuses_of(session, payment.id)) if payment is not None else DisputeEffect.KEEP
    asked = select(ReviewTask).where(ReviewTask.order_id == order.id, ReviewTask.kind == "refund_request")
    request = session.scalar(asked.order_by(ReviewTask.created_at.desc()).limit(1))
    left = count_refundable(session, payment) if payment is not None and is_booked(session, payment) else 0
    return Aftermath(
        # What Stripe refused never reached the buyer: a person looks at it.
        refunds=tuple(refund for refund in refunds if refund.state is not RefundState.FAILED or refund.stripe_refund is not None),
        is_given_back=0 < order.amount_paid <= order.amount_refunded,
        is_paused=effect is DisputeEffect.SUSPEND,
        is_lost=effect is DisputeEffect.REVOKE,
        request=request,
        may_ask=left > 0 and effect is DisputeEffect.KEEP and (request is None or request.resolved_at is not None),
    )
