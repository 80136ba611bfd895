"""What an order gave is taken back with its money, and returns if the money does not leave. (specs/payments.md §9)

Everything that is taken carries the mark of what took it, `refund:<id>` or `dispute:<payment id>`: giving back returns
exactly that, whatever else happened to the order. Call these with the order locked.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import AccessEnded, AccessReturned, RenewalReturned, RenewalTaken
from laurel.commerce.models import Entitlement, ExamCredit, Order, OrderLine, RenewalFee, Voucher
from laurel.commerce.rules import ENTITLEMENT_FROM, EntitlementStatus, OfferingKind, VoucherStatus, may_become
from laurel.core.bus import publish


def mark_of_refund(refund_id: UUID) -> str:
    return f"refund:{refund_id}"


def mark_of_dispute(payment_id: UUID) -> str:
    """All disputes of one payment take together: what one took stays taken while another one is open."""
    return f"dispute:{payment_id}"


def take_rights(
    session: Session, order: Order, lines: Collection[OrderLine], *, status: EntitlementStatus, mark: str, now: datetime
) -> None:
    """Suspend or revoke the rights that these lines gave, to the buyer or to who redeemed their seats, and the renewals they bought."""
    for right in queries.lock_rights_from(session, [line.id for line in lines]):
        if not may_become(ENTITLEMENT_FROM, right.status, status):
            continue
        right.status, right.reason = status, mark
        _tell(session, order, right, now=now)
    for fee in queries.lock_fees(session, [line.id for line in lines]):
        if may_become(ENTITLEMENT_FROM, fee.status, status):
            fee.status, fee.taken_by = status, mark
            _tell_of_fee(session, order, fee, cause=mark, now=now)
    session.flush()


def take_unused(session: Session, line: OrderLine, *, seats: int | None, mark: str, now: datetime) -> None:
    """Take back what nobody has used of a line: seats, the last ones first (all if `seats` is None), or its exam credit.

    This happens as soon as a refund is asked for: what is being paid back must not be used meanwhile.
    """
    if line.kind is OfferingKind.SEATS:
        unused = queries.lock_unused_seats(session, line.id)
        _revoke_seats(session, unused if seats is None else unused[:seats], mark=mark)
    elif line.kind is OfferingKind.EXAM_RETAKE:
        session.execute(
            update(ExamCredit)
            .where(ExamCredit.order_line_id == line.id, ExamCredit.consumed_at.is_(None), ExamCredit.revoked_at.is_(None))
            .values(revoked_at=now, taken_by=mark)
        )


def _revoke_seats(session: Session, seats: Sequence[Voucher], *, mark: str) -> None:
    for seat in seats:
        seat.status, seat.taken_by = VoucherStatus.REVOKED, mark
    session.flush()


def give_back(session: Session, order: Order, *, mark: str, now: datetime) -> None:
    """Return everything that `mark` took."""
    line_ids = [line.id for line in queries.list_lines(session, order.id)]
    for right in queries.lock_rights_from(session, line_ids):
        if right.reason == mark and may_become(ENTITLEMENT_FROM, right.status, EntitlementStatus.ACTIVE):
            right.status, right.reason = EntitlementStatus.ACTIVE, None
            _tell(session, order, right, cause=mark, now=now)
    for fee in queries.lock_fees(session, line_ids):
        if fee.taken_by == mark and may_become(ENTITLEMENT_FROM, fee.status, EntitlementStatus.ACTIVE):
            fee.status, fee.taken_by = EntitlementStatus.ACTIVE, None
            _tell_of_fee(session, order, fee, cause=mark, now=now)
    for seat in queries.list_seats_of(session, line_ids):
        if seat.taken_by == mark:
            seat.status, seat.taken_by = VoucherStatus.ISSUED, None
    session.execute(
        update(ExamCredit).where(ExamCredit.order_line_id.in_(line_ids), ExamCredit.taken_by == mark).values(revoked_at=None, taken_by=None)
    )
    session.flush()


def _tell(session: Session, order: Order, right: Entitlement, *, cause: str | None = None, now: datetime) -> None:
    course_id = queries.get_offering(session, right.offering_id).course_id
    if right.status is EntitlementStatus.ACTIVE:
        publish(
            session,
            AccessReturned(occurred_at=now, order_id=order.id, user_id=right.user_id, course_id=course_id, cause=cause or ""),
        )
        return
    is_paused = right.status is EntitlementStatus.SUSPENDED
    publish(
        session,
        AccessEnded(
            occurred_at=now,
            order_id=order.id,
            user_id=right.user_id,
            course_id=course_id,
            cause=right.reason or "",
            is_paused=is_paused,
        ),
    )


def _tell_of_fee(session: Session, order: Order, fee: RenewalFee, *, cause: str, now: datetime) -> None:
    course_id = queries.get_fee(session, fee.order_line_id)[1].course_id
    facts: dict[str, Any] = {"order_line_id": fee.order_line_id, "user_id": fee.user_id, "course_id": course_id, "cause": cause}
    if fee.status is EntitlementStatus.ACTIVE:
        publish(session, RenewalReturned(occurred_at=now, order_id=order.id, **facts))
    else:
        is_paused = fee.status is EntitlementStatus.SUSPENDED
        publish(session, RenewalTaken(occurred_at=now, order_id=order.id, is_paused=is_paused, **facts))
