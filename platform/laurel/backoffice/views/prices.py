"""What is for sale and what it costs: courses, seats in them, retakes of their exams. A price is followed, never changed."""

from decimal import Decimal
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from laurel.backoffice.forms import PricesForm, make_prices_form, show_error
from laurel.backoffice.navigation import work_nav
from laurel.catalog.queries import CourseCard, get_course_card, list_course_cards, select_course_ids
from laurel.commerce import queries, services
from laurel.commerce.models import Offering
from laurel.commerce.rules import OfferingKind, TaxBehavior
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.money import exponent, format_money
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_prices", __name__, url_prefix="/backoffice/prices")
KINDS = {
    OfferingKind.COURSE: "For one learner",
    OfferingKind.SEATS: "Seats for teams",
    OfferingKind.EXAM_RETAKE: "Retake of the exam",
    OfferingKind.RENEWAL: "Renewal of the certificate",
}
TITLES = {
    OfferingKind.COURSE: "{}",
    OfferingKind.SEATS: "{}, team seat",
    OfferingKind.EXAM_RETAKE: "{}, exam retake",
    OfferingKind.RENEWAL: "{}, renewal of the certificate",
}
"""What stands on orders and receipts."""


def currencies() -> tuple[str, ...]:
    found: tuple[str, ...] = current_app.extensions["laurel_settings"].currencies
    return found


@bp.get("")
@policy(GET="prices:write")
def price_list() -> ResponseReturnValue:
    """The courses, and what of each is for sale at which price."""
    session = current_session()
    page = paginate(session, select_course_ids())
    cards = {card.id: card for card in list_course_cards(session, page.rows)}
    offerings = queries.list_offerings(session, page.rows)
    prices: dict[UUID, list[str]] = {}
    for price in queries.list_all_prices(session, [offering.id for offering in offerings], only_current=True):
        prices.setdefault(price.offering_id, []).append(format_money(price.unit_amount, price.currency) if price.unit_amount else "Free")
    return render_template(
        "backoffice/price_list.html",
        page=page,
        cards=[cards[course_id] for course_id in page.rows if course_id in cards],
        offered={(offering.course_id, offering.kind): offering for offering in offerings},
        prices=prices,
        kinds=KINDS,
        work_nav=work_nav(),
    )


@bp.route("/new/<uuid:course_id>/<kind>", methods=["GET", "POST"])
@policy(GET="prices:write", POST="prices:write")
def new_page(course_id: UUID, kind: str) -> ResponseReturnValue:
    """Put something of a course up for sale."""
    if kind not in set(OfferingKind):
        raise NotFound
    wanted, course = OfferingKind(kind), get_course_card(current_session(), course_id)
    existing = queries.find_current_offering(current_session(), course_id, wanted)
    if existing is not None:
        return redirect(url_for(".offering_page", offering_id=existing.id), 303)
    form, status = make_prices_form(currencies())(), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                offering_id = _create(form, course, wanted)
            except InvalidInputError as error:
                show_error(form, error)
            else:
                flash("It is for sale.", "success")
                return redirect(url_for(".offering_page", offering_id=offering_id), 303)
    page = render_template(
        "backoffice/price_new_page.html", form=form, course=course, kind=KINDS[wanted], amounts=_amounts(form), work_nav=work_nav()
    )
    return page, status


def _create(form: PricesForm, course: CourseCard, kind: OfferingKind) -> UUID:
    prices = form.prices()
    with transaction() as session:
        return services.create_offering(
            session,
            course_id=course.id,
            title=TITLES[kind].format(course.title)[:160],
            prices=prices,
            now=database_now(session),
            tax_behavior=TaxBehavior(form.tax_behavior.data),
            kind=kind,
        ).id


def _amounts(form: PricesForm) -> list[object]:
    """The form's fields for amounts."""
    return [field for field in form if field.name.startswith("amount_")]


@bp.route("/<uuid:offering_id>", methods=["GET", "POST"])
@policy(GET="prices:write", POST="prices:write")
def offering_page(offering_id: UUID) -> ResponseReturnValue:
    """All prices that it has and had, and a form for new ones."""
    session = current_session()
    offering = queries.get_offering(session, offering_id)
    form, status = make_prices_form(currencies())(data=_present(offering)), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                prices, taxes = form.prices(), TaxBehavior(form.tax_behavior.data)
                with transaction() as session:
                    services.change_prices(
                        session, offering_id, prices=prices, tax_behavior=taxes, actor_id=my_id(), now=database_now(session)
                    )
            except InvalidInputError as error:
                show_error(form, error)
            else:
                flash("The new prices hold from now on. Orders that were placed keep theirs.", "success")
                return redirect(url_for(".offering_page", offering_id=offering_id), 303)
    page = render_template(
        "backoffice/offering_page.html",
        offering=queries.get_offering(current_session(), offering_id),
        course=get_course_card(current_session(), offering.course_id),
        kind=KINDS[offering.kind],
        prices=queries.list_all_prices(current_session(), [offering_id]),
        form=form,
        amounts=_amounts(form),
        work_nav=work_nav(),
    )
    return page, status


def _present(offering: Offering) -> dict[str, str]:
    """What the form shows at first: the present prices."""
    found = queries.list_all_prices(current_session(), [offering.id], only_current=True)
    shown = {f"amount_{price.currency}": _written(price.unit_amount, price.currency) for price in found}
    return shown | {"tax_behavior": found[0].tax_behavior.value if found else TaxBehavior.INCLUSIVE.value}


def _written(amount: int, currency: str) -> str:
    """`195.00`: what `parse_amount` reads."""
    places = exponent(currency)
    return f"{Decimal(amount).scaleb(-places):.{places}f}"


@bp.post("/<uuid:offering_id>/withdraw")
@policy(POST="prices:write")
def withdraw(offering_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        queries.lock_offering(session, offering_id)
        services.withdraw_offering(session, offering_id, now=database_now(session), actor_id=my_id())
    flash("It is not for sale any more. Whoever bought it keeps it.", "success")
    return redirect(url_for(".offering_page", offering_id=offering_id), 303)
