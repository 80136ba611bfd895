"""What is for sale, and what it costs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.catalog.models import Course
from laurel.commerce.rules import OfferingKind, TaxBehavior
from laurel.core.db import Base, Minor, only_one, text_enum
from laurel.core.ids import new_id


class Offering(Base):
    """A course, or a retake of its exam, that is for sale. Withdrawn offerings stay: orders point at them."""

    __tablename__ = "offerings"
    __table_args__ = (only_one("uq_offerings_course_id_kind_current", "course_id", "kind", where="withdrawn_at IS NULL"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[OfferingKind] = mapped_column(text_enum(OfferingKind), default=OfferingKind.COURSE)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    title: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


class Price(Base):
    """What an offering costs in one currency, from one moment to another. A price is never changed, only followed."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("unit_amount >= 0", name="unit_amount_not_negative"),
        only_one("uq_prices_offering_id_currency_current", "offering_id", "currency", where="valid_until IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    offering_id: Mapped[UUID] = mapped_column(ForeignKey(Offering.id), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    unit_amount: Mapped[int] = mapped_column(Minor)
    tax_behavior: Mapped[TaxBehavior] = mapped_column(text_enum(TaxBehavior), default=TaxBehavior.INCLUSIVE)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
