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
    """The money for an order is there, or there was nothing to pay. What a person may do from now on is told by CourseEntitled."""

    buyer_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class OrderExpired(Event):
    """The payment page has closed unpaid. The buyer may open another."""

    order_id: UUID
    buyer_id: UUID


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(OrderEvent):
    """The buyer's bank did not carry out a debit, days after the payment page perhaps. The buyer may try again."""

    buyer_id: UUID
    attempt_id: UUID


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
class RenewalPermitOpened(Event):
    """Somebody may buy a renewal, and has asked what it costs."""

    permit_id: UUID
    user_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class RenewalPermitClosed(Event):
    """A renewal cannot be ordered any more: it was made, or there is nothing to renew."""

    permit_id: UUID


@dataclass(frozen=True, kw_only=True)
class RenewalFeeMoved(OrderEvent):
    """A renewal was paid, or what was paid for it was taken back or returned."""

    order_line_id: UUID
    user_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class RenewalPaid(RenewalFeeMoved):
    """The money for a renewal is there. What it renews is not renewed yet."""


@dataclass(frozen=True, kw_only=True)
class RenewalTaken(RenewalFeeMoved):
    """The money for a renewal went back, or (`is_paused`) a bank is deciding about it."""

    cause: str
    is_paused: bool


@dataclass(frozen=True, kw_only=True)
class RenewalReturned(RenewalFeeMoved):
    """The money for a renewal is ours after all."""

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


@dataclass(frozen=True, kw_only=True)
class CourseEntitled(Event):
    """A person has a right to a course: bought, free, or by a seat that somebody else bought."""

    entitlement_id: UUID
    user_id: UUID
    course_id: UUID


@dataclass(frozen=True, kw_only=True)
class SeatRedeemed(Event):
    """A person took a seat that a team had bought."""

    subject: ClassVar[str | None] = "pool_id"
    pool_id: UUID
    voucher_id: UUID
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class SeatCodeReplaced(Event):
    """A seat that nobody had taken got a new code; the old one is worth nothing."""

    subject: ClassVar[str | None] = "pool_id"
    pool_id: UUID
    voucher_id: UUID


@dataclass(frozen=True, kw_only=True)
class ExamCreditUsed(Event):
    """A further attempt that was paid for has begun."""

    credit_id: UUID
    user_id: UUID
    attempt_id: UUID


@dataclass(frozen=True, kw_only=True)
class PriceSet(Event):
    """From now on an offering costs something else."""

    subject: ClassVar[str | None] = "offering_id"
    offering_id: UUID
    currency: str
    unit_amount: int


@dataclass(frozen=True, kw_only=True)
class OfferingWithdrawn(Event):
    """An offering is off the shelf."""

    subject: ClassVar[str | None] = "offering_id"
    offering_id: UUID


@dataclass(frozen=True, kw_only=True)
class DiscountCodeCreated(Event):
    subject: ClassVar[str | None] = "code_id"
    code_id: UUID


@dataclass(frozen=True, kw_only=True)
class DiscountCodeArchived(Event):
    subject: ClassVar[str | None] = "code_id"
    code_id: UUID
