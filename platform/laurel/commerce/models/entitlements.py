"""Rights to courses, and what gave them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.commerce.models.offers import Offering
from laurel.commerce.rules import EntitlementSource, EntitlementStatus
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id


class Entitlement(Base):
    """The right to a course. One source gives one right, however often its story is told."""

    __tablename__ = "entitlements"
    __table_args__ = (
        UniqueConstraint("source_kind", "source_id", "offering_id"),
        Index("ix_entitlements_user_id_offering_id", "user_id", "offering_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), index=True)
    source_kind: Mapped[EntitlementSource] = mapped_column(text_enum(EntitlementSource))
    source_id: Mapped[UUID]
    created_at: Mapped[datetime]
    status: Mapped[EntitlementStatus] = mapped_column(text_enum(EntitlementStatus), default=EntitlementStatus.ACTIVE)
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
