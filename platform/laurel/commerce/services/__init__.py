"""Selling: placing orders, opening payment pages, believing Stripe, and giving rights.

Services that talk to the payment provider take a `Till` instead of a session: they run several short transactions and
make their calls between them.
"""

from laurel.commerce.services.checkout import buy, cancel_order, open_checkout
from laurel.commerce.services.discounts import archive_code, create_code
from laurel.commerce.services.disputes import accept_dispute, send_evidence, sync_dispute
from laurel.commerce.services.inbox import keep_notice, process_event, retry_due_events
from laurel.commerce.services.orders import change_prices, create_offering, place_order, set_price, withdraw_offering
from laurel.commerce.services.quoting import get_quote
from laurel.commerce.services.refund_sync import apply_refunds, sync_refunds
from laurel.commerce.services.refunds import request_refund, submit_refund, submit_refunds_of, submit_waiting_refunds
from laurel.commerce.services.renewals import close_permits, forget_permits, open_permit, return_fee, use_fee
from laurel.commerce.services.repeating import repeat_refund
from laurel.commerce.services.retakes import use_exam_credit
from laurel.commerce.services.seats import count_redeeming, forgive_redeeming, label_seat, mail_seat, redeem_seat, replace_code
from laurel.commerce.services.sync import apply_checkout, claim_sync, sync_checkout
from laurel.commerce.services.tasks import accept_held_order, ask_for_refund, refund_by_learner, refund_held_order, resolve_task
from laurel.commerce.services.till import Till

__all__ = [
    "Till",
    "accept_dispute",
    "accept_held_order",
    "apply_checkout",
    "apply_refunds",
    "archive_code",
    "ask_for_refund",
    "buy",
    "cancel_order",
    "change_prices",
    "claim_sync",
    "close_permits",
    "count_redeeming",
    "create_code",
    "create_offering",
    "forget_permits",
    "forgive_redeeming",
    "get_quote",
    "keep_notice",
    "label_seat",
    "mail_seat",
    "open_checkout",
    "open_permit",
    "place_order",
    "process_event",
    "redeem_seat",
    "refund_by_learner",
    "refund_held_order",
    "repeat_refund",
    "replace_code",
    "request_refund",
    "resolve_task",
    "retry_due_events",
    "return_fee",
    "send_evidence",
    "set_price",
    "submit_refund",
    "submit_refunds_of",
    "submit_waiting_refunds",
    "sync_checkout",
    "sync_dispute",
    "sync_refunds",
    "use_exam_credit",
    "use_fee",
    "withdraw_offering",
]
