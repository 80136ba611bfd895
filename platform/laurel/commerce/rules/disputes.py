"""When a buyer's bank takes money back: Stripe's statuses, and what each means for access. (specs/payments.md §5, §9)"""

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
