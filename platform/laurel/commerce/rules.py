"""Which states follow which, what a payment must match, and when a payment page may be used again. (specs/payments.md §5, §6, §8)"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.money import format_money, step


class OfferingKind(StrEnum):
    """What kind of thing is for sale."""

    COURSE = "course"


class TaxBehavior(StrEnum):
    """Whether a price holds its tax already or gets it on top."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


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


class AttemptState(StrEnum):
    """Where one try to open a payment page stands. `unknown`: we asked, and no answer came."""

    CREATING = "creating"
    UNKNOWN = "unknown"
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DEAD = "dead"


class PaymentKind(StrEnum):
    """Why money came: for the order, a second time, or after the order was canceled."""

    PRIMARY = "primary"
    DUPLICATE = "duplicate"
    LATE = "late"


class EntitlementSource(StrEnum):
    """What gave a right."""

    ORDER_LINE = "order_line"
    FREE = "free"
    VOUCHER = "voucher"
    GRANT = "grant"


class EntitlementStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class InboxStatus(StrEnum):
    """What became of an event that Stripe sent. `dead`: given up after many tries, a person must look."""

    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"
    DEAD = "dead"


S = OrderState
ORDER_FROM: Mapping[OrderState, frozenset[OrderState]] = {
    S.CREATED: frozenset(),
    S.AWAITING_PAYMENT: frozenset({S.CREATED, S.EXPIRED, S.PAYMENT_FAILED}),
    S.PROCESSING: frozenset({S.AWAITING_PAYMENT, S.EXPIRED, S.CANCELED}),
    # Stripe decides: money may come after we let the order go. From `created` only if there is nothing to pay.
    S.PAID: frozenset({S.CREATED, S.AWAITING_PAYMENT, S.PROCESSING, S.PAYMENT_FAILED, S.EXPIRED, S.CANCELED, S.REVIEW}),
    # From `expired`, too: when we close the page in order to cancel, Stripe may report the expiry first.
    S.CANCELED: frozenset({S.CREATED, S.AWAITING_PAYMENT, S.EXPIRED}),
    S.EXPIRED: frozenset({S.CREATED, S.AWAITING_PAYMENT}),
    S.PAYMENT_FAILED: frozenset({S.PROCESSING}),
    S.REVIEW: frozenset({S.CREATED, S.AWAITING_PAYMENT, S.PROCESSING, S.PAYMENT_FAILED, S.EXPIRED, S.CANCELED}),
}
"""For each state, the states from which an order may come to it."""

OPEN_STATES = frozenset({S.CREATED, S.AWAITING_PAYMENT})
"""The buyer may pay; there is one such order for each purchase."""
PAYABLE_STATES = OPEN_STATES | {S.EXPIRED, S.PAYMENT_FAILED}
"""The buyer may pay now or after a new page was opened."""

A = AttemptState
ATTEMPT_FROM: Mapping[AttemptState, frozenset[AttemptState]] = {
    A.CREATING: frozenset(),
    A.UNKNOWN: frozenset({A.CREATING}),
    A.OPEN: frozenset({A.CREATING, A.UNKNOWN, A.DEAD}),  # from `dead`: a page that we gave up turns up after all
    A.COMPLETE: frozenset({A.OPEN, A.EXPIRED}),
    A.EXPIRED: frozenset({A.OPEN}),
    A.SUPERSEDED: frozenset({A.OPEN, A.EXPIRED}),
    A.DEAD: frozenset({A.CREATING, A.UNKNOWN}),
}
LIVE_ATTEMPTS = frozenset({A.CREATING, A.UNKNOWN, A.OPEN})
"""A payment page may be open, or turn out to be."""

State = TypeVar("State", OrderState, AttemptState)


def may_become(table: Mapping[State, frozenset[State]], current: State, wanted: State) -> bool:
    """Whether `table` lets `current` become `wanted`."""
    return current in table[wanted]


def advance(current: AttemptState, wanted: AttemptState) -> AttemptState:
    """Return `wanted` if an attempt in `current` may become it; raise if not."""
    if not may_become(ATTEMPT_FROM, current, wanted):
        raise ConflictError(f"A checkout that is {current} cannot become {wanted}.")
    return wanted


MINIMUM = {"usd": 50, "eur": 50, "gbp": 30, "chf": 50, "cad": 50, "aud": 50, "inr": 50, "jpy": 50, "sek": 300, "pln": 200}
"""The least that Stripe charges, in minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""
MAXIMUM = 99_999_999
UNSUPPORTED = frozenset({"isk", "ugx"})  # Stripe counts two decimals that these currencies do not have


def check_price(amount: int, currency: str) -> int:
    """Return `amount` if something may cost that much: nothing at all, or at least what Stripe charges."""
    if len(currency) != 3 or not currency.isalpha() or not currency.isascii() or not currency.islower() or currency in UNSUPPORTED:
        raise InvalidInputError("We do not sell in this currency.", field="currency")
    if amount < 0 or amount > MAXIMUM or amount % step(currency):
        raise InvalidInputError("This is not an amount that can be charged.", field="amount")
    least = MINIMUM.get(currency, 50)
    if 0 < amount < least:
        raise InvalidInputError(f"A price is zero or at least {format_money(least, currency)}.", field="amount")
    return amount


def purchase_key(offering_ids: list[UUID]) -> str:
    """Names what is bought, whatever it costs: the same buyer has one open order for it."""
    return ",".join(sorted(str(offering_id) for offering_id in offering_ids))


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
        (seen.amount_subtotal == order.subtotal, f"subtotal {seen.amount_subtotal} for {order.subtotal}"),
        (seen.amount_discount == order.discount, f"discount {seen.amount_discount} for {order.discount}"),
    ]
    return [reason for is_right, reason in checks if not is_right]


def find_mismatches(order: OrderTerms, seen: SeenCheckout) -> list[str]:
    """What a paid checkout gets wrong about its order; empty if the order may be fulfilled."""
    tax_on_top = seen.amount_tax if order.tax_behavior is TaxBehavior.EXCLUSIVE else 0
    due = order.subtotal - order.discount + tax_on_top
    checks = [
        (seen.amount_total == due, f"total {seen.amount_total} for {due}"),
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
    checks = [
        (paid.status == "succeeded", f"payment {paid.status}"),
        (paid.amount_received == seen.amount_total, f"received {paid.amount_received} of {seen.amount_total}"),
        (paid.currency == order.currency, "currency of the payment"),
        (paid.order_ref == order.order_ref, "payment of another order"),
    ]
    return [reason for is_right, reason in checks if not is_right]


RETRY_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 360, 720, 720, 1440, 1440, 1440))
"""How long a failed event waits before its second, third, … try; after the twelfth it is dead."""


def next_try(attempts: int) -> timedelta | None:
    """How long to wait after the `attempts`-th try of an event failed; None if that was the last."""
    return RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None
