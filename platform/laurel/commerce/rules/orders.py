"""Where purchases stand, and which states follow which. (specs/payments.md §5)"""

from collections.abc import Mapping
from enum import StrEnum


class OrderState(StrEnum):
    """Where a purchase stands. What was refunded or disputed is derived from sums: a paid order stays paid."""

    CREATED = "created"
    AWAITING_PAYMENT = "awaiting_payment"
    PROCESSING = "processing"
    PAID = "paid"
    CANCELED = "canceled"
    EXPIRED = "expired"
    PAYMENT_FAILED = "payment_failed"
    REVIEW = "review"


S = OrderState
ORDER_FROM: Mapping[OrderState, frozenset[OrderState]] = {
    S.CREATED: frozenset(),
    S.AWAITING_PAYMENT: frozenset({S.CREATED, S.EXPIRED, S.PAYMENT_FAILED}),
    S.PROCESSING: frozenset({S.AWAITING_PAYMENT, S.EXPIRED, S.CANCELED}),
    # Stripe decides: money may come after we let the order go. From `created` only if there is nothing to pay.
    S.PAID: frozenset({S.CREATED, S.AWAITING_PAYMENT, S.PROCESSING, S.PAYMENT_FAILED, S.EXPIRED, S.CANCELED, S.REVIEW}),
    # From `expired`, too: when we close the page in order to cancel, Stripe may report the expiry first.
    # From `review`: a person gave the money back.
    S.CANCELED: frozenset({S.CREATED, S.AWAITING_PAYMENT, S.EXPIRED, S.REVIEW}),
    S.EXPIRED: frozenset({S.CREATED, S.AWAITING_PAYMENT}),
    S.PAYMENT_FAILED: frozenset({S.PROCESSING}),
    S.REVIEW: frozenset({S.CREATED, S.AWAITING_PAYMENT, S.PROCESSING, S.PAYMENT_FAILED, S.EXPIRED, S.CANCELED}),
}
"""For each state, the states from which an order may come to it."""

OPEN_STATES = frozenset({S.CREATED, S.AWAITING_PAYMENT})
"""The buyer may pay; there is one such order for each purchase."""
UNDER_WAY_STATES = frozenset({S.PROCESSING, S.REVIEW})
"""The buyer has done their part: the money is on its way, or a person looks at it."""
PAYABLE_STATES = OPEN_STATES | {S.EXPIRED, S.PAYMENT_FAILED}
"""The buyer may pay now or after a new page was opened."""
LET_GO_STATES = frozenset({S.EXPIRED, S.CANCELED, S.PAYMENT_FAILED})
"""Nobody can pay before a new page is opened: what the order held of a discount code is free for others."""
