"""Invoices over the API."""

from stripesim.api.endpoint import PAGE, Call, Endpoint, listing
from stripesim.api.paging import conditions_of, envelope, page, slice_of
from stripesim.api.shape import Choice, Group, Range, Text
from stripesim.ids import new_id
from stripesim.store import Condition, Doc
from stripesim.work import Work


def get_invoice(call: Call) -> Doc:
    return call.subject("invoice")


def list_invoices(call: Call) -> Doc:
    return page(call, "invoice", conditions_of(call.params, "created", "customer", "status"))


def list_lines(call: Call) -> Doc:
    return slice_of(call, call.subject("invoice")["lines"]["data"])


def payments_of(work: Work, invoice: Doc) -> Doc:
    """The payment behind an invoice, as `expand[]=payments` shows it."""
    sessions = work.books.list("checkout.session", [Condition("invoice", "=", invoice["id"])], limit=1)
    intent_id = sessions[0]["payment_intent"] if sessions else None
    found = [_payment(invoice, intent_id)] if intent_id else []
    return envelope(found, url="/v1/invoice_payments", has_more=False)


def _payment(invoice: Doc, intent_id: str) -> Doc:
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": invoice["amount_paid"],
        "amount_requested": invoice["amount_due"],
        "created": invoice["created"],
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent_id, "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": invoice["created"]},
    }


PARTS = {"invoice": {"payments": payments_of}}
STATUSES = ("draft", "open", "paid", "uncollectible", "void")
ENDPOINTS = (
    Endpoint("GET", "/v1/invoices/<object_id>", get_invoice),
    Endpoint("GET", "/v1/invoices/<object_id>/lines", list_lines, Group(PAGE)),
    listing("/v1/invoices", list_invoices, {"created": Range(), "customer": Text(), "status": Choice(STATUSES)}),
)
