"""What may be for sale, and what it may cost."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from laurel.commerce.rules.seats import MAX_SEATS
from laurel.core.errors import InvalidInputError
from laurel.core.money import format_money, step


class OfferingKind(StrEnum):
    """What kind of thing is for sale."""

    COURSE = "course"
    SEATS = "seats"
    """The course for a team: each seat becomes a voucher."""
    EXAM_RETAKE = "exam_retake"
    """One more attempt at the course's exam."""
    RENEWAL = "renewal"
    """A certificate of the course is renewed, without the exam: one that a permit names (`models.renewals`)."""


class TaxBehavior(StrEnum):
    """Whether a price holds its tax already or gets it on top."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


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


def purchase_key(offering_ids: list[UUID], permit_id: UUID | None = None) -> str:
    """Names what is bought, whatever it costs: the same buyer has one open order for it. Two certificates are two purchases."""
    key = ",".join(sorted(str(offering_id) for offering_id in offering_ids))
    return key if permit_id is None else f"{key}:{permit_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to buy. `code` is a discount code as it was typed, empty for none; `permit_id` says what a renewal renews."""

    course_id: UUID
    currency: str
    kind: OfferingKind = OfferingKind.COURSE
    quantity: int = 1
    code: str = ""
    permit_id: UUID | None = None


OUTLIVES_SALE = frozenset({OfferingKind.EXAM_RETAKE, OfferingKind.RENEWAL})
"""What is for those who have the course or its certificate: it is for sale also when nobody new may enroll."""


def check_quantity(kind: OfferingKind, quantity: int) -> int:
    """Return `quantity` if so many can be bought at once: seats up to 500, of everything else one."""
    most = MAX_SEATS if kind is OfferingKind.SEATS else 1
    if not 1 <= quantity <= most:
        raise InvalidInputError(f"Choose between 1 and {most} seats." if most > 1 else "This is bought one at a time.", field="quantity")
    return quantity


def check_total(total: int, currency: str) -> int:
    """Return `total` if one payment can be that much: nothing at all, or what Stripe charges."""
    if total > MAXIMUM:
        raise InvalidInputError("That is more than one payment can be. Choose fewer seats.", field="quantity")
    least = MINIMUM.get(currency, 50)
    if 0 < total < least:
        raise InvalidInputError(
            f"With this code less than {format_money(least, currency)} would be left, which cannot be charged.", field="code"
        )
    return total
