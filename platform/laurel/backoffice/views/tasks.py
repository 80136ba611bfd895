"""Questions about money that a person must answer, those about orders that are held among them."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import TaskForm
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.till import staff_till
from laurel.commerce import queries, services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Refund, ReviewTask
from laurel.commerce.rules import OrderState, RefundState
from laurel.core.errors import ConflictError
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_tasks", __name__, url_prefix="/backoffice/tasks")


@bp.get("")
@policy(GET="orders:read")
def task_list() -> ResponseReturnValue:
    is_resolved = request.args.get("status") == "answered"
    page = paginate(current_session(), queries.select_review_tasks(is_resolved=is_resolved), scalars=False)
    return render_template("backoffice/task_list.html", page=page, is_resolved=is_resolved, work_nav=work_nav())


@bp.route("/<uuid:review_task_id>", methods=["GET", "POST"])
@policy(GET="orders:read", POST="payments:write")
def task_page(review_task_id: UUID) -> ResponseReturnValue:
    """The question, and its answer. An order that is held is accepted or given back with the same words."""
    session = current_session()
    task = queries.get_review_task(session, review_task_id)
    form, status = TaskForm(), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                flash(*answer(task, request.form.get("act", "resolve"), form.answer.data or ""))
            except ConflictError as error:
                form.form_errors.append(error.message)
                status = 409
            except PaymentsUnavailableError:
                form.form_errors.append("Stripe is not answering, so nothing was asked. Try again in a minute.")
                status = 503
            else:
                return redirect(url_for(".task_list"), 303)
    session = current_session()
    order = queries.get_order(session, task.order_id) if task.order_id is not None else None
    is_held = order is not None and order.state is OrderState.REVIEW and task.kind.endswith("_mismatch")
    payments = queries.list_payments(session, order.id) if order is not None else []
    page = render_template(
        "backoffice/task_page.html",
        task=task,
        order=order,
        is_held=is_held,
        payments=payments,
        is_all_gone=is_held and not any(queries.count_held(session, payment) for payment in payments),
        stranded=queries.find_stranded_payment(session, task),
        dispute=queries.find_dispute(session, task.ref) if task.kind == "dispute" else None,
        form=form,
        work_nav=work_nav(),
    )
    return page, status


def answer(task: ReviewTask, act: str, words: str) -> tuple[str, str]:
    """Do what was chosen; returns what to say about it, and in which tone."""
    desk = staff_till()
    if act == "accept" and task.order_id is not None:
        with transaction() as session:
            services.accept_held_order(session, task.order_id, answer=words, actor_id=my_id(), now=desk.now)
        return "The order is paid, and its buyer has access.", "success"
    if act == "refund" and task.order_id is not None:
        with transaction() as session:
            refunds = services.refund_held_order(session, task.order_id, answer=words, actor_id=my_id(), env=desk.env, now=desk.now)
        services.submit_refunds_of(desk, task.order_id)
        left = "What came for it goes back." if refunds else "Nothing was left to give back."
        return f"The order is closed. {left}", "success"
    if act == "again":
        return tell(services.repeat_refund(desk, task.id, answer=words, actor_id=my_id()))
    with transaction() as session:
        services.resolve_task(session, task.id, answer=words, actor_id=my_id(), now=desk.now)
    return "Answered.", "success"


def tell(refund: Refund) -> tuple[str, str]:
    """What became of a refund that was asked for just now."""
    if refund.state is RefundState.FAILED:
        return f"Nothing went back. {refund.failure}", "error"
    if refund.state in {RefundState.REQUESTED, RefundState.SUBMITTING}:
        return "The refund is written down. Stripe is not answering, so it is asked again by itself every minute.", "warning"
    return "The money is back." if refund.state is RefundState.SUCCEEDED else "The money is on its way.", "success"
