"""Disputes: what waits for an answer, most urgent first; the evidence pack; giving in."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.evidence import gather_evidence
from laurel.backoffice.forms import EvidenceForm
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.till import staff_till
from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.services.disputes import DisputeOverError
from laurel.core.db import database_now
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, end_transaction

bp = Blueprint("backoffice_disputes", __name__, url_prefix="/backoffice/disputes")
SOON = timedelta(days=2)
SILENT = "Stripe is not answering. Nothing was sent; try again in a minute."


@bp.get("")
@policy(GET="orders:read")
def dispute_list() -> ResponseReturnValue:
    is_over = request.args.get("status") == "over"
    session = current_session()
    now = database_now(session)
    page = paginate(session, queries.select_disputes(is_over=is_over), scalars=False)
    return render_template("backoffice/dispute_list.html", page=page, is_over=is_over, now=now, soon=now + SOON, work_nav=work_nav())


@bp.get("/<uuid:dispute_id>")
@policy(GET="orders:read")
def dispute_page(dispute_id: UUID) -> ResponseReturnValue:
    return show(dispute_id)


def show(dispute_id: UUID, *, form: EvidenceForm | None = None, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The dispute, with the draft of our answer while one may be sent."""
    session = current_session()
    dispute = queries.get_dispute(session, dispute_id)
    order = queries.get_order(session, dispute.order_id)
    if form is None:
        public_url = current_app.extensions["laurel_settings"].public_url
        form = EvidenceForm(formdata=None, data=gather_evidence(session, order, public_url=public_url))
    page = render_template("backoffice/dispute_page.html", dispute=dispute, order=order, form=form, problem=problem, work_nav=work_nav())
    return page, status


@bp.post("/<uuid:dispute_id>/evidence")
@policy(POST="payments:write")
def send_evidence(dispute_id: UUID) -> ResponseReturnValue:
    queries.get_dispute(current_session(), dispute_id)
    form = EvidenceForm()
    if not form.validate():
        return show(dispute_id, form=form, status=400)
    desk = staff_till()
    end_transaction()
    try:
        services.send_evidence(desk, dispute_id, form.texts(), actor_id=my_id())
    except PaymentsUnavailableError:
        return show(dispute_id, form=form, problem=SILENT, status=503)
    except DisputeOverError as error:
        flash(error.message, "warning")
    else:
        flash("Sent. The bank decides now; that takes up to two months.", "success")
    return redirect(url_for(".dispute_page", dispute_id=dispute_id), 303)


@bp.post("/<uuid:dispute_id>/accept")
@policy(POST="payments:write")
def accept(dispute_id: UUID) -> ResponseReturnValue:
    """Give in: the buyer keeps the money. It cannot be taken back."""
    queries.get_dispute(current_session(), dispute_id)
    desk = staff_till()
    end_transaction()
    try:
        services.accept_dispute(desk, dispute_id)
    except PaymentsUnavailableError:
        return show(dispute_id, problem=SILENT, status=503)
    except DisputeOverError as error:
        flash(error.message, "warning")
    else:
        flash("You gave in. The buyer keeps the money, and what it bought has ended.", "success")
    return redirect(url_for(".dispute_page", dispute_id=dispute_id), 303)
