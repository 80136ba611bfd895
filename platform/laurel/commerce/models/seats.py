"""What is bought for others or for later: seats of a team, and further attempts at an exam. (specs/payments.md §4, §9)"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce.models.offers import Offering
from laurel.commerce.models.orders import OrderLine
from laurel.commerce.rules import VoucherStatus
from laurel.core.db import Base, only_one, text_enum
from laurel.core.ids import new_id
from laurel.quizzes.models import Attempt


class SeatPool(Base):
    """The seats that one line of an order bought."""

    __tablename__ = "seat_pools"
    __table_args__ = (CheckConstraint("seats > 0", name="seats_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey(OrderLine.id), unique=True)
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), index=True)
    seats: Mapped[int]
    created_at: Mapped[datetime]


class Voucher(Base):
    """One seat: a code that one person redeems once. One person takes one seat of a pool."""

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("pool_id", "seat_no"),
        only_one("uq_vouchers_pool_id_redeemed_by_id", "pool_id", "redeemed_by_id", where="redeemed_by_id IS NOT NULL"),
        CheckConstraint("status <> 'redeemed' OR (redeemed_by_id IS NOT NULL AND redeemed_at IS NOT NULL)", name="redeemed_by_somebody"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    pool_id: Mapped[UUID] = mapped_column(ForeignKey(SeatPool.id))
    seat_no: Mapped[int]
    code: Mapped[str] = mapped_column(String(20), unique=True)
    created_at: Mapped[datetime]
    status: Mapped[VoucherStatus] = mapped_column(text_enum(VoucherStatus), default=VoucherStatus.ISSUED)
    label: Mapped[str | None] = mapped_column(String(120), default=None)
    """For whom the buyer means it: a note of theirs."""
    redeemed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    redeemed_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    taken_by: Mapped[str | None] = mapped_column(String(60), default=None)
    """The refund or the dispute that took it back, as entitlements name it in `reason`: it comes back with that one's money."""


class ExamCredit(Base):
    """One further attempt at a course's exam, paid for. It is consumed by the attempt that it allowed."""

    __tablename__ = "exam_credits"
    __table_args__ = (Index("ix_exam_credits_user_id_course_id", "user_id", "course_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey(OrderLine.id), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    created_at: Mapped[datetime]
    consumed_by_attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey(Attempt.id), unique=True, default=None)
    consumed_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    taken_by: Mapped[str | None] = mapped_column(String(60), default=None)
    """As with vouchers."""
