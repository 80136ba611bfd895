"""The buyer's receipts and credit notes, as pages and as PDF."""

from uuid import UUID

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.commerce import queries
from laurel.commerce.models import Receipt
from laurel.commerce.queries import receipts
from laurel.commerce.rules import OrderState
from laurel.commerce.typst_gateway import render_receipt
from laurel.commerce.views.edge import bp
from laurel.core.errors import ConflictError
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.session import current_session, end_transaction
from laurel.web.static import FOLDER


@bp.get("/orders/<uuid:order_id>/receipt")
@policy(GET=SIGNED_IN)
def order_receipt(order_id: UUID) -> ResponseReturnValue:
    """On to the order's receipt, for those who know the order's number only."""
    session = current_session()
    order = queries.get_order_of(session, my_id(), order_id)
    receipt = receipts.find_receipt_of(session, order.id)
    if receipt is not None:
        return redirect(url_for(".receipt_page", receipt_number=receipt.number))
    if order.state is OrderState.PAID:
        raise ConflictError("The receipt of this order is being written. Look again in a few minutes.")
    raise ConflictError("There is a receipt as soon as the order is paid.")


@bp.get("/receipts/<receipt_number>")
@policy(GET=SIGNED_IN)
def receipt_page(receipt_number: str) -> ResponseReturnValue:
    session = current_session()
    receipt = receipts.get_receipt_of(session, my_id(), receipt_number)
    return render_template(
        "commerce/receipt_page.html",
        sheet=receipts.read_sheet(session, receipt),
        order=queries.get_order_of(session, my_id(), receipt.order_id),
        others=[other for other in receipts.list_receipts_of(session, receipt.order_id) if other.id != receipt.id],
    )


@bp.get("/receipts/<receipt_number>.pdf")
@policy(GET=SIGNED_IN)
def receipt_pdf(receipt_number: str) -> ResponseReturnValue:
    return as_pdf(receipts.get_receipt_of(current_session(), my_id(), receipt_number))


def as_pdf(receipt: Receipt) -> Response:
    """The receipt as a file to keep. Typesetting takes a moment: the transaction ends before it."""
    sheet = receipts.read_sheet(current_session(), receipt)
    number, dated = receipt.number, receipt.issued_at
    end_transaction()
    response = Response(render_receipt(sheet, logo=(FOLDER / "img" / "laurel.svg").read_text(), dated=dated), mimetype="application/pdf")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return response
