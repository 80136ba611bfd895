"""Payment pages: when one may be used again, and what a payment must match. (specs/payments.md §5, §6, §8)"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from laurel.commerce.rules.offers import TaxBehavior
from laurel.core.money import format_money


class AttemptState(StrEnum):
    """Where one try to open a payment page stands. `unknown`: we asked, and no answer came."""

    CREATING = "creating"
    UNKNOWN = "unknown"
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DEAD = "dead"


A = AttemptState
ATTEMPT_FROM: Mapping[AttemptState, frozenset[AttemptState]] = {
    A.CREATING: frozenset(),
    A.UNKNOWN: frozenset({A.CREATING}),
    A.OPEN: frozenset({A.CREATING, A.UNKNOWN, A.DEAD}),  # from `dead`: a page that we gave up turns up after all
    A.COMPLETE: frozenset({A.OPEN, A.EXPIRED, A.SUPERSEDED}),  # Stripe decides: the buyer may have finished it before we closed it
    A.EXPIRED: frozenset({A.OPEN}),
    A.SUPERSEDED: frozenset({A.OPEN, A.EXPIRED}),
    A.DEAD: frozenset({A.CREATING, A.UNKNOWN}),
}
LIVE_ATTEMPTS = frozenset({A.CREATING, A.UNKNOWN, A.OPEN})
"""A payment page may be open, or turn out to be."""


class Step(StrEnum):
    """What to do when a buyer wants to pay."""

    REUSE = "reuse"
    """The open page will do."""
    RESEND = "resend"
    """Ask again for the same page, under the same key: the first time may have worked."""
    CLOSE = "close"
    """The open page is about to end: close it first."""
    BEGIN = "begin"
    """Make a new attempt."""


LIFETIME = timedelta(minutes=60)
TIME_TO_PAY = timedelta(minutes=5)
KEY_LIFETIME = timedelta(hours=23)  # Stripe forgets a key after 24
MAX_FAILURES = 2  # Stripe replays even a 500 for a key


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFacts:
    """What decides whether an attempt can go on. `failures` counts definite server errors."""

    state: AttemptState
    created_at: datetime
    expires_at: datetime
    failures: int


def next_step(attempt: AttemptFacts | None, *, now: datetime) -> Step:
    """How to get the buyer to a payment page, given the order's last attempt."""
    if attempt is None or attempt.state not in LIVE_ATTEMPTS:
        return Step.BEGIN
    if attempt.state is AttemptState.OPEN:
        return Step.REUSE if attempt.expires_at - now > TIME_TO_PAY else Step.CLOSE
    is_spent = attempt.failures >= MAX_FAILURES or now - attempt.created_at > KEY_LIFETIME
    return Step.BEGIN if is_spent else Step.RESEND


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPayment:
    """The money behind a checkout, as the provider tells it."""

    intent_id: str
    status: str
    amount_received: int
    currency: str
    order_ref: str
    charge_id: str | None = None
    method: str | None = None
    last4: str | None = None
    receipt_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCheckout:
    """A checkout as the provider tells it at this moment. `lines` are (quantity, unit amount); None if not asked for.

    The statuses are open sets: an unknown one is not final.
    """

    session_id: str
    status: str
    payment_status: str
    is_live: bool
    mode: str
    currency: str
    amount_subtotal: int
    amount_discount: int
    amount_tax: int
    amount_shipping: int
    amount_total: int
    url: str | None
    expires_at: datetime
    number: str
    order_ref: str
    attempt_ref: str
    env: str
    lines: tuple[tuple[int, int], ...] | None = None
    payment: SeenPayment | None = None
    allows_promotion_codes: bool = False
    billing: Mapping[str, Any] | None = None
    """Who the buyer said that they are: name, email, address, tax_ids."""

    @property
    def is_paid(self) -> bool:
        return self.status == "complete" and self.payment_status in {"paid", "no_payment_required"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What an order says, and a checkout must say, too."""

    order_ref: str
    is_live: bool
    currency: str
    subtotal: int
    discount: int
    tax_behavior: TaxBehavior
    lines: tuple[tuple[int, int], ...]


def find_opening_mismatches(order: OrderTerms, seen: SeenCheckout) -> list[str]:
    """What a payment page that was just opened gets wrong; empty if nothing."""
    checks = [
        (seen.is_live == order.is_live, "live mode"),
        (seen.mode == "payment", "mode"),
        (seen.currency == order.currency, f"currency {seen.currency} for {order.currency}"),
        (seen.amount_subtotal == order.subtotal, f"subtotal {_amounts(seen.amount_subtotal, order.subtotal, order, seen)}"),
        (seen.amount_discount == discount_of(order, seen), f"discount {_amounts(seen.amount_discount, order.discount, order, seen)}"),
    ]
    return [reason for is_right, reason in checks if not is_right]


def _amounts(came: int, due: int, order: OrderTerms, seen: SeenCheckout) -> str:
    return f"{format_money(came, seen.currency)} for {format_money(due, order.currency)}"


def discount_of(order: OrderTerms, seen: SeenCheckout) -> int:
    """What is rightly taken off: the order's own discount, or what a promotion code did on a page that we let take some."""
    is_open_to_some = seen.allows_promotion_codes and order.discount == 0 and 0 <= seen.amount_discount <= order.subtotal
    return seen.amount_discount if is_open_to_some else order.discount


def find_mismatches(order: OrderTerms, seen: SeenCheckout) -> list[str]:
    """What a paid checkout gets wrong about its order; empty if the order may be fulfilled."""
    tax_on_top = seen.amount_tax if order.tax_behavior is TaxBehavior.EXCLUSIVE else 0
    due = order.subtotal - discount_of(order, seen) + tax_on_top
    checks = [
        (seen.amount_total == due, f"total {_amounts(seen.amount_total, due, order, seen)}"),
        (seen.amount_shipping == 0, "shipping"),
        (seen.lines is not None and sorted(seen.lines) == sorted(order.lines), "lines"),
    ]
    return [
        *find_opening_mismatches(order, seen),
        *(reason for is_right, reason in checks if not is_right),
        *_payment_mismatches(order, seen),
    ]


def _payment_mismatches(order: OrderTerms, seen: SeenCheckout) -> list[str]:
    paid = seen.payment
    if paid is None:
        is_free = seen.payment_status == "no_payment_required" and seen.amount_total == 0
        return [] if is_free else ["no payment"]
    came = format_money(paid.amount_received, paid.currency)
    checks = [
        (paid.status == "succeeded", f"payment {paid.status}"),
        (paid.amount_received == seen.amount_total, f"received {came} of {format_money(seen.amount_total, seen.currency)}"),
        (paid.currency == order.currency, "currency of the payment"),
        (paid.order_ref == order.order_ref, "payment of another order"),
    ]
    return [reason for is_right, reason in checks if not is_right]
