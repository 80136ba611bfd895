"""A paid invoice, from a session and its lines."""

from stripesim.account import NAME
from stripesim.checkout.line_items import is_inclusive
from stripesim.ids import new_id
from stripesim.metadata import merged
from stripesim.store import Doc
from stripesim.work import Work

# Null for every invoice of the sandbox: it is paid at once and belongs to no subscription.
EMPTY = (
    "application",
    "automatically_finalizes_at",
    "customer_account",
    "customer_phone",
    "customer_shipping",
    "default_payment_method",
    "default_source",
    "due_date",
    "from_invoice",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "on_behalf_of",
    "parent",
    "receipt_number",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "test_clock",
)


def make_invoice(work: Work, session: Doc, private: Doc) -> Doc:
    """The invoice of a session that is paid for; `session` names the customer already."""
    invoice_id = new_id("in")
    customer = work.books.get("customer", session["customer"])
    discount = private["discount"] and private["discount"] | {"invoice": invoice_id}
    lines = [_line(work, line, invoice_id, discount) for line in private["line_items"]]
    invoice = {
        **_settled(work, invoice_id),
        **_amounts(session, private, discount),
        **_addressee(session),
        **_wishes(session),
        "automatic_tax": session["automatic_tax"] | {"disabled_reason": None},
        "currency": session["currency"],
        "customer": customer["id"],
        "discounts": [discount["id"]] if discount else [],
        "lines": {"object": "list", "data": lines, "has_more": False, "url": f"/v1/invoices/{invoice_id}/lines"},
        "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
    }
    work.books.update(customer | {"next_invoice_sequence": customer["next_invoice_sequence"] + 1})
    if discount:
        work.books.insert(discount)
    work.books.insert(invoice)
    return invoice


def _settled(work: Work, invoice_id: str) -> Doc:
    """What every invoice of the sandbox has: it is made and paid in one moment, and shown at its own address."""
    return {
        **dict.fromkeys(EMPTY),
        "id": invoice_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": NAME,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": work.now,
        "default_tax_rates": [],
        "effective_at": work.now,
        "hosted_invoice_url": f"{work.public_url}/sandbox/invoices/{invoice_id}",
        "invoice_pdf": f"{work.public_url}/sandbox/invoices/{invoice_id}.pdf",
        "livemode": False,
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": work.now,
        "period_start": work.now,
        "status": "paid",
        "status_transitions": {"finalized_at": work.now, "marked_uncollectible_at": None, "paid_at": work.now, "voided_at": None},
        "webhooks_delivered_at": work.now,
    }


def _amounts(session: Doc, private: Doc, discount: Doc | None) -> Doc:
    total, details = session["amount_total"], session["total_details"]
    off = details["amount_discount"]
    before_tax = total - details["amount_tax"]
    inclusive = sum(line["amount_tax"] for line in private["line_items"] if is_inclusive(line))
    return {
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": total,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "ending_balance": 0,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "subtotal": session["amount_subtotal"],
        "subtotal_excluding_tax": session["amount_subtotal"] - inclusive,
        "total": total,
        "total_discount_amounts": [{"amount": off, "discount": discount["id"]}] if discount else [],
        "total_excluding_tax": before_tax,
        "total_pretax_credit_amounts": [{"amount": off, "discount": discount["id"], "type": "discount"}] if discount else [],
        "total_taxes": [_tax(detail) for detail in private["taxes"]],
    }


def _addressee(session: Doc) -> Doc:
    details = session["customer_details"]
    return {
        "customer_address": details["address"],
        "customer_email": details["email"],
        "customer_name": details["business_name"] or details["name"],
        "customer_tax_exempt": details["tax_exempt"],
        "customer_tax_ids": details["tax_ids"],
    }


def _wishes(session: Doc) -> Doc:
    """What the shop asked for in `invoice_creation`."""
    data = session["invoice_creation"]["invoice_data"]
    options = data["rendering_options"]
    return {
        "account_tax_ids": data["account_tax_ids"],
        "custom_fields": data["custom_fields"],
        "description": data["description"],
        "footer": data["footer"],
        "issuer": data["issuer"] or {"type": "self"},
        "metadata": merged({}, {"metadata": data["metadata"] or {}}),
        "rendering": options and {**options, "pdf": None, "template_version": None},
    }


def _line(work: Work, item: Doc, invoice_id: str, discount: Doc | None) -> Doc:
    off = [{"amount": item["amount_discount"], "discount": discount["id"]}] if discount else []
    price = item["price"]
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": off,
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"end": work.now, "start": work.now},
        "pretax_credit_amounts": [one | {"type": "discount"} for one in off],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subscription": None,
        "subtotal": item["amount_subtotal"],
        "taxes": [],
    }


def _tax(detail: Doc) -> Doc:
    return {
        "amount": detail["amount"],
        "tax_behavior": "inclusive" if detail["rate"]["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": detail["rate"]["id"]},
        "taxability_reason": detail["taxability_reason"],
        "taxable_amount": detail["taxable_amount"],
        "type": "tax_rate_details",
    }
