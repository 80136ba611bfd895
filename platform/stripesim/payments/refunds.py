"""Refunds: money on its way back to where it came from."""

from stripesim import money
from stripesim.api.endpoint import Call, Endpoint, find_named, listing
from stripesim.api.errors import exclusive, invalid, missing_param, refused
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Choice, Email, Field, Group, Integer, Metadata, Range, Text
from stripesim.disputes import opening
from stripesim.events import emit
from stripesim.ids import new_id
from stripesim.metadata import merged
from stripesim.payments import balance, charges
from stripesim.payments.cards import Behavior
from stripesim.store import Doc
from stripesim.work import Work

DAY = 24 * 3600
FIELDS: dict[str, Field] = {
    "amount": Integer(1),
    "charge": Text(),
    "instructions_email": Email(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
}
# How the bank that a refund goes to is named in `destination_details`.
BANKS = {"us_bank_account": "us_bank_transfer", "sepa_debit": "eu_bank_transfer"}
UNSETTLED = ("pending", "requires_action")


def create_refund(call: Call) -> Doc:
    charge = _find_charge(call)
    return make_refund(call.work, charge, call.params)


def make_refund(work: Work, charge: Doc, params: Doc) -> Doc:
    """Send money back: all that is left of the charge, or the given amount of it."""
    amount = _checked_amount(work, charge, params.get("amount"))
    pends = work.books.private(charge["id"])["behavior"] == Behavior.REFUND_PENDS
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": _destination(charge, "pending"),
        "metadata": merged({}, params),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if pends else "succeeded",
        "transfer_reversal": None,
    }
    if pends:
        refund["pending_reason"] = "processing"
    refund["balance_transaction"] = balance.record_refund(work, refund)["id"]
    work.books.insert(refund, {"instructions_email": params.get("instructions_email")})
    emit(work, "refund.created", refund)
    changed = charges.add_refunded(work, charge, amount)
    if changed["refunded"]:
        opening.close_inquiries(work, changed)
    return _sent(work, charge, refund)


def _sent(work: Work, charge: Doc, refund: Doc) -> Doc:
    """What follows at once, and what follows later, as the card is made."""
    if refund["status"] == "pending":
        work.books.schedule("settle_refund", refund["id"], at=work.now + DAY)
        return refund
    if work.books.private(charge["id"])["behavior"] == Behavior.REFUND_FAILS:
        work.books.schedule("fail_refund", refund["id"], at=work.now + DAY)
    return _change(work, refund, {"destination_details": _destination(charge, "available")})


def settle_refund(work: Work, refund: Doc) -> Doc:
    """The money arrived. Only for a refund that is under way."""
    if refund["status"] not in UNSETTLED:
        return refund
    charge = work.books.get("charge", refund["charge"])
    return _change(
        work, _without_waiting(refund), {"destination_details": _destination(charge, "available"), "status": "succeeded"}, before=refund
    )


def fail_refund(work: Work, refund: Doc) -> Doc:
    """The money came back: the card is gone. This may happen to a refund that had succeeded."""
    if refund["status"] not in (*UNSETTLED, "succeeded"):
        return refund
    back = balance.record_failure(work, refund)
    changes = {"failure_balance_transaction": back["id"], "failure_reason": "expired_or_canceled_card", "status": "failed"}
    failed = _change(work, _without_waiting(refund), changes, before=refund)
    emit(work, "refund.failed", failed)
    charges.take_back_refunded(work, work.books.get("charge", refund["charge"]), refund["amount"])
    return failed


def ask_for_action(work: Work, refund: Doc) -> Doc:
    """The buyer must say where the money should go; they are sent an e-mail."""
    if refund["status"] != "pending":
        return refund
    charge = work.books.get("charge", refund["charge"])
    address = work.books.private(refund["id"])["instructions_email"] or charge["billing_details"]["email"]
    asked = {"email_sent": {"email_sent_at": work.now, "email_sent_to": address}, "expires_at": work.now + 45 * DAY}
    action = {"display_details": asked, "type": "display_details"}
    changes = {"instructions_email": address, "next_action": action, "status": "requires_action"}
    return _change(work, _without_waiting(refund), changes, before=refund)


