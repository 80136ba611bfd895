"""Requests that need a second person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.approvals.rules import ApprovalState
from laurel.core.db import Base, only_one, text_enum
from laurel.core.ids import new_id


class Approval(Base):
    """That somebody wants something done which nobody does alone. `facts` say exactly what; `about_id` is the thing it concerns."""

    __tablename__ = "approvals"
    __table_args__ = (only_one("ix_approvals_one_waiting", "fingerprint", where="state = 'waiting'"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    action: Mapped[str] = mapped_column(String(60))
    about_id: Mapped[UUID] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64))
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    asked_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[ApprovalState] = mapped_column(text_enum(ApprovalState), default=ApprovalState.WAITING, index=True)
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
