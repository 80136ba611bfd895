"""Payment intents: one buyer's will to pay one sum, through as many attempts as it takes."""

from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.errors import DOCS
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Group, Metadata, Range, Text
from stripesim.events import emit
from stripesim.ids import new_id, random_text
from stripesim.metadata import merged
from stripesim.payments.methods import options_for, types_for
from stripesim.store import Doc
from stripesim.work import Work

# Null when an intent is made; most stay so in the sandbox.
EMPTY = (
    "allowed_payment_method_types",
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "customer_account",
    "excluded_payment_method_types",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "payment_record",
    "processing",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "transfer_data",
    "transfer_group",
)
CARD_OPTIONS = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}
OPEN = ("requires_payment_method", "requires_action", "requires_confirmation")


def make_intent(work: Work, session: Doc, wishes: Doc) -> Doc:
    """The intent of a session; `wishes` is the session's `payment_intent_data`."""
    intent_id = new_id("pi")
    amount = session["amount_total"]
    intent = {
        **dict.fromkeys(EMPTY),
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{random_text(25)}",
        "confirmation_method": "automatic",
        "created": work.now,
        "currency": session["currency"],
        "customer": session["customer"],
        "description": wishes.get("description"),
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": wishes.get("metadata") or {},
        "payment_method_options": options_for(session["currency"], card=CARD_OPTIONS),
        "payment_method_types": types_for(session["currency"]),
        "receipt_email": wishes.get("receipt_email"),
        "statement_descriptor": wishes.get("statement_descriptor"),
        "statement_descriptor_suffix": wishes.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
    }
    work.books.insert(intent)
    emit(work, "payment_intent.created", intent)
    return intent


def ask_bank(work: Work, intent: Doc, method: Doc) -> Doc:
    """Wait for the buyer to prove themself to their bank (3-D Secure)."""
    asked = intent | {
        "last_payment_error": None,
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}},
        "payment_method": method["id"],
        "status": "requires_action",
    }
    work.books.update(asked)
    emit(work, "payment_intent.requires_action", asked)
    return asked


def wait_for_bank(work: Work, intent: Doc, charge: Doc) -> Doc:
    """A debit is under way; the buyer is through."""
    waiting = intent | {
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "payment_method": charge["payment_method"],
        "status": "processing",
    }
    work.books.update(waiting)
    emit(work, "payment_intent.processing", waiting)
    return waiting


def succeed(work: Work, intent: Doc, charge: Doc) -> Doc:
    done = intent | {
        "amount_received": charge["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": charge["payment_method"],
        "status": "succeeded",
    }
    work.books.update(done)
    emit(work, "payment_intent.succeeded", done)
    return done


def fail(work: Work, intent: Doc, *, method: Doc, code: str, message: str, charge: Doc | None = None) -> Doc:
    """Back to the beginning: another payment method is needed."""
    error = {
        "code": code,
        "doc_url": f"{DOCS}#{code.replace('_', '-')}",
        "message": message,
        "payment_method": method,
        "type": "card_error" if charge is not None and method["type"] == "card" else "invalid_request_error",
    }
    if charge is not None:
        error["charge"] = charge["id"]
    if charge is not None and charge["outcome"]["reason"] is not None:
        error["decline_code"] = charge["outcome"]["reason"]
    failed = intent | {
        "last_payment_error": error,
        "latest_charge": charge["id"] if charge is not None else intent["latest_charge"],
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    work.books.update(failed)
    emit(work, "payment_intent.payment_failed", failed)
    return failed


def cancel(work: Work, intent: Doc) -> Doc:
    """Give up: the session behind it has expired. A finished intent stays as it is."""
    if intent["status"] not in OPEN:
        return intent
    canceled = intent | {
        "canceled_at": work.now,
        "cancellation_reason": "expired",
        "next_action": None,
        "status": "canceled",
    }
    work.books.update(canceled)
    emit(work, "payment_intent.canceled", canceled)
    return canceled


def get_intent(call: Call) -> Doc:
    return call.subject("payment_intent")


def list_intents(call: Call) -> Doc:
    return page(call, "payment_intent", conditions_of(call.params, "created", "customer"))


def update_intent(call: Call) -> Doc:
    intent = call.subject("payment_intent")
    changes = {name: value for name, value in call.params.items() if name == "description"}
    changed = intent | changes | {"metadata": merged(intent["metadata"], call.params)}
    call.work.books.update(changed)
    return changed


ENDPOINTS = (
    Endpoint("GET", "/v1/payment_intents/<object_id>", get_intent),
    Endpoint(
        "POST",
        "/v1/payment_intents/<object_id>",
        update_intent,
        Group({"description": Text(1000), "metadata": Metadata()}),
    ),
    listing("/v1/payment_intents", list_intents, {"created": Range(), "customer": Text()}),
)
