"""What happened to calls to action."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class CtaSaved(Event):
    """A call to action says something new, wherever it is placed."""

    cta_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class CtaArchived(Event):
    """A call to action is shown nowhere any more."""

    cta_id: UUID


@dataclass(frozen=True, kw_only=True)
class CtaRestored(Event):
    """An archived call to action is shown again."""

    cta_id: UUID


@dataclass(frozen=True, kw_only=True)
class CtaDeleted(Event):
    """A call to action that was never placed is gone."""

    cta_id: UUID
