"""Giving a purchase back: at once where the promise covers it, else by asking a person."""

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.catalog.queries import get_course_card
from laurel.commerce import queries, services
from laurel.commerce.forms import AskRefundForm, GiveBackForm
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Order
from laurel.commerce.rules import OfferingKind, RefundState, find_refund_obstacles
from laurel.commerce.services.refunds import NotRefundableError
from laurel.commerce.services.tasks import RefundTerms, describe_wish
from laurel.commerce.views.edge import bp, settings, till
from laurel.core.errors import ConflictError
from laurel.core.ids import new_id
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import SAVE, limiter
from laurel.web.session import current_session, transaction


def refund_terms(session: Session, order: Order) -> RefundTerms:
    """What the course's page promises, and how far the buyer went with the course."""
    line = order.lines[0]
    course = get_course_card(session, line.offering.course_id)
    use = current_app.extensions["laurel_course_use"](session, order.buyer_id, course.id) if line.kind is OfferingKind.COURSE else None
    return RefundTerms(days=course.content.refund_days, max_progress_percent=settings().refund_max_progress, use=use)


@bp.route("/orders/<uuid:order_id>/refund", methods=["GET", "POST"])
@limiter.limit(SAVE)
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def refund_page(order_id: UUID) -> ResponseReturnValue:
    """Give it back, or ask for a refund. Which of the two is decided again when the button is pressed."""
    session = current_session()
    order = queries.get_order_of(session, my_id(), order_id)
    back = redirect(url_for(".order_page", order_id=order_id), 303)
    terms = refund_terms(session, order)
    try:
        obstacles = find_refund_obstacles(describe_wish(session, order, terms), now=till().now)
    except NotRefundableError as error:
        flash(error.message, "info")
        return back
    if not queries.describe_aftermath(session, order).may_ask:
        flash("Something about this order’s money is under way already. You see it here.", "info")
        return back
    give, ask = GiveBackForm(refund_id=str(new_id())), AskRefundForm()
    form = ask if obstacles else give
    if form.is_submitted() and form.validate():
        return _ask(order, ask) if obstacles else _give_back(order, give)
    status = 400 if form.is_submitted() else 200
    amount = queries.list_line_stands(session, order)[0].money.left
    return render_template("commerce/refund_page.html", order=order, form=form, obstacles=obstacles, amount=amount, days=terms.days), status


def _give_back(order: Order, form: GiveBackForm) -> ResponseReturnValue:
    """Write the refund down, then ask Stripe. If Stripe is silent it is asked again by itself."""
    desk, back = till(), redirect(url_for(".order_page", order_id=order.id), 303)
    try:
        with transaction() as session:
            terms = refund_terms(session, order)  # the exam may have been started a moment ago
            refund_id = services.refund_by_learner(session, order.id, terms, env=desk.env, now=desk.now, refund_id=form.named()).id
    except ConflictError as error:  # the exam was started in another tab, perhaps
        flash(error.message, "warning")
        return back
    try:
        refund = services.submit_refund(desk, refund_id)
    except PaymentsUnavailableError:
        flash("Your refund is noted. Our payment provider is not answering at the moment, so it goes out a little later.", "success")
        return back
    if refund.state is RefundState.FAILED:
        flash("The refund could not be sent by itself. A person looks at it and writes to you.", "warning")
    elif refund.state is RefundState.SUCCEEDED:
        flash("Your money is on its way back to you.", "success")
    else:
        flash("Your refund is on its way. The course closes when it has arrived.", "success")
    return back


def _ask(order: Order, form: AskRefundForm) -> ResponseReturnValue:
    desk = till()
    with transaction() as session:
        services.ask_for_refund(session, order, words=form.words.data or "", now=desk.now)
    flash("We have your request. A person answers by mail, within five days.", "success")
    return redirect(url_for(".order_page", order_id=order.id), 303)
