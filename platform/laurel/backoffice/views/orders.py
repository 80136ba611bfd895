"""Orders: who bought what, what was paid, and what Stripe told us about it."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from laurel.backoffice.navigation import work_nav
from laurel.backoffice.queries import list_history
from laurel.commerce import queries
from laurel.commerce.models import Order
from laurel.commerce.queries.receipts import list_receipts_of
from laurel.commerce.rules import OrderState
from laurel.commerce.rules.receipts import billing_lines
from laurel.web.access import policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session

bp = Blueprint("backoffice_orders", __name__, url_prefix="/backoffice/orders")


@bp.get("")
@policy(GET="orders:read")
def order_list() -> ResponseReturnValue:
    words, state = request.args.get("q", "").strip()[:100], request.args.get("state", "")
    chosen = OrderState(state) if state in set(OrderState) else None
    page: Page[Order] = paginate(current_session(), queries.select_orders(state=chosen, words=words))
    return render_template(
        "backoffice/order_list.html", page=page, words=words, state=chosen or "", states=list(OrderState), work_nav=work_nav()
    )


@bp.get("/<uuid:order_id>")
@policy(GET="orders:read")
def order_page(order_id: UUID) -> ResponseReturnValue:
    session = current_session()
    order = queries.get_order(session, order_id)
    attempts = queries.list_attempts(session, order_id)
    payments = queries.list_payments(session, order_id)
    refunds, disputes = queries.list_refunds(session, order_id), queries.list_disputes(session, order_id)
    told_about = [a.session_id for a in attempts if a.session_id] + [p.payment_intent for p in payments]
    told_about += [p.charge for p in payments if p.charge] + [d.stripe_dispute for d in disputes]
    told_about += [refund.stripe_refund for refund in refunds if refund.stripe_refund]
    return render_template(
        "backoffice/order_page.html",
        order=order,
        code=queries.get_discount_code(session, order.discount_code_id) if order.discount_code_id is not None else None,
        billing=billing_lines(order.billing),
        receipts=list_receipts_of(session, order_id),
        attempts=attempts,
        payments=payments,
        refunds=refunds,
        disputes=disputes,
        ledger=queries.list_ledger(session, order_id),
        stands=queries.list_line_stands(session, order),
        history=list_history(session, order_id),
        tasks=queries.list_review_tasks(session, order_id),
        events=queries.list_stripe_events_of(session, told_about),
        work_nav=work_nav(),
    )
