"""What happened to orders."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(Event):
    """Somebody wants to buy a course. `click_token` names the CTA click that led here, if one did."""

    order_id: UUID
    buyer_id: UUID
    course_id: UUID
    click_token: str | None


@dataclass(frozen=True, kw_only=True)
class OrderPaid(Event):
    """The money for an order is there, or there was nothing to pay: the course is the buyer's."""

    order_id: UUID
    buyer_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class OrderExpired(Event):
    """The payment page has closed unpaid. The buyer may open another."""

    order_id: UUID
    buyer_id: UUID


@dataclass(frozen=True, kw_only=True)
class StripeEventReceived(Event):
    """Stripe told us something that concerns us, and it is kept."""

    stripe_event_id: str
