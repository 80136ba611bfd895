"""The buyer's orders: the list, one order in each of its states, paying it after all, canceling it."""

import logging
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.catalog.queries import CourseCard, get_course_card
from laurel.commerce import queries, services
from laurel.commerce.gateway import CheckoutNotFoundError, PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.models import Order
from laurel.commerce.queries.receipts import list_receipt_numbers, list_receipts_of
from laurel.commerce.rules import OPEN_STATES, OrderState
from laurel.commerce.services.checkout import NothingToPayError
from laurel.commerce.services.quoting import AlreadyOwnedError, PriceChangedError, RenewalOverError, RetakeRefusedError, UnderWayError
from laurel.commerce.views.edge import bp, order_address, redirect_to_payment, shop_address, till
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.headers import CHECKOUT, allow_form_action
from laurel.web.limits import SAVE, limiter
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session, end_transaction, transaction

log = logging.getLogger("laurel.commerce")

SETTLED = frozenset({OrderState.PAID, OrderState.REVIEW})
"""Asking Stripe again would change nothing. All other states may be behind the truth, the closed ones too."""
LOOKS = 20
LOOK_AFTER = 3  # seconds


@bp.get("/orders")
@policy(GET=SIGNED_IN)
def order_list_page() -> ResponseReturnValue:
    session = current_session()
    page: Page[Order] = paginate(session, queries.select_orders_of(my_id()))
    numbers = list_receipt_numbers(session, [order.id for order in page.rows])
    return render_template("commerce/order_list_page.html", page=page, numbers=numbers)


@bp.get("/orders/<uuid:order_id>")
@policy(writes_on_get=True, GET=SIGNED_IN)
def order_page(order_id: UUID) -> ResponseReturnValue:
    """One order. Coming back from the payment page, with its `session_id`, makes us ask Stripe; the address itself proves nothing."""
    session_id = request.args.get("session_id")
    if session_id is None:
        return show_order(order_id)
    is_answered = _ask_stripe(order_id, session_id)
    return show_order(order_id, is_confirming=not is_answered, session_id=session_id)


def _ask_stripe(order_id: UUID, session_id: str) -> bool:
    """Whether we know how the checkout stands: it is settled already, or Stripe has told us just now."""
    session = current_session()
    order = queries.get_order_of(session, my_id(), order_id)
    attempt = queries.find_attempt(session, session_id)
    if attempt is None or attempt.order_id != order.id:
        raise NotFoundError("There is no such order.")
    if order.state in SETTLED:
        return True
    asking = till()
    with transaction() as session:
        may_ask = services.claim_sync(session, attempt.id, now=asking.now)
    if not may_ask:
        return order.state is not OrderState.AWAITING_PAYMENT
    try:
        services.sync_checkout(asking, session_id)
    except (PaymentsUnavailableError, CheckoutNotFoundError) as error:
        log.warning("Stripe did not say how %s stands: %s", session_id, error)
        return False
    return True


def show_order(
    order_id: UUID, *, is_confirming: bool = False, session_id: str = "", problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """The order as it is. While its payment is being confirmed the page loads itself again, for a minute."""
    allow_form_action(CHECKOUT)
    session = current_session()
    order = queries.get_order_of(session, my_id(), order_id)
    is_confirming = is_confirming and order.state not in SETTLED
    looks, course = _looks(), course_of(session, order)
    page = render_template(
        "commerce/order_page.html",
        order=order,
        course=course,
        is_entitled=queries.has_entitlement(session, order.buyer_id, course.id),
        payments=queries.list_payments(session, order.id),
        after=queries.describe_aftermath(session, order),
        pool=queries.find_pool_of_line(session, order.lines[0].id),
        shop_page=shop_page_of(order),
        receipts=list_receipts_of(session, order.id),
        is_confirming=is_confirming,
        is_slow=looks >= LOOKS,
        problem=problem,
    )
    response = make_response(page, status)
    if is_confirming and looks < LOOKS:
        again = url_for(".order_page", order_id=order.id, session_id=session_id, looks=looks + 1)
        response.headers["Refresh"] = f"{LOOK_AFTER}; url={again}"
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _looks() -> int:
    """How often the page loaded itself so far."""
    text = request.args.get("looks", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else LOOKS


def course_of(session: Session, order: Order) -> CourseCard:
    """The course that the order buys."""
    return get_course_card(session, order.lines[0].offering.course_id)


@bp.post("/orders/<uuid:order_id>/resume")
@limiter.limit(SAVE)
@policy(POST=SIGNED_IN)
def resume_order(order_id: UUID) -> ResponseReturnValue:
    queries.get_order_of(current_session(), my_id(), order_id)
    return go_to_payment(order_id)


def go_to_payment(order_id: UUID) -> ResponseReturnValue:
    """On to the payment page; or back to the order, saying why not."""
    try:
        return redirect_to_payment(services.open_checkout(till(), order_id, return_url=order_address(order_id)))
    except (PaymentsUnavailableError, PaymentsRefusedError) as error:
        log.error("No payment page for order %s: %s", order_id, error.reason)
        end_transaction()
        return show_order(order_id, problem=error.message, status=503)
    except NothingToPayError:
        return redirect(url_for(".order_page", order_id=order_id), 303)
    except UnderWayError as error:
        flash(error.message, "info")
        return redirect(url_for(".order_page", order_id=error.order_id), 303)
    except (AlreadyOwnedError, PriceChangedError, RenewalOverError, RetakeRefusedError, InvalidInputError) as error:
        flash(error.message, "info")
        order = queries.get_order_of(current_session(), my_id(), order_id)
        return redirect(shop_page_of(order), 303)


def shop_page_of(order: Order) -> str:
    """Where the same thing can be ordered anew, at the price of today."""
    session, line = current_session(), order.lines[0]
    fee = queries.find_fee_of_line(session, line.id)
    return shop_address(line.kind, course_of(session, order).slug, fee.permit_id if fee is not None else None)


@bp.post("/orders/<uuid:order_id>/cancel")
@limiter.limit(SAVE)
@policy(POST=SIGNED_IN)
def cancel_order(order_id: UUID) -> ResponseReturnValue:
    queries.get_order_of(current_session(), my_id(), order_id)
    order = services.cancel_order(till(), order_id)
    if order.state is OrderState.CANCELED:
        flash("The order is canceled. You were not charged.", "success")
    elif order.state not in OPEN_STATES:
        flash("This order cannot be canceled any more.", "info")
    return redirect(url_for(".order_page", order_id=order_id), 303)
