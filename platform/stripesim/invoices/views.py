"""An invoice as its buyer sees it: a page and a PDF."""

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

from stripesim import money
from stripesim.invoices.pdf import write_pdf
from stripesim.pay.pages import show_page
from stripesim.sandbox import Sandbox
from stripesim.store import Doc

bp = Blueprint("invoices", __name__, template_folder="templates")


@bp.get("/sandbox/invoices/<name>")
def invoice_page(name: str) -> ResponseReturnValue:
    """`in_…` is the page, `in_….pdf` the file."""
    invoice_id = name.removesuffix(".pdf")
    sandbox: Sandbox = current_app.extensions["sandbox"]
    with sandbox.work() as work:
        invoice = work.books.find("invoice", invoice_id)
    if invoice is None:
        return show_page("no_invoice.html", 404)
    if name == invoice_id:
        return show_page("invoice.html", invoice=invoice, dated=_day(invoice))
    return Response(
        write_pdf(f"Invoice {invoice['number']}", _lines(invoice)),
        mimetype="application/pdf",
        headers={"Content-Disposition": f"inline; filename={invoice['number']}.pdf", "Cache-Control": "no-store"},
    )


def _day(invoice: Doc) -> str:
    return datetime.fromtimestamp(invoice["created"], UTC).strftime("%-d %B %Y")


def _lines(invoice: Doc) -> list[str]:
    currency = invoice["currency"]
    bought = [f"{line['quantity']} x {line['description']}: {_sum(line['amount'], currency)}" for line in invoice["lines"]["data"]]
    off = [f"Discount: {_sum(-one['amount'], currency)}" for one in invoice["total_discount_amounts"]]
    taxes = [f"Tax: {_sum(one['amount'], currency)}" for one in invoice["total_taxes"]]
    return [
        "Sandbox: no real money",
        f"Dated {_day(invoice)}",
        f"From {invoice['account_name']}",
        f"To {invoice['customer_name']}, {invoice['customer_email']}",
        *(f"Tax id {one['value']}" for one in invoice["customer_tax_ids"]),
        "",
        *bought,
        *off,
        *taxes,
        "",
        f"Paid: {_sum(invoice['amount_paid'], currency)}",
        *([invoice["footer"]] if invoice["footer"] else []),
    ]


def _sum(amount: int, currency: str) -> str:
    """The PDF's letters have no mathematical minus."""
    return money.written(amount, currency).replace("−", "-")
