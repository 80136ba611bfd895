"""Refunds: money on its way back to the card it came from."""

from stripesim import money
from stripesim.api.endpoint import Call, Endpoint, find_named, listing
from stripesim.api.errors import exclusive, invalid, missing_param, refused
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Choice, Field, Group, Integer, Metadata, Range, Text
from stripesim.events import emit
from stripesim.ids import new_id
from stripesim.metadata import merged
from stripesim.payments import balance, charges
from stripesim.store import Doc
from stripesim.work import Work

FIELDS: dict[str, Field] = {
    "amount": Integer(1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
}


def create_refund(call: Call) -> Doc:
    charge = _find_charge(call)
    return make_refund(call.work, charge, call.params)


def make_refund(work: Work, charge: Doc, params: Doc) -> Doc:
    """Send money back: all that is left of the charge, or the given amount of it."""
    amount = _checked_amount(charge, params.get("amount"))
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
        "destination_details": _destination("pending"),
        "metadata": merged({}, params),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    refund["balance_transaction"] = balance.record_refund(work, refund)["id"]
    work.books.insert(refund)
    emit(work, "refund.created", refund)
    charges.add_refunded(work, charge, amount)
    arrived = refund | {"destination_details": _destination("available")}
    work.books.update(arrived)
    emit(work, "refund.updated", arrived, before=refund)
    return arrived


def _destination(reference_status: str) -> Doc:
    """How the card's bank can find the refund; the number comes a moment later."""
    card = {
        "reference_status": reference_status,
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    if reference_status == "available":
        card["reference"] = "1234567890123456"
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


def _checked_amount(charge: Doc, wanted: int | None) -> int:
    charge_id, left = charge["id"], charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise refused(f"Charge {charge_id} was not paid.", code="charge_not_refundable")
    if charge["disputed"]:
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
    changed = refund | {"metadata": merged(refund["metadata"], call.params)}
    call.work.books.update(changed)
    return changed


def list_refunds(call: Call) -> Doc:
    return page(call, "refund", conditions_of(call.params, "charge", "created", "payment_intent"))


ENDPOINTS = (
    Endpoint("POST", "/v1/refunds", create_refund, Group(FIELDS)),
    Endpoint("GET", "/v1/refunds/<object_id>", get_refund),
    Endpoint("POST", "/v1/refunds/<object_id>", update_refund, Group({"metadata": Metadata()})),
    listing(
        "/v1/refunds",
        list_refunds,
        {"charge": Text(), "created": Range(), "payment_intent": Text()},
    ),
)
