"""Comparing what we hold with what Stripe holds: what a difference is, whom to ask again and when. (specs/payments.md §10)"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

LEASE = timedelta(minutes=10)
"""A run that was not heard of for so long is dead, and another takes over."""
OVERLAP = timedelta(hours=1)
"""So far back the list of events is read again: what happened while we read it may have come in behind us."""
REMEMBERED = timedelta(days=30)
"""So long Stripe keeps events."""
DEEP_LOOK = timedelta(days=3)
"""So far back a deep run compares object by object."""
FORGOTTEN = timedelta(hours=24)
"""An order that never got as far as a payment page lapses after this."""
ASK_AFTER = timedelta(minutes=5)
SEND_AGAIN_AFTER = timedelta(minutes=2)
MOST_PATIENCE = timedelta(hours=6)
SCHEDULE = timedelta(minutes=5)
IS_LATE = 3 * SCHEDULE


class Trouble(StrEnum):
    """Why a run could not compare everything."""

    KEY_REFUSED = "key_refused"
    UNAVAILABLE = "unavailable"
    DIED = "died"


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Something that is not as it must be: which rule is broken, where (an order's number, a name at Stripe), and how."""

    rule: str
    ref: str
    detail: str

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCheckout:
    """A finished checkout as Stripe lists it."""

    session_id: str
    payment_status: str
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCharge:
    """Money that Stripe took."""

    charge_id: str
    intent_id: str
    amount: int
    currency: str
    created_at: datetime
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReturn:
    """Money that goes back: a refund, or a dispute."""

    id: str
    intent_id: str
    amount: int
    currency: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMoney:
    """A payment, refund or dispute as we hold it."""

    id: str
    amount: int
    currency: str
    status: str = ""


def wait_before_asking(age: timedelta) -> timedelta:
    """How long to leave a checkout of this age alone after asking about it: a quarter of its age, from five minutes to six hours."""
    return min(max(age / 4, SCHEDULE), MOST_PATIENCE)


def is_due(*, created_at: datetime, asked_at: datetime | None, now: datetime) -> bool:
    """Whether to ask about a checkout that nobody told us the end of."""
    age = now - created_at
    if age < ASK_AFTER:
        return False
    return asked_at is None or now - asked_at >= wait_before_asking(age)


def read_events_from(until: datetime | None, *, now: datetime) -> datetime:
    """From when on Stripe's events are to be read, given up to when an earlier run has read them."""
    oldest = now - REMEMBERED
    return oldest if until is None else max(until - OVERLAP, oldest)


def compare_charges(charges: Iterable[ListedCharge], known: Mapping[str, KnownMoney]) -> list[Difference]:
    """Every charge against the payment of the same intent, in `known` by intent."""
    found: list[Difference] = []
    for charge in charges:
        payment = known.get(charge.intent_id)
        if payment is None:
            found.append(
                Difference("charge_unknown", charge.intent_id, f"Stripe took {charge.amount} {charge.currency}; we have no payment")
            )
        elif (payment.amount, payment.currency) != (charge.amount, charge.currency):
            detail = f"Stripe took {charge.amount} {charge.currency}; our payment says {payment.amount} {payment.currency}"
            found.append(Difference("charge_amount", charge.intent_id, detail))
    return found


def compare_returns(what: str, listed: Iterable[ListedReturn], known: Mapping[str, KnownMoney]) -> list[Difference]:
    """Every refund or dispute against what we hold, in `known` by Stripe's id. `what` names the kind."""
    found: list[Difference] = []
    for told in listed:
        held = known.get(told.id)
        if held is None:
            found.append(Difference(f"{what}_unknown", told.id, f"Stripe has {told.amount} {told.currency} ({told.status}); we have none"))
        elif (held.amount, held.currency, held.status) != (told.amount, told.currency, told.status):
            detail = f"Stripe says {told.amount} {told.currency} {told.status}; we say {held.amount} {held.currency} {held.status}"
            found.append(Difference(f"{what}_differs", told.id, detail))
    return found


def sum_by_day(charges: Iterable[ListedCharge], known: Mapping[str, KnownMoney]) -> list[Difference]:
    """The days on which our payments come to another sum than Stripe's charges, currency by currency."""
    theirs: dict[tuple[str, str], int] = defaultdict(int)
    ours: dict[tuple[str, str], int] = defaultdict(int)
    for charge in charges:
        key = (f"{charge.created_at.astimezone(UTC):%Y-%m-%d}", charge.currency)
        theirs[key] += charge.amount
        payment = known.get(charge.intent_id)
        ours[key] += payment.amount if payment is not None and payment.currency == charge.currency else 0
    return [
        Difference("day_sum", f"{day} {currency}", f"Stripe took {theirs[day, currency]}; we hold {ours[day, currency]}")
        for day, currency in sorted(theirs)
        if theirs[day, currency] != ours[day, currency]
    ]
