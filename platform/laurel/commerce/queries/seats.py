"""Seats that a team bought: pools, their vouchers, and who redeemed which."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.models import Offering, Order, OrderLine, SeatPool, Voucher
from laurel.commerce.rules import VoucherStatus
from laurel.core.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """The seats of one purchase, as their buyer knows them."""

    id: UUID
    title: str
    course_id: UUID
    order_id: UUID
    order_number: str
    created_at: datetime
    seats: int
    counts: dict[VoucherStatus, int]

    @property
    def free(self) -> int:
        """Seats that nobody has taken yet."""
        return self.counts.get(VoucherStatus.ISSUED, 0)

    @property
    def taken(self) -> int:
        return self.counts.get(VoucherStatus.REDEEMED, 0)


def select_pools_of(buyer_id: UUID) -> Select[SeatPool, OrderLine, Offering, Order]:
    """(pool, line, offering, order) of what the buyer bought for others, the latest first."""
    return (
        select(SeatPool, OrderLine, Offering, Order)
        .join(OrderLine, OrderLine.id == SeatPool.order_line_id)
        .join(Offering, Offering.id == SeatPool.offering_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(SeatPool.buyer_id == buyer_id)
        .order_by(SeatPool.created_at.desc(), SeatPool.id)
    )


def view_pools(session: Session, rows: Collection[Any]) -> list[PoolView]:
    """Rows of `select_pools_of` as their buyer sees them. One query for all counts."""
    counts: dict[UUID, dict[VoucherStatus, int]] = {}
    found = select(Voucher.pool_id, Voucher.status, func.count()).where(Voucher.pool_id.in_([pool.id for pool, *_ in rows]))
    for pool_id, status, number in session.execute(found.group_by(Voucher.pool_id, Voucher.status)):
        counts.setdefault(pool_id, {})[status] = number
    return [
        PoolView(
            id=pool.id,
            title=line.title,
            course_id=offering.course_id,
            order_id=order.id,
            order_number=order.number,
            created_at=pool.created_at,
            seats=pool.seats,
            counts=counts.get(pool.id, {}),
        )
        for pool, line, offering, order in rows
    ]


def get_pool_of(session: Session, buyer_id: UUID, pool_id: UUID) -> PoolView:
    """The buyer's seats. Someone else's do not exist for them."""
    row = session.execute(select_pools_of(buyer_id).where(SeatPool.id == pool_id)).one_or_none()
    if row is None:
        raise NotFoundError("There are no such seats.")
    return view_pools(session, [row])[0]


def find_pool_of_line(session: Session, order_line_id: UUID) -> SeatPool | None:
    """The seats that a line bought."""
    return session.scalar(select(SeatPool).where(SeatPool.order_line_id == order_line_id))


def select_seats(pool_id: UUID) -> Select[Voucher, User]:
    """(voucher, who redeemed it or None) of a pool, in order."""
    statement = select(Voucher, User).join(User, User.id == Voucher.redeemed_by_id, isouter=True)
    return statement.where(Voucher.pool_id == pool_id).order_by(Voucher.seat_no)


def get_voucher_of(session: Session, buyer_id: UUID, pool_id: UUID, voucher_id: UUID) -> Voucher:
    """One of the buyer's seats, as it is now."""
    statement = select(Voucher).join(SeatPool, SeatPool.id == Voucher.pool_id)
    statement = statement.where(Voucher.id == voucher_id, Voucher.pool_id == pool_id, SeatPool.buyer_id == buyer_id)
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFoundError("There is no such seat.")
    return found


def find_voucher(session: Session, code: str) -> tuple[Voucher, SeatPool, Offering] | None:
    """The seat that a code opens, with its pool and its offering, as they are now."""
    statement = select(Voucher, SeatPool, Offering).join(SeatPool, SeatPool.id == Voucher.pool_id)
    statement = statement.join(Offering, Offering.id == SeatPool.offering_id).where(Voucher.code == code)
    row = session.execute(statement.execution_options(populate_existing=True)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def has_seat(session: Session, pool_id: UUID, user_id: UUID) -> bool:
    """Whether the person took a seat of this pool, be it in force or not."""
    statement = select(Voucher.id).where(Voucher.pool_id == pool_id, Voucher.redeemed_by_id == user_id)
    return session.scalar(statement.limit(1)) is not None
