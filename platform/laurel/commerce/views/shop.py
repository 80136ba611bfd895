"""Buying: what it costs, and the button. A course for oneself, seats for a team, a further attempt at an exam, a renewal."""

from dataclasses import dataclass, replace
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.services import TooManyTriesError
from laurel.catalog.queries import CourseCard, get_course_by_slug, get_course_card
from laurel.catalog.rules import is_for_sale
from laurel.commerce import queries, services
from laurel.commerce.forms import CheckoutForm
from laurel.commerce.rules import OUTLIVES_SALE, OfferingKind, OrderState, RetakeObstacle, Wish
from laurel.commerce.services.discounts import UnknownCodeError, count_guess, refuse_guesses
from laurel.commerce.services.quoting import AlreadyOwnedError, NotForSaleError, Quote, RetakeRefusedError, UnderWayError, find_under_way
from laurel.commerce.services.reminders import ask_for_reminder
from laurel.commerce.views.edge import SHOP_PAGES, bp, click_token, settings, shop_address, till
from laurel.commerce.views.orders import go_to_payment
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.money import format_money
from laurel.web.access import SIGNED_IN, my_id, policy, purpose
from laurel.web.headers import CHECKOUT, allow_form_action
from laurel.web.limits import SAVE, limiter, network
from laurel.web.session import current_session, separate_transaction, transaction

TEAM = 5
"""Seats that the page begins with."""
UPDATE = "update"


def enroll_in(slug: str) -> str:
    return f"enroll in {get_course_by_slug(current_session(), slug).title}"


def buy_seats_in(slug: str) -> str:
    return f"buy seats in {get_course_by_slug(current_session(), slug).title}"


@bp.get("/courses/<slug>/enroll")
@policy(GET=SIGNED_IN)
@purpose(enroll_in)
def enroll_page(slug: str) -> ResponseReturnValue:
    course = get_course_by_slug(current_session(), slug)
    return show_shop_page(course, _asked(course, OfferingKind.COURSE), via=click_token(request.args.get("via")))


@bp.get("/courses/<slug>/seats")
@policy(GET=SIGNED_IN)
@purpose(buy_seats_in)
def seats_page(slug: str) -> ResponseReturnValue:
    course = get_course_by_slug(current_session(), slug)
    return show_shop_page(course, _asked(course, OfferingKind.SEATS), via=click_token(request.args.get("via")))


@bp.get("/courses/<slug>/retake")
@policy(GET=SIGNED_IN)
def retake_page(slug: str) -> ResponseReturnValue:
    course = get_course_by_slug(current_session(), slug)
    return show_shop_page(course, _asked(course, OfferingKind.EXAM_RETAKE), via=None)


@bp.get("/renewals/<uuid:permit_id>")
@policy(GET=SIGNED_IN)
def renewal_page(permit_id: UUID) -> ResponseReturnValue:
    """The renewal that somebody asked for on the page of their certificate."""
    session = current_session()
    course = get_course_card(session, queries.get_permit_of(session, my_id(), permit_id).course_id)
    return show_shop_page(course, replace(_asked(course, OfferingKind.RENEWAL), permit_id=permit_id), via=None)


