"""Early fraud warnings: a card network doubts a payment, and a dispute may follow."""

from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Range, Text
from stripesim.events import emit
from stripesim.ids import new_id
from stripesim.payments.charges import mark_fraudulent
from stripesim.store import Doc
from stripesim.work import Work

KIND = "radar.early_fraud_warning"


def warn(work: Work, charge: Doc) -> Doc:
    mark_fraudulent(work, charge)
    warning = {
        "id": new_id("issfr"),
        "object": KIND,
        "actionable": not charge["refunded"] and not charge["disputed"],
        "charge": charge["id"],
        "created": work.now,
        "fraud_type": "made_with_stolen_card",
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    work.books.insert(warning)
    emit(work, "radar.early_fraud_warning.created", warning)
    return warning


def get_warning(call: Call) -> Doc:
    return call.subject(KIND, label="early fraud warning")


def list_warnings(call: Call) -> Doc:
    return page(call, KIND, conditions_of(call.params, "charge", "created", "payment_intent"))


ENDPOINTS = (
    Endpoint("GET", "/v1/radar/early_fraud_warnings/<object_id>", get_warning),
    listing("/v1/radar/early_fraud_warnings", list_warnings, {"charge": Text(), "created": Range(), "payment_intent": Text()}),
)
