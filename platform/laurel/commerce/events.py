"""What happened to orders."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderEvent(Event):
    """Something that belongs to the history of one order."""

    subject: ClassVar[str | None] = "order_id"
    order_id: UUID


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(OrderEvent):
    """Somebody wants to buy a course. `click_token` names the CTA click that led here, if one did."""

    buyer_id: UUID
    course_id: UUID
    click_token: str | None


@dataclass(frozen=True, kw_only=True)
class OrderPaid(OrderEvent):
    """The money for an order is there, or there was nothing to pay: the course is the buyer's."""

    buyer_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class StripeEventReceived(Event):
    """Stripe told us something that concerns us, and it is kept."""

    stripe_event_id: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(OrderEvent):
    """Money is to go back; Stripe has not been asked yet."""

    refund_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class RefundSucceeded(OrderEvent):
    """Money went back."""

    refund_id: UUID


@dataclass(frozen=True, kw_only=True)
class RefundFailed(OrderEvent):
    """Money that was to go back, or had gone back already, is ours again: it did not arrive."""

    refund_id: UUID


@dataclass(frozen=True, kw_only=True)
class AccessEnded(OrderEvent):
    """A right that the order gave was taken back; `is_paused`: for as long as a bank decides."""

    user_id: UUID
    course_id: UUID
    cause: str
    is_paused: bool


@dataclass(frozen=True, kw_only=True)
class AccessReturned(OrderEvent):
    """A right that had been taken back is in force again."""

    user_id: UUID
    course_id: UUID
    cause: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(OrderEvent):
    """A buyer's bank asks for a payment back, or only asks about it."""

    dispute_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class EvidenceSent(OrderEvent):
    """We answered the bank."""

    dispute_id: UUID


@dataclass(frozen=True, kw_only=True)
class DisputeClosed(OrderEvent):
    """A bank has decided, or we gave in."""

    dispute_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class TaskResolved(Event):
    """A person answered a question about money."""

    subject: ClassVar[str | None] = "order_id"
    task_id: UUID
    order_id: UUID | None
