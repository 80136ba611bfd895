"""Money that goes back: which states a refund passes, and what it does to what was bought. (specs/payments.md §5, §9)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from laurel.core.errors import InvalidInputError


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRefund:
    """A refund as the provider tells it at this moment. `refund_ref` names the row of ours that asked for it, if one did."""

    id: str
    intent_id: str
    amount: int
    currency: str
    status: str
    reason: str
    refund_ref: str
    env: str
    failure: str
    created_at: datetime

    @property
    def state(self) -> RefundState:
        """Where it stands. The statuses are an open set: an unknown one is not final."""
        return RefundState(self.status) if self.status in _TOLD else RefundState.PENDING


_TOLD = frozenset({R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED, R.FAILED, R.CANCELED})
STRIPE_REASONS = frozenset({RefundReason.REQUESTED_BY_CUSTOMER, RefundReason.DUPLICATE, RefundReason.FRAUDULENT})

REFUSALS: Mapping[str, str] = {
    "charge_disputed": "The buyer’s bank took this payment back or is deciding about it. Money can only go back by the dispute.",
    "charge_already_refunded": "All of this payment went back already.",
    "charge_not_refundable": "This payment never arrived, so there is nothing to give back.",
}
"""What staff read when Stripe refuses a refund, by Stripe's code."""
REFUSED = "Stripe refused the refund. Look at the payment in Stripe’s dashboard."


def shares(paid: int, amounts: Sequence[int]) -> list[int]:
    """What each line's part of the money paid is: in proportion to `amounts`, whole, adding up to `paid`.

    What rounding leaves goes to the largest remainders first, the earlier line where they are equal.
    """
    total = sum(amounts)
    if total == 0:
        return [0 for _ in amounts]
    parts = [divmod(paid * amount, total) for amount in amounts]
    left = paid - sum(whole for whole, _ in parts)
    by_rest = sorted(range(len(parts)), key=lambda at: (-parts[at][1], at))
    extra = set(by_rest[:left])
    return [whole + (at in extra) for at, (whole, _) in enumerate(parts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMoney:
    """What was paid for one line of an order, and what of it went back or is on its way."""

    paid: int
    counted: int

    @property
    def left(self) -> int:
        return self.paid - self.counted


def check_part(line: LineMoney, *, amount: int, seats: int, unused_seats: int) -> None:
    """Raise InvalidInputError unless this much of a line may go back, and this many of its seats may be taken back with it."""
    if amount <= 0:
        raise InvalidInputError("Write how much goes back.", field="amount")
    if amount > line.left:
        raise InvalidInputError("That is more than is left to give back.", field="amount")
    if not 0 <= seats <= unused_seats:
        raise InvalidInputError("Only seats that nobody has redeemed can be taken back one by one.", field="seats")


def count_units(line: LineMoney, *, quantity: int, amount: int) -> int:
    """How many of a line's units go back with this amount, where they are not counted one by one: all with its last part, or none.

    What was paid decides, not the price: a code makes it less, and tax on top more.
    """
    return quantity if amount >= line.left else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseUse:
    """How far somebody went with what they bought."""

    progress_percent: int
    has_started_exam: bool
    has_completed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What decides whether buyers may give a purchase back by themselves. `days`: what the course's page promises."""

    paid_at: datetime
    days: int
    max_progress_percent: int
    use: CourseUse | None
    is_one_course: bool
    is_disputed: bool
    is_partly_refunded: bool


def find_refund_obstacles(wish: RefundWish, *, now: datetime) -> list[str]:
    """Why a person has to decide, in words for the buyer; empty if the money can go back at once."""
    use = wish.use
    checks = [
        (not wish.is_one_course, "This order is not for one course of your own."),
        (now > wish.paid_at + timedelta(days=wish.days), _too_late(wish.days)),
        (use is not None and use.has_completed, "You have completed the course."),
        (use is not None and use.has_started_exam, "You have started the exam."),
        (
            use is not None and use.progress_percent > wish.max_progress_percent,
            f"You have finished more than {wish.max_progress_percent} % of the lessons.",
        ),
        (wish.is_disputed, "Your bank is asking for this payment back."),
        (wish.is_partly_refunded, "A part of this order was refunded already."),
    ]
    return [reason for is_so, reason in checks if is_so]


def _too_late(days: int) -> str:
    return f"The {days} days for a refund are over." if days else "This course has no time in which it can be given back."
