"""All receipts and credit notes, for whoever is asked for one by its number."""

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from laurel.backoffice.navigation import work_nav
from laurel.commerce.queries import receipts
from laurel.commerce.typst_gateway import render_receipt
from laurel.web.access import policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session, end_transaction
from laurel.web.static import FOLDER

bp = Blueprint("backoffice_receipts", __name__, url_prefix="/backoffice/receipts")


@bp.get("")
@policy(GET="orders:read")
def receipt_list() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()[:100]
    page: Page[Any] = paginate(current_session(), receipts.select_receipts(words=words), scalars=False)
    return render_template("backoffice/receipt_list.html", page=page, words=words, work_nav=work_nav())


@bp.get("/<receipt_number>.pdf")
@policy(GET="orders:read")
def receipt_pdf(receipt_number: str) -> ResponseReturnValue:
    session = current_session()
    receipt = receipts.get_receipt(session, receipt_number)
    sheet, number, dated = receipts.read_sheet(session, receipt), receipt.number, receipt.issued_at
    end_transaction()
    response = Response(render_receipt(sheet, logo=(FOLDER / "img" / "laurel.svg").read_text(), dated=dated), mimetype="application/pdf")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return response