def _asked(course: CourseCard, kind: OfferingKind) -> Wish:
    """What the address asks for. A number that is none counts as none, which is then said to be wrong."""
    text = request.args.get("quantity", str(TEAM if kind is OfferingKind.SEATS else 1)).strip()
    quantity = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    code = request.args.get("code", "").strip()[:60]
    return Wish(course_id=course.id, currency=request.args.get("currency", ""), kind=kind, quantity=quantity, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a wish costs, as far as it can be told, and what is wrong with it: by field, or on the whole."""

    wish: Wish
    quote: Quote | None
    problems: dict[str, str]
    refusal: RetakeObstacle | None = None
    wait: TooManyTriesError | None = None
    """So many codes were guessed that no more is looked up for a while."""
    is_guess: bool = False
    """Its code is none that we know."""


def price_up(wish: Wish) -> Priced:
    """The wish with its price. What is wrong with its code or its number is left out, and said."""
    try:
        if wish.code:
            refuse_guesses(current_session(), user_id=my_id(), network=network())
    except TooManyTriesError as error:
        return replace(_price_up(replace(wish, code=""), {"code": error.message}), wait=error)
    return _price_up(wish, {})


def _price_up(wish: Wish, problems: dict[str, str]) -> Priced:
    session, is_guess = current_session(), False
    now = database_now(session)
    while True:
        try:
            quote = services.get_quote(session, wish, buyer_id=my_id(), now=now)
        except InvalidInputError as error:
            field, is_guess = error.field or "", is_guess or isinstance(error, UnknownCodeError)
            if field in problems or field not in {"code", "quantity"}:
                return Priced(wish=wish, quote=None, problems=problems, is_guess=is_guess)
            problems[field] = error.message
            wish = replace(wish, code="") if field == "code" else replace(wish, quantity=1)
        except RetakeRefusedError as error:
            return Priced(wish=wish, quote=None, problems=problems, refusal=error.obstacle, is_guess=is_guess)
        except NotForSaleError:
            return Priced(wish=wish, quote=None, problems=problems, is_guess=is_guess)
        else:
            return Priced(wish=wish, quote=quote, problems=problems, is_guess=is_guess)


def show_shop_page(course: CourseCard, wish: Wish, *, via: str | None, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The order before it is one: total first, then what is included. `problem` says why the button did not work."""
    allow_form_action(CHECKOUT)
    session = current_session()
    may_buy = is_for_sale(course.status) or wish.kind in OUTLIVES_SALE
    offer = queries.find_offer(session, course.id, wish.kind) if may_buy else None
    prices = {code: offer.prices[code] for code in settings().currencies if code in offer.prices} if offer is not None else {}
    wanted = replace(wish, currency=wish.currency if wish.currency in prices else next(iter(prices), ""))
    priced = price_up(wanted) if prices else Priced(wish=wanted, quote=None, problems={})
    if problem and problem in priced.problems.values():
        problem = ""  # it is said beside its field
    is_course = wish.kind is OfferingKind.COURSE
    is_owned, is_paused = queries.find_access(session, my_id(), course.id) if is_course else (False, False)
    page = render_template(
        f"commerce/{SHOP_PAGES[wish.kind]}.html",
        course=course,
        prices=prices,
        priced=priced,
        quote=priced.quote,
        typed=wish,
        typed_number=request.values.get("quantity", "")[:10],
        via=via,
        is_owned=is_owned,
        is_paused=is_paused,
        under_way=None if is_owned else find_under_way(session, my_id(), wish),
        sells_seats=is_course and bool(prices) and queries.find_current_offering(session, course.id, OfferingKind.SEATS) is not None,
        standing=queries.check_retake(session, my_id(), course.id, now=database_now(session)) if priced.refusal else None,
        permit=queries.get_permit_of(session, my_id(), wish.permit_id) if wish.kind is OfferingKind.RENEWAL else None,
        form=_checkout_form(priced, via),
        problem=problem,
    )
    return _answer(page, status, priced)


def _answer(page: str, status: int, priced: Priced) -> ResponseReturnValue:
    """The page, after a guess is counted: only now, for the rows that it shows are let go of for that."""
    if priced.is_guess:
        with separate_transaction() as session:
            count_guess(session, user_id=my_id(), network=network(), now=database_now(session))
    if priced.wait is not None:
        return page, 429, {"Retry-After": str(priced.wait.seconds)}
    return page, status


def _checkout_form(priced: Priced, via: str | None) -> CheckoutForm:
    wish, total = priced.wish, priced.quote.total if priced.quote is not None else 0
    facts = {"kind": wish.kind.value, "currency": wish.currency, "quantity": str(wish.quantity), "code": wish.code}
    facts |= {"permit": str(wish.permit_id or "")}
    return CheckoutForm(formdata=None, amount=str(total), via=via or "", remind=bool(request.values.get("remind")), **facts)


@bp.post("/courses/<slug>/checkout")
@limiter.limit(SAVE)
@policy(POST=SIGNED_IN)
def start_checkout(slug: str) -> ResponseReturnValue:
    """Go on to the payment page; or, by the button that only updates, see the page again with what was typed."""
    course = get_course_by_slug(current_session(), slug)
    form = CheckoutForm()
    via = click_token(form.via.data)
    if not form.validate_on_submit():
        plain = Wish(course_id=course.id, currency=form.currency.data or "", kind=form.offering_kind, permit_id=form.permit_id)
        return show_shop_page(course, plain, via=via, problem=form.problem, status=400)
    if request.form.get("act") == UPDATE:
        return redirect(_address(form, slug, via), 303)
    return _buy_as_shown(course, form, via)


def _address(form: CheckoutForm, slug: str, via: str | None) -> str:
    """The page that shows what the form says."""
    asked = {
        "currency": form.currency.data,
        "quantity": form.quantity.data,
        "code": form.code.data,
        "via": via,
        "remind": "y" if form.remind.data else None,
    }
    return shop_address(form.offering_kind, slug, form.permit_id, **asked)


def _buy_as_shown(course: CourseCard, form: CheckoutForm, via: str | None) -> ResponseReturnValue:
    """Buy, if the total is the one that the buyer has seen."""
    wish = form.wish(course.id, currency=settings().currencies[0])
    priced = price_up(wish)
    quote = priced.quote
    if priced.problems:
        return show_shop_page(course, wish, via=via, status=400)
    if quote is not None and form.amount.data and int(form.amount.data) != quote.total:
        problem = f"The total has changed: it is {format_money(quote.total, quote.price.currency)} now. You were not charged."
        return show_shop_page(course, wish, via=via, problem=problem, status=409)
    return _buy(course, wish, via=via, wants_reminder=form.remind.data)


def _buy(course: CourseCard, wish: Wish, *, via: str | None, wants_reminder: bool) -> ResponseReturnValue:
    """Place the order and go on to where it leads; or back to the page, which says why not."""
    try:
        order = services.buy(
            till(),
            buyer_id=my_id(),
            course_id=course.id,
            currency=wish.currency,
            click_token=via,
            kind=wish.kind,
            quantity=wish.quantity,
            code=wish.code,
            permit_id=wish.permit_id,
        )
    except InvalidInputError as error:
        return show_shop_page(course, wish, via=via, problem=error.message, status=400)
    except (AlreadyOwnedError, UnderWayError, NotForSaleError, RetakeRefusedError) as error:
        return show_shop_page(course, wish, via=via, problem=error.message, status=409)
    if order.state is not OrderState.PAID:
        if wants_reminder:
            _remind(order.id)
        return go_to_payment(order.id)
    if wish.kind is OfferingKind.COURSE:
        flash(f"You are enrolled in {course.title}.", "success")
    return redirect(f"/learn/{course.slug}" if wish.kind is OfferingKind.COURSE else url_for(".order_page", order_id=order.id), 303)


def _remind(order_id: UUID) -> None:
    with transaction() as session:
        order = queries.get_order_of(session, my_id(), order_id)
        ask_for_reminder(session, order, now=database_now(session))
