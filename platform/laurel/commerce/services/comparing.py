"""Comparing object by object what Stripe lists with what we hold: the deep part of a comparison. (specs/payments.md §10)"""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from sqlalchemy.orm import Session

from laurel.commerce.gateway import CheckoutNotFoundError
from laurel.commerce.queries import reconciling
from laurel.commerce.rules.reconciling import (
    DEEP_LOOK,
    Difference,
    ListedCheckout,
    ListedReturn,
    compare_charges,
    compare_returns,
    sum_by_day,
)
from laurel.commerce.services.disputes import sync_dispute
from laurel.commerce.services.refund_sync import sync_refunds
from laurel.commerce.services.sync import sync_checkout
from laurel.commerce.services.till import Till

Reading = Callable[[], AbstractContextManager[Session]]


def compare_deeply(till: Till, read: Reading) -> tuple[Counter[str], list[Difference]]:
    """The last days' checkouts, charges, refunds and disputes: what is behind is brought forward, what differs is returned."""
    since = till.now - DEEP_LOOK
    counts: Counter[str] = Counter()
    found: list[Difference] = []
    for checkout in till.payments.list_paid_checkouts(since=since):
        if checkout.env == till.env:
            counts["checkouts_compared"] += 1
            found += _follow(till, read, checkout, counts)
    charges = [charge for charge in till.payments.list_all_charges(since=since) if charge.env == till.env]
    counts["charges_compared"] = len(charges)
    with read() as session:
        payments = reconciling.map_payments(session, {charge.intent_id for charge in charges})
    found += compare_charges(charges, payments) + sum_by_day(charges, payments)
    found += _compare_returns(till, read, counts)
    return counts, found


def _follow(till: Till, read: Reading, checkout: ListedCheckout, counts: Counter[str]) -> list[Difference]:
    """A finished checkout whose order is not where it belongs is synced; then it is, or that is a difference."""
    with read() as session:
        if reconciling.is_checkout_settled(session, checkout.session_id, payment_status=checkout.payment_status):
            return []
    order = sync_checkout(till, checkout.session_id)
    counts["checkouts_behind"] += 1
    if order is None:
        return [
            Difference("checkout_without_order", checkout.session_id, "a buyer finished a payment page of ours that belongs to no order")
        ]
    with read() as session:
        is_settled = reconciling.is_checkout_settled(session, checkout.session_id, payment_status=checkout.payment_status)
    detail = f"finished at Stripe ({checkout.payment_status}), {order.state} here"
    return [] if is_settled else [Difference("checkout_behind", order.number, detail)]


def _compare_returns(till: Till, read: Reading, counts: Counter[str]) -> list[Difference]:
    """Refunds and disputes of payments that are ours: what is behind is asked about, what differs then is returned."""
    since = till.now - DEEP_LOOK
    refunds, disputes = list(till.payments.list_all_refunds(since=since)), list(till.payments.list_all_disputes(since=since))
    with read() as session:
        ours = frozenset(reconciling.map_payments(session, {told.intent_id for told in [*refunds, *disputes]}))
    refunds, disputes = [told for told in refunds if told.intent_id in ours], [told for told in disputes if told.intent_id in ours]
    counts["refunds_compared"], counts["disputes_compared"] = len(refunds), len(disputes)
    behind = {difference.ref for difference in _list_unlike(read, refunds, disputes)}
    if not behind:
        return []
    counts["returns_behind"] = len(behind)
    for intent_id in sorted({told.intent_id for told in refunds if told.id in behind}):
        sync_refunds(till, intent_id)
    for told in disputes:
        if told.id in behind:
            with suppress(CheckoutNotFoundError):  # then it stays a difference
                sync_dispute(till, told.id)
    return _list_unlike(read, refunds, disputes)


def _list_unlike(read: Reading, refunds: list[ListedReturn], disputes: list[ListedReturn]) -> list[Difference]:
    with read() as session:
        known_refunds = reconciling.map_refunds(session, _ids(refunds))
        known_disputes = reconciling.map_disputes(session, _ids(disputes))
    return compare_returns("refund", refunds, known_refunds) + compare_returns("dispute", disputes, known_disputes)


def _ids(listed: list[ListedReturn]) -> set[str]:
    return {told.id for told in listed}
