"""Refunds by line: what goes back, what would end with it, and only then the button."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.backoffice.forms import RefundForm, refund_form, show_error
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.till import staff_till
from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Order
from laurel.commerce.queries import LineStand
from laurel.commerce.rules import AccessEffect, OfferingKind, RefundOrigin, RefundReason, RefundState
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.ids import id_or_new
from laurel.credentials.queries import find_credential_of
from laurel.web.access import my_id, policy
from laurel.web.session import current_session, end_transaction, transaction

bp = Blueprint("backoffice_refunds", __name__, url_prefix="/backoffice/orders")
Parts = Mapping[UUID, tuple[int, int]]


@bp.route("/<uuid:order_id>/refund", methods=["GET", "POST"])
@policy(GET="payments:write", POST="payments:write")
def refund_page(order_id: UUID) -> ResponseReturnValue:
    """First what would happen, then the button; a change in between shows it again."""
    session = current_session()
    order = queries.get_order(session, order_id)
    stands = [stand for stand in queries.list_line_stands(session, order) if stand.money.left > 0]
    if not stands:
        flash("There is nothing to give back in this order.", "info")
        return redirect(url_for("backoffice_orders.order_page", order_id=order_id), 303)
    form = refund_form(stands, order.currency)
    if not form.is_submitted():
        return show(order, stands, form)
    return answer(order, stands, form) if form.validate() else show(order, stands, form, status=400)


def answer(order: Order, stands: Sequence[LineStand], form: RefundForm) -> ResponseReturnValue:
    """Show what would happen; refund if exactly that was shown before."""
    try:
        parts = form.parts(stands, order.currency)
        seen = digest(parts, form)
        if request.form.get("act") == "refund" and form.seen.data == seen:
            return perform(order, parts, form)
    except InvalidInputError as error:
        show_error(form, error)
        return show(order, stands, form, status=400)
    except ConflictError as error:
        form.form_errors.append(error.message)
        return show(order, stands, form, status=409)
    form.seen.data = seen
    return show(order, stands, form, parts=parts)


def digest(parts: Parts, form: RefundForm) -> str:
    """Names what staff were shown: other amounts or another effect have another name."""
    words = f"{sorted((str(line_id), part) for line_id, part in parts.items())} {form.access.data}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def perform(order: Order, parts: Parts, form: RefundForm) -> ResponseReturnValue:
    """Write the refund down, then ask Stripe."""
    desk = staff_till()
    with transaction() as session:
        refund_id = services.request_refund(
            session,
            order.id,
            lines=[(line_id, amount, seats) for line_id, (amount, seats) in parts.items()],
            reason=RefundReason(form.reason.data),
            access_effect=AccessEffect(form.access.data),
            origin=RefundOrigin.STAFF,
            env=desk.env,
            now=desk.now,
            actor_id=my_id(),
            note=form.note.data or "",
            refund_id=id_or_new(form.refund_id.data),
        ).id
    back = redirect(url_for("backoffice_orders.order_page", order_id=order.id), 303)
    try:
        refund = services.submit_refund(desk, refund_id)
    except PaymentsUnavailableError:
        flash("The refund is written down. Stripe is not answering, so it is asked again by itself every minute.", "warning")
        return back
    if refund.state is RefundState.FAILED:
        flash(f"Nothing went back. {refund.failure}", "error")
    else:
        flash("The money is back." if refund.state is RefundState.SUCCEEDED else "The money is on its way.", "success")
    return back


def show(
    order: Order, stands: Sequence[LineStand], form: RefundForm, *, parts: Parts | None = None, status: int = 200
) -> ResponseReturnValue:
    session = current_session()
    effects: list[str] = []
    if parts is not None:
        effect = AccessEffect(form.access.data)
        effects = queries.foresee_refund(session, order, parts, effect)
        if effect is AccessEffect.REVOKE:
            effects += about_certificates(session, order, [stand for stand in stands if stand.line.id in parts])
    page = render_template(
        "backoffice/refund_page.html",
        order=order,
        stands=stands,
        form=form,
        effects=effects,
        total=sum(amount for amount, _seats in parts.values()) if parts is not None else 0,
        work_nav=work_nav(),
    )
    return page, status


def about_certificates(session: Session, order: Order, stands: Sequence[LineStand]) -> list[str]:
    """A refund ends access, never a certificate: staff decide about that by itself."""
    sentences = []
    for stand in stands:
        record = find_credential_of(session, order.buyer_id, stand.line.offering.course_id)
        if record is not None and stand.line.kind is OfferingKind.COURSE:
            sentences.append(f"{order.buyer.name} holds certificate {record.credential.number} for it. It stays {record.credential.state}.")
    return sentences


@bp.post("/<uuid:order_id>/sync")
@policy(POST="orders:read")
def sync(order_id: UUID) -> ResponseReturnValue:
    """Ask Stripe about everything of this order again, and send what waits."""
    session = current_session()
    queries.get_order(session, order_id)
    sessions = [attempt.session_id for attempt in queries.list_attempts(session, order_id) if attempt.session_id]
    intents = [payment.payment_intent for payment in queries.list_payments(session, order_id)]
    disputes = [dispute.stripe_dispute for dispute in queries.list_disputes(session, order_id)]
    desk = staff_till()
    end_transaction()
    try:
        for session_id in sessions:
            services.sync_checkout(desk, session_id)
        for intent in intents:
            services.sync_refunds(desk, intent)
        for dispute in disputes:
            services.sync_dispute(desk, dispute)
        services.submit_refunds_of(desk, order_id)
    except PaymentsUnavailableError:
        flash("Stripe is not answering. Try again in a minute.", "warning")
    else:
        flash("This is what Stripe says now.", "success")
    return redirect(url_for("backoffice_orders.order_page", order_id=order_id), 303)
