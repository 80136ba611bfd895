"""Money that goes back: which states a refund passes, and what it does to what was bought. (specs/payments.md §5, §9)"""

from collections.abc import Mapping
from enum import StrEnum


class RefundState(StrEnum):
    """Where a refund stands. Only `succeeded` is money; even that may still fail days later."""

    REQUESTED = "requested"
    SUBMITTING = "submitting"
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class RefundReason(StrEnum):
    """Why money goes back, in Stripe's words, and ours for the rest."""

    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    OTHER = "other"


class AccessEffect(StrEnum):
    """What becomes of the right that was bought, once the money is back."""

    KEEP = "keep"
    REVOKE = "revoke"


class RefundOrigin(StrEnum):
    """Who began it. `external`: somebody in Stripe's dashboard."""

    STAFF = "staff"
    LEARNER = "learner"
    EXTERNAL = "external"
    AUTO = "auto"


R = RefundState
REFUND_FROM: Mapping[RefundState, frozenset[RefundState]] = {
    R.REQUESTED: frozenset(),
    R.SUBMITTING: frozenset({R.REQUESTED, R.SUBMITTING}),
    R.PENDING: frozenset({R.REQUESTED, R.SUBMITTING, R.REQUIRES_ACTION}),
    R.REQUIRES_ACTION: frozenset({R.REQUESTED, R.SUBMITTING, R.PENDING}),
    R.SUCCEEDED: frozenset({R.REQUESTED, R.SUBMITTING, R.PENDING, R.REQUIRES_ACTION}),
    R.FAILED: frozenset({R.REQUESTED, R.SUBMITTING, R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED}),
    R.CANCELED: frozenset({R.REQUESTED, R.SUBMITTING, R.PENDING, R.REQUIRES_ACTION}),
}
"""For each state, the states from which a refund may come to it."""

UNSETTLED = frozenset({R.REQUESTED, R.SUBMITTING, R.PENDING, R.REQUIRES_ACTION})
"""The money is neither back nor certain to stay: it counts against what may still be refunded."""
COUNTED = UNSETTLED | {R.SUCCEEDED}
"""What no other refund may give back again."""
