"""What each kind of event makes us look up at Stripe. (specs/payments.md §7)

An event only says where to look: whatever its order, its age or its copies, what counts is what Stripe answers now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from laurel.commerce.gateway import CheckoutNotFoundError
from laurel.commerce.models import Order
from laurel.commerce.services.disputes import apply_dispute, note_warning
from laurel.commerce.services.invoices import sync_invoice
from laurel.commerce.services.refund_sync import sync_refunds
from laurel.commerce.services.sync import take_in
from laurel.commerce.services.till import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What we use of an event: what it is about, and which installation it names."""

    event_id: str
    type: str
    object_id: str
    env: str


class UnknownCheckoutError(Exception):
    """Something that names us but no order that we can see yet: the notice overtook our own commit, or worse."""


def act(till: Till, told: Told) -> bool:
    """Do what the event asks for; False if it is about nothing of ours. Raises if it must be tried again."""
    try:
        return ACTS[told.type](till, told)
    except CheckoutNotFoundError:
        if told.env == till.env:
            raise
        return False


def _follow_checkout(till: Till, told: Told) -> bool:
    return _take_in_checkout(till, told.object_id)


def _take_in_checkout(till: Till, session_id: str) -> bool:
    seen = till.payments.fetch_checkout(session_id)
    order = take_in(till, seen)
    if order is None and seen.env == till.env:
        raise UnknownCheckoutError(f"{seen.session_id} names order {seen.order_ref}")
    return order is not None


def _follow_intent(till: Till, told: Told) -> bool:
    session_id = till.payments.find_checkout_of(told.object_id)
    return session_id is not None and _take_in_checkout(till, session_id)


def _note(till: Till, told: Told) -> bool:
    """A declined card changes nothing: the page stays open."""
    return True


def _follow_refund(till: Till, told: Told) -> bool:
    seen = till.payments.fetch_refund(told.object_id)
    return _with_order(till, seen.intent_id, lambda: sync_refunds(till, seen.intent_id))


def _follow_charge(till: Till, told: Told) -> bool:
    intent_id = till.payments.find_intent_of_charge(told.object_id)
    return intent_id is not None and _with_order(till, intent_id, lambda: sync_refunds(till, intent_id))


def _follow_dispute(till: Till, told: Told) -> bool:
    seen = till.payments.fetch_dispute(told.object_id)
    if seen.is_live != till.is_live:
        return False

    def follow() -> Order | None:
        with till.transaction() as session:
            return apply_dispute(session, seen, now=till.now)

    return _with_order(till, seen.intent_id, follow)


def _follow_warning(till: Till, told: Told) -> bool:
    seen = till.payments.fetch_warning(told.object_id)

    def follow() -> Order | None:
        with till.transaction() as session:
            return note_warning(session, seen, now=till.now)

    return _with_order(till, seen.intent_id, follow)


def _follow_invoice(till: Till, told: Told) -> bool:
    return sync_invoice(till, told.object_id)


def _with_order(till: Till, intent_id: str, follow: Callable[[], Order | None]) -> bool:
    """Follow what happened to a payment; one that we have not heard of yet is looked up first, it may be ours."""
    if follow() is not None:
        return True
    session_id = till.payments.find_checkout_of(intent_id) if intent_id else None
    return session_id is not None and _take_in_checkout(till, session_id) and follow() is not None


ACTS: Mapping[str, Callable[[Till, Told], bool]] = {
    "checkout.session.completed": _follow_checkout,
    "checkout.session.async_payment_succeeded": _follow_checkout,
    "checkout.session.async_payment_failed": _follow_checkout,
    "checkout.session.expired": _follow_checkout,
    "payment_intent.succeeded": _follow_intent,
    "payment_intent.payment_failed": _note,
    "invoice.paid": _follow_invoice,
    "charge.refunded": _follow_charge,
    "refund.created": _follow_refund,
    "refund.updated": _follow_refund,
    "refund.failed": _follow_refund,
    "charge.dispute.created": _follow_dispute,
    "charge.dispute.updated": _follow_dispute,
    "charge.dispute.closed": _follow_dispute,
    "charge.dispute.funds_withdrawn": _follow_dispute,
    "charge.dispute.funds_reinstated": _follow_dispute,
    "radar.early_fraud_warning.created": _follow_warning,
}
"""Every kind of event that concerns us; any other is kept by its name alone and ignored."""