def stop_refund(work: Work, refund: Doc) -> Doc:
    """Take back a refund that waits for the buyer."""
    if refund["status"] != "requires_action":
        raise refused(f"A refund that is {refund['status']} cannot be canceled; only one that requires action can.")
    back = balance.record_failure(work, refund)
    canceled = _change(work, _without_waiting(refund), {"failure_balance_transaction": back["id"], "status": "canceled"}, before=refund)
    charges.take_back_refunded(work, work.books.get("charge", refund["charge"]), refund["amount"])
    return canceled


def _without_waiting(refund: Doc) -> Doc:
    return {name: value for name, value in refund.items() if name not in ("next_action", "pending_reason")}


def _change(work: Work, refund: Doc, changes: Doc, *, before: Doc | None = None) -> Doc:
    changed = refund | changes
    work.books.update(changed)
    emit(work, "refund.updated", changed, before=before or refund)
    return changed


def _destination(charge: Doc, reference_status: str) -> Doc:
    """How the buyer's bank can find the refund; the number comes a moment later."""
    kind = charge["payment_method_details"]["type"]
    reference = "1234567890123456" if reference_status == "available" else None
    if kind in BANKS:
        return {BANKS[kind]: {"reference": reference, "reference_status": reference_status}, "type": BANKS[kind]}
    card = {
        "reference_status": reference_status,
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    if reference is not None:
        card["reference"] = reference
    return {"card": card, "type": "card"}


def _find_charge(call: Call) -> Doc:
    params, work = call.params, call.work
    if "charge" in params and "payment_intent" in params:
        raise exclusive("charge", "payment_intent")
    if "charge" in params:
        return find_named(work, "charge", params["charge"], param="charge", status=404)
    if "payment_intent" not in params:
        raise missing_param("payment_intent")
    intent_id = params["payment_intent"]
    intent = find_named(work, "payment_intent", intent_id, param="payment_intent", status=404)
    if intent["status"] != "succeeded":
        raise refused(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.")
    return work.books.get("charge", intent["latest_charge"])


def _checked_amount(work: Work, charge: Doc, wanted: int | None) -> int:
    charge_id, left = charge["id"], charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise refused(f"Charge {charge_id} was not paid.", code="charge_not_refundable")
    if opening.blocking(work, charge) is not None:
        message = f"Charge {charge_id} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")
    if left == 0:
        message = f"Charge {charge_id} has already been refunded."
        raise refused(message, code="charge_already_refunded")
    if wanted is not None and wanted > left:
        asked, rest = (money.written(sum_, charge["currency"]) for sum_ in (wanted, left))
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
        raise invalid(message, param="amount")
    return wanted or left


def get_refund(call: Call) -> Doc:
    return call.subject("refund")


def update_refund(call: Call) -> Doc:
    refund = call.subject("refund")
    changes = {"metadata": merged(refund["metadata"], call.params)}
    return refund if changes["metadata"] == refund["metadata"] else _change(call.work, refund, changes)


def cancel_refund(call: Call) -> Doc:
    return stop_refund(call.work, call.subject("refund"))


def list_refunds(call: Call) -> Doc:
    return page(call, "refund", conditions_of(call.params, "charge", "created", "payment_intent"))


ENDPOINTS = (
    Endpoint("POST", "/v1/refunds", create_refund, Group(FIELDS)),
    Endpoint("GET", "/v1/refunds/<object_id>", get_refund),
    Endpoint("POST", "/v1/refunds/<object_id>", update_refund, Group({"metadata": Metadata()})),
    Endpoint("POST", "/v1/refunds/<object_id>/cancel", cancel_refund),
    listing(
        "/v1/refunds",
        list_refunds,
        {"charge": Text(), "created": Range(), "payment_intent": Text()},
    ),
)
