"""Enrolling: what it costs, and the button."""

from uuid import UUID

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from laurel.catalog.queries import CourseCard, get_course_by_slug
from laurel.catalog.rules import is_for_sale
from laurel.commerce import queries, services
from laurel.commerce.forms import CheckoutForm
from laurel.commerce.rules import OrderState
from laurel.commerce.services.orders import AlreadyOwnedError, NotForSaleError
from laurel.commerce.services.reminders import ask_for_reminder
from laurel.commerce.views.edge import bp, click_token, settings, till
from laurel.commerce.views.orders import go_to_payment
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.money import format_money
from laurel.web.access import SIGNED_IN, my_id, policy, purpose
from laurel.web.headers import CHECKOUT, allow_form_action
from laurel.web.limits import SAVE, limiter
from laurel.web.session import current_session, transaction


def enroll_in(slug: str) -> str:
    return f"enroll in {get_course_by_slug(current_session(), slug).title}"


@bp.get("/courses/<slug>/enroll")
@policy(GET=SIGNED_IN)
@purpose(enroll_in)
def enroll_page(slug: str) -> ResponseReturnValue:
    course = get_course_by_slug(current_session(), slug)
    return show_enroll_page(course, currency=request.args.get("currency", ""), via=click_token(request.args.get("via")))


def show_enroll_page(course: CourseCard, *, currency: str, via: str | None, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The order before it is one: total first, then what is included. `problem` says why the button did not work."""
    allow_form_action(CHECKOUT)
    session = current_session()
    offer = queries.find_offer(session, course.id) if is_for_sale(course.status) else None
    prices = {code: offer.prices[code] for code in settings().currencies if code in offer.prices} if offer is not None else {}
    chosen = currency if currency in prices else next(iter(prices), "")
    page = render_template(
        "commerce/enroll_page.html",
        course=course,
        currency=chosen,
        total=prices.get(chosen, 0),
        prices=prices,
        via=via,
        is_owned=queries.has_entitlement(session, my_id(), course.id),
        form=CheckoutForm(formdata=None, currency=chosen, amount=str(prices.get(chosen, 0)), via=via or ""),
        problem=problem,
    )
    return page, status


@bp.post("/courses/<slug>/checkout")
@limiter.limit(SAVE)
@policy(POST=SIGNED_IN)
def start_checkout(slug: str) -> ResponseReturnValue:
    course = get_course_by_slug(current_session(), slug)
    form = CheckoutForm()
    currency, via = form.currency.data or settings().currencies[0], click_token(form.via.data)
    if not form.validate_on_submit():
        return show_enroll_page(course, currency=currency, via=via, problem=form.problem, status=400)
    price = queries.find_price(current_session(), course.id, currency)
    if price is not None and form.amount.data and int(form.amount.data) != price.unit_amount:
        problem = f"The price has changed: it is {format_money(price.unit_amount, currency)} now. You were not charged."
        return show_enroll_page(course, currency=currency, via=via, problem=problem, status=409)
    try:
        order = services.buy(till(), buyer_id=my_id(), course_id=course.id, currency=currency, click_token=via)
    except InvalidInputError as error:
        return show_enroll_page(course, currency=currency, via=via, problem=error.message, status=400)
    except (AlreadyOwnedError, NotForSaleError) as error:
        return show_enroll_page(course, currency=currency, via=via, problem=error.message, status=409)
    if order.state is OrderState.PAID:
        flash(f"You are enrolled in {course.title}.", "success")
        return redirect(f"/learn/{course.slug}", 303)
    if form.remind.data:
        _remind(order.id)
    return go_to_payment(order.id)


def _remind(order_id: UUID) -> None:
    with transaction() as session:
        order = queries.get_order_of(session, my_id(), order_id)
        ask_for_reminder(session, order, now=database_now(session))
