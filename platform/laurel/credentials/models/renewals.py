"""Renewals that were paid for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from laurel.commerce.models import OrderLine
from laurel.core.db import Base


class FeeRenewal(Base):
    """That a credential renews another one for a fee, and which line of an order paid it. Its money may leave, and come back."""

    __tablename__ = "fee_renewals"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credentials.id"), primary_key=True)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey(OrderLine.id), index=True)
    held_at: Mapped[datetime | None] = mapped_column(default=None)
    """Since when it is on hold because a bank decides about the fee."""
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it was revoked because the fee had left."""
