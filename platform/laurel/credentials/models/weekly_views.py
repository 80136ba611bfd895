"""How often certificates were looked at: a number, and nothing about anybody who looked."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base


class WeeklyViews(Base):
    """How often the page of a certificate was opened in the week that began on this Monday."""

    __tablename__ = "weekly_views"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True)
    monday: Mapped[date] = mapped_column(primary_key=True)
    views: Mapped[int]
