"""Renewals of certificates that may be bought, and those that were. Which certificate that is, is known to whoever permits it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce.models.orders import OrderLine
from laurel.commerce.rules import EntitlementStatus
from laurel.core.db import Base, only_one, text_enum
from laurel.core.ids import new_id


class RenewalPermit(Base):
    """That one person may buy the renewal of one thing of theirs, until `closes_at` or until it is closed before.

    `about_id` is what is renewed, in the ids of whoever opened it; None once that was erased.
    """

    __tablename__ = "renewal_permits"
    __table_args__ = (only_one("uq_renewal_permits_about_id_open", "about_id", where="closed_at IS NULL AND about_id IS NOT NULL"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    about_id: Mapped[UUID | None] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)

    def is_good(self, now: datetime) -> bool:
        """Whether what it permits can be ordered now."""
        return self.closed_at is None and now < self.closes_at


class RenewalFee(Base):
    """The renewal that one line of an order buys. Once it is paid its status follows the money as that of a right to a course does."""

    __tablename__ = "renewal_fees"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey(OrderLine.id), unique=True)
    permit_id: Mapped[UUID] = mapped_column(ForeignKey(RenewalPermit.id), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None] = mapped_column(default=None)
    status: Mapped[EntitlementStatus] = mapped_column(text_enum(EntitlementStatus), default=EntitlementStatus.ACTIVE)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it renewed something."""
    taken_by: Mapped[str | None] = mapped_column(String(60), default=None)
    """The refund or the dispute that took it back, as with vouchers."""
