"""Facts that happened, and the two tables that keep them: `events` (also the audit log) and `deliveries` (the outbox)."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense, made of ids and other plain values. `subject`: the fact that names what it happened to, if asked for."""

    occurred_at: datetime
    subject: ClassVar[str | None] = None
    registry: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls) -> None:
        if cls.__name__ in Event.registry:
            raise TypeError(f"Two events are called {cls.__name__}.")
        Event.registry[cls.__name__] = cls

    def to_json(self) -> dict[str, Any]:
        """The event's facts as JSON values: UUIDs and moments as text, the rest as it is."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Self:
        """The event again; a fact that a later version dropped is ignored."""
        known = {field.name: field.type for field in fields(cls)}
        return cls(**{name: _typed(value, known[name]) for name, value in facts.items() if name in known})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _typed(value: Any, kind: Any) -> Any:
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    if value is None:
        return None
    if "UUID" in name or kind == UUID | None:
        return UUID(value)
    return datetime.fromisoformat(value) if "datetime" in name else value


class EventRecord(Base):
    """One event as it was published. Never changed: this is the audit log."""

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    name: Mapped[str] = mapped_column(String(80), index=True)
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]
    actor_id: Mapped[UUID | None] = mapped_column(default=None)
    subject_id: Mapped[UUID | None] = mapped_column(index=True, default=None)
    """What it happened to, where the history of a single thing is shown."""


class DeliveryStatus(StrEnum):
    DUE = "due"
    DONE = "done"
    FAILED = "failed"


class Delivery(Base):
    """One event owed to one *afterwards* handler. The row is the truth; a queue message is only a nudge."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("event_id", "handler"), Index("ix_deliveries_status_due_at", "status", "due_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    event_id: Mapped[UUID] = mapped_column(ForeignKey(EventRecord.id), index=True)
    handler: Mapped[str] = mapped_column(String(120))
    due_at: Mapped[datetime]
    status: Mapped[DeliveryStatus] = mapped_column(text_enum(DeliveryStatus), default=DeliveryStatus.DUE)
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
