"""Charges: one attempt to take the money, and what came of it."""

from stripesim.account import SETTINGS
from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.paging import conditions_of, envelope, page
from stripesim.api.shape import Range, Text
from stripesim.events import emit
from stripesim.ids import new_id
from stripesim.payments import balance
from stripesim.payments.cards import Behavior, Card
from stripesim.payments.methods import details_of
from stripesim.store import Condition, Doc
from stripesim.work import Work

SHOWN_REFUNDS = 10
# Null for every fresh charge; most stay so in the sandbox.
EMPTY = (
    "application",
    "application_fee",
    "application_fee_amount",
    "balance_transaction",
    "failure_balance_transaction",
    "on_behalf_of",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "transfer_data",
    "transfer_group",
)
COPIED = (
    "currency",
    "customer",
    "description",
    "metadata",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
)


def charge_card(work: Work, intent: Doc, method: Doc, card: Card, *, is_challenged: bool) -> Doc:
    """Take the intent's money from the card, or be declined by it."""
    is_approved = not card.decline_code
    charge = _fresh(work, intent, method, _outcome(card)) | {
        "amount_captured": intent["amount"] if is_approved else 0,
        "captured": is_approved,
        "failure_code": None if is_approved else "card_declined",
        "failure_message": card.decline_message or None,
        "paid": is_approved,
        "payment_method_details": details_of(method, is_challenged=is_challenged, is_approved=is_approved),
        "status": "succeeded" if is_approved else "failed",
    }
    if is_approved:
        charge["balance_transaction"] = balance.record_charge(work, charge)["id"]
    work.books.insert(charge, {"behavior": card.behavior})
    emit(work, "charge.succeeded" if is_approved else "charge.failed", charge)
    return charge


def start_debit(work: Work, intent: Doc, method: Doc) -> Doc:
    """Ask the buyer's bank for the money. It answers in some days."""
    charge = _fresh(work, intent, method, APPROVED) | {
        "amount_captured": intent["amount"],
        "captured": True,
        "failure_code": None,
        "failure_message": None,
        "paid": False,
        "payment_method_details": details_of(method, is_challenged=False, is_approved=True),
        "status": "pending",
    }
    work.books.insert(charge, {"behavior": Behavior.PAY})
    emit(work, "charge.pending", charge)
    return charge


def settle_debit(work: Work, charge: Doc, *, failure: str) -> Doc:
    """The bank's answer: the money, or the code of why it did not come."""
    if failure:
        settled = charge | {
            "amount_captured": 0,
            "captured": False,
            "failure_code": failure,
            "failure_message": "The customer's bank account has insufficient funds to cover this payment.",
            "status": "failed",
        }
    else:
        settled = charge | {"balance_transaction": balance.record_charge(work, charge)["id"], "paid": True, "status": "succeeded"}
    work.books.update(settled)
    emit(work, "charge.failed" if failure else "charge.succeeded", settled)
    return settled


def _fresh(work: Work, intent: Doc, method: Doc, outcome: Doc) -> Doc:
    """What every charge begins with."""
    suffix = intent["statement_descriptor_suffix"]
    prefix = SETTINGS["card_payments"]["statement_descriptor_prefix"]
    return {
        **dict.fromkeys(EMPTY),
        **{name: intent[name] for name in COPIED},
        "id": new_id("ch" if method["type"] == "card" else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": f"{prefix}* {suffix}" if suffix else prefix,
        "created": work.now,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "outcome": outcome,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "radar_options": {},
        "refunded": False,
    }


APPROVED = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 20,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def _outcome(card: Card) -> Doc:
    if not card.decline_code:
        return APPROVED
    return APPROVED | {
        "advice_code": "try_again_later",
        "network_decline_code": "05",
        "network_status": "declined_by_network",
        "reason": card.decline_code,
        "seller_message": "The bank did not return any further details.",
        "type": "issuer_declined",
    }


def take_back_refunded(work: Work, charge: Doc, amount: int) -> Doc:
    """Note that a refund did not arrive: its money is the shop's again."""
    changed = charge | {"amount_refunded": charge["amount_refunded"] - amount, "refunded": False}
    work.books.update(changed)
    emit(work, "charge.updated", changed, before=charge)
    return changed


def mark_disputed(work: Work, charge: Doc) -> None:
    work.books.update(charge | {"disputed": True})


def mark_fraudulent(work: Work, charge: Doc) -> Doc:
    changed = charge | {"fraud_details": {"stripe_report": "fraudulent"}}
    work.books.update(changed)
    return changed


def add_refunded(work: Work, charge: Doc, amount: int) -> Doc:
    """Note that a part (or all) of the money goes back."""
    total = charge["amount_refunded"] + amount
    changed = charge | {"amount_refunded": total, "refunded": total == charge["amount"]}
    work.books.update(changed)
    emit(work, "charge.refunded", changed, before=charge)
    return changed


def refunds_of(work: Work, charge: Doc) -> Doc:
    """The list that `expand[]=refunds` shows inside a charge."""
    found = work.books.list("refund", [Condition("charge", "=", charge["id"])], limit=SHOWN_REFUNDS + 1)
    url = f"/v1/charges/{charge['id']}/refunds"
    return envelope(found[:SHOWN_REFUNDS], url=url, has_more=len(found) > SHOWN_REFUNDS)


def get_charge(call: Call) -> Doc:
    return call.subject("charge")


def list_charges(call: Call) -> Doc:
    conditions = conditions_of(call.params, "created", "customer", "payment_intent")
    return page(call, "charge", conditions)


PARTS = {"charge": {"refunds": refunds_of}}
ENDPOINTS = (
    Endpoint("GET", "/v1/charges/<object_id>", get_charge),
    listing(
        "/v1/charges",
        list_charges,
        {"created": Range(), "customer": Text(), "payment_intent": Text()},
    ),
)
