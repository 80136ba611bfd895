"""Events: what happened, told to the shop and kept for whoever asks later."""

from stripesim import API_VERSION
from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Boolean, ListOf, Range, Text
from stripesim.ids import new_id
from stripesim.store import Condition, Doc
from stripesim.webhooks.listeners import listeners
from stripesim.work import Work

LIFETIME = 30 * 24 * 3600
# All that happens here. A webhook endpoint may ask for any of it.
TYPES = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.failed",
    "charge.pending",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "coupon.created",
    "coupon.deleted",
    "coupon.updated",
    "customer.created",
    "customer.tax_id.created",
    "customer.updated",
    "invoice.paid",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "promotion_code.created",
    "promotion_code.updated",
    "radar.early_fraud_warning.created",
    "refund.created",
    "refund.failed",
    "refund.updated",
)


def emit(work: Work, kind: str, subject: Doc, *, before: Doc | None = None) -> Doc:
    """Record that `kind` happened to the subject and queue its delivery.

    `before` is the subject as it was, for the events that tell what changed.
    """
    data: Doc = {"object": subject}
    if kind not in TYPES:
        raise LookupError(f"{kind} is not in the list of events.")
    if before is not None:
        data["previous_attributes"] = {name: before.get(name) for name in {**before, **subject} if before.get(name) != subject.get(name)}
    event: Doc = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": work.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": len(listeners(work.books, kind)),
        "request": {
            "id": work.origin.request_id,
            "idempotency_key": work.origin.idempotency_key,
        },
        "type": kind,
    }
    work.books.insert(event)
    work.enqueue(work.books, event["id"])
    return event


def get_event(call: Call) -> Doc:
    return call.subject("event")


def list_events(call: Call) -> Doc:
    conditions = conditions_of(call.params, "created", "type")
    conditions.append(Condition("created", ">=", call.work.now - LIFETIME))
    if "types" in call.params:
        conditions.append(Condition("type", "IN", call.params["types"]))
    if "delivery_success" in call.params:
        sign = "=" if call.params["delivery_success"] else ">"
        conditions.append(Condition("pending_webhooks", sign, 0))
    return page(call, "event", conditions)


ENDPOINTS = (
    Endpoint("GET", "/v1/events/<object_id>", get_event),
    listing(
        "/v1/events",
        list_events,
        {
            "created": Range(),
            "delivery_success": Boolean(),
            "type": Text(),
            "types": ListOf(Text(), most=20),
        },
    ),
)
