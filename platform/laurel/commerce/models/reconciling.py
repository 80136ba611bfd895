"""Comparing what we hold with what Stripe holds. (specs/payments.md §10)"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base, only_one
from laurel.core.ids import new_id


class ReconcileRun(Base):
    """One comparison. Only one runs at a time; one that died is taken over after its lease."""

    __tablename__ = "reconcile_runs"
    __table_args__ = (
        only_one("uq_reconcile_runs_is_running", "is_running", where="is_running"),
        Index("ix_reconcile_runs_started_at", "started_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    started_at: Mapped[datetime]
    locked_until: Mapped[datetime]
    is_deep: Mapped[bool] = mapped_column(default=False)
    is_running: Mapped[bool] = mapped_column(default=True)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    events_until: Mapped[datetime | None] = mapped_column(default=None)
    """Up to when Stripe's list of events has been read."""
    counts: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    """What was looked at and repaired, by name."""
    differences: Mapped[list[Any] | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    started_by: Mapped[str] = mapped_column(String(40), default="schedule")
