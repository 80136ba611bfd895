"""A dispute begins: what the bank says, and the money that leaves while it decides."""

from stripesim.disputes.evidence import NONE_YET
from stripesim.events import emit
from stripesim.ids import new_id
from stripesim.payments import balance, charges
from stripesim.store import Condition, Doc
from stripesim.work import Work

DAY = 24 * 3600
DAYS_TO_ANSWER = 9
REASONS = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
# While a charge has a dispute in one of these, no refund of it is possible.
BLOCKING = ("needs_response", "under_review", "lost")
OVER = ("won", "lost", "warning_closed", "prevented")


def open_dispute(work: Work, charge: Doc, *, amount: int | None = None, reason: str = "fraudulent", is_inquiry: bool = False) -> Doc:
    """A chargeback, or an inquiry: the bank's question that takes no money yet."""
    dispute = {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": amount or charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": NONE_YET
        | {"customer_email_address": charge["billing_details"]["email"], "customer_name": charge["billing_details"]["name"]},
        "evidence_details": {
            "due_by": work.now + DAYS_TO_ANSWER * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4" if charge["payment_method_details"]["type"] == "card" else None,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
    if charge["payment_method_details"]["type"] == "card":
        dispute["payment_method_details"] = _card(is_inquiry=is_inquiry)
    work.books.insert(dispute)
    work.books.schedule("dispute_deadline", dispute["id"], at=dispute["evidence_details"]["due_by"])
    emit(work, "charge.dispute.created", dispute)
    return dispute if is_inquiry else _withdraw(work, charge, dispute)


def _card(*, is_inquiry: bool) -> Doc:
    return {
        "card": {
            "brand": "visa",
            "case_type": "inquiry" if is_inquiry else "chargeback",
            "network": "visa",
            "network_reason_code": "10.4",
        },
        "type": "card",
    }


def _withdraw(work: Work, charge: Doc, dispute: Doc) -> Doc:
    charges.mark_disputed(work, charge)
    taken = balance.record_dispute(work, dispute)
    changed = dispute | {"balance_transactions": [taken]}
    work.books.update(changed)
    emit(work, "charge.dispute.funds_withdrawn", changed)
    return changed


def blocking(work: Work, charge: Doc) -> Doc | None:
    """The dispute that keeps a charge from being refunded."""
    conditions = [Condition("charge", "=", charge["id"]), Condition("status", "IN", BLOCKING)]
    found = work.books.list("dispute", conditions, limit=1)
    return found[0] if found else None


def close_inquiries(work: Work, charge: Doc) -> None:
    """The buyer has their money back: the bank asks no more."""
    conditions = [Condition("charge", "=", charge["id"]), Condition("status", "IN", ("warning_needs_response", "warning_under_review"))]
    for inquiry in work.books.list("dispute", conditions):
        end(work, inquiry, "warning_closed")


def end(work: Work, dispute: Doc, outcome: str) -> Doc:
    """The bank's word, once: the shop gets its money back unless it lost."""
    if dispute["status"] in OVER:
        return dispute
    closed = dispute | {"status": outcome, "is_charge_refundable": outcome != "lost"}
    work.books.update(closed)
    emit(work, "charge.dispute.closed", closed)
    if outcome == "lost" or not dispute["balance_transactions"]:
        return closed
    back = balance.record_reversal(work, closed)
    reinstated = closed | {"balance_transactions": [*closed["balance_transactions"], back]}
    work.books.update(reinstated)
    emit(work, "charge.dispute.funds_reinstated", reinstated)
    return reinstated


def meet_deadline(work: Work, dispute: Doc) -> None:
    """The last day is over: a chargeback that nobody answered is lost; what was answered is decided for the shop."""
    details = dispute["evidence_details"] | {"past_due": not dispute["evidence_details"]["submission_count"]}
    if dispute["status"] in OVER:
        return
    late = dispute | {"evidence_details": details}
    if dispute["status"].startswith("warning_"):
        end(work, late, "warning_closed")
    else:
        end(work, late, "lost" if details["past_due"] else "won")
