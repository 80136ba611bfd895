"""What became of requests that need a second person."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ApprovalEvent(Event):
    """Something that happened to a request; the event's actor did it."""

    approval_id: UUID
    action: str
    fingerprint: str
    subject: ClassVar[str | None] = "approval_id"


@dataclass(frozen=True, kw_only=True)
class ApprovalAsked(ApprovalEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class ApprovalGiven(ApprovalEvent):
    """A second person agreed, and in the same transaction it was done."""


@dataclass(frozen=True, kw_only=True)
class ApprovalRefused(ApprovalEvent):
    """By a second person, or taken back by who had asked."""


@dataclass(frozen=True, kw_only=True)
class ApprovalVoided(ApprovalEvent):
    """Who had asked may not ask for it any more, so it was not done. Nobody's act: the event has no actor."""


@dataclass(frozen=True, kw_only=True)
class ApprovalWaived(Event):
    """Something that needs two people was done by one, because this installation has switched the rule off."""

    action: str
    fingerprint: str
    about_id: UUID
    subject: ClassVar[str | None] = "about_id"
