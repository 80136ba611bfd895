"""When a buyer's bank takes money back: Stripe's statuses, and what each means for access. (specs/payments.md §5, §9)"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

WARNINGS = frozenset({"warning_needs_response", "warning_under_review"})
"""The bank only asks; no money was taken."""
RESTORING = frozenset({"won", "warning_closed", "prevented"})
LOST = "lost"
FINAL = RESTORING | {LOST}


class DisputeEffect(StrEnum):
    """What a dispute does to the rights that its payment bought."""

    KEEP = "keep"
    SUSPEND = "suspend"
    RESTORE = "restore"
    REVOKE = "revoke"


def effect_of(status: str) -> DisputeEffect:
    """What a status means for access. Stripe's statuses are an open set: an unknown one is a dispute that goes on."""
    if status in WARNINGS:
        return DisputeEffect.KEEP
    if status in RESTORING:
        return DisputeEffect.RESTORE
    return DisputeEffect.REVOKE if status == LOST else DisputeEffect.SUSPEND


def may_follow(current: str, told: str) -> bool:
    """Whether what Stripe tells now may replace what we know: what is final is reopened by nothing but another final word."""
    return current not in FINAL or told in FINAL


def strongest(statuses: Collection[str]) -> DisputeEffect:
    """What several disputes of one payment mean together: lost outweighs open, open outweighs all else."""
    effects = {effect_of(status) for status in statuses}
    order = (DisputeEffect.REVOKE, DisputeEffect.SUSPEND, DisputeEffect.RESTORE)
    return next((effect for effect in order if effect in effects), DisputeEffect.KEEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFee:
    """What Stripe takes for a dispute, as a movement of its own."""

    ref: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDispute:
    """A dispute as the provider tells it at this moment. `is_withdrawn`: the bank took the money; `is_reinstated`: it came back."""

    id: str
    intent_id: str
    charge_id: str
    amount: int
    currency: str
    status: str
    reason: str
    is_live: bool
    created_at: datetime
    due_by: datetime | None
    is_withdrawn: bool
    is_reinstated: bool
    fees: tuple[DisputeFee, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWarning:
    """A card network doubts a payment: a dispute may follow."""

    id: str
    charge_id: str
    intent_id: str
    fraud_type: str
    is_actionable: bool
