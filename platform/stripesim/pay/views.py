"""The payment page. It works without scripts, and behind a proxy that adds a path prefix."""

from flask import Blueprint, Response, current_app, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue

from stripesim.checkout import lifecycle, payment, pricing, rules
from stripesim.checkout.payment import Result, Step
from stripesim.codes import discounts
from stripesim.pay.countries import COUNTRIES
from stripesim.pay.form import PayForm, must_accept_terms, prefilled, read
from stripesim.pay.pages import STATIC, show_page
from stripesim.payments.accounts import accounts_for
from stripesim.payments.cards import CARDS
from stripesim.sandbox import Sandbox
from stripesim.store import Doc
from stripesim.work import Work

PATIENCE = 3.0
SPENT = "The discount of this order can no longer be used. You were not charged; go back to the shop and start again."

bp = Blueprint("pay", __name__, template_folder="templates")


def _sandbox() -> Sandbox:
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


@bp.get("/sandbox/pay/<session_id>")
@bp.get("/c/pay/<session_id>")
def pay_page(session_id: str) -> ResponseReturnValue:
    with _sandbox().work() as work:
        session = _find(work, session_id)
        if session is None:
            return show_page("unknown.html", 404)
        if session["status"] != "open":
            return _closed_page(session)
        if payment.is_at_bank(work, session):
            return show_page("bank.html", session=session)
        return _form_page(work, session, _first_form(work, session))


@bp.post("/sandbox/pay/<session_id>")
@bp.post("/c/pay/<session_id>")
def pay(session_id: str) -> ResponseReturnValue:
    """Pay once, however often the form is sent."""
    with _sandbox().work() as work:
        session = _find(work, session_id)
        if session is None:
            return show_page("unknown.html", 404)
        if session["status"] == "expired":
            return _closed_page(session)
        if session["status"] == "open":
            page = _attempt(work, session)
            if page is not None:
                return page
        event_id = work.books.private(session_id)["completed_event"]
    _sandbox().courier.wait_for_answer(event_id, seconds=PATIENCE)
    return redirect(_success_url(session), 303)


@bp.get("/sandbox/assets/<name>")
@bp.get("/assets/<name>")
def asset(name: str) -> Response:
    return send_from_directory(STATIC, name, max_age=300)


def _find(work: Work, session_id: str) -> Doc | None:
    session = work.books.find("checkout.session", session_id)
    return None if session is None else lifecycle.expire_if_overdue(work, session)


def _attempt(work: Work, session: Doc) -> ResponseReturnValue | None:
    """Act on the posted form. Returns the page to show, or nothing when all is paid."""
    if payment.is_at_bank(work, session):
        return _answer_bank(work, session)
    form = read(request.form, session, now=work.now)
    is_update = request.form.get("action") in ("update", "remove-code")
    if is_update:
        form.errors = {name: text for name, text in form.errors.items() if name == "country"}
    shown = session["amount_total"]
    if "country" not in form.errors:
        session = _repriced(work, session, form)
    if form.errors:
        return _form_page(work, session, form, 422)
    if session["amount_total"] != shown or is_update:
        return _form_page(work, session, form, notice=_notice(session, form))
    given = work.books.private(session["id"])["discount"]
    if given is not None and discounts.why_spent(work, given):
        return _form_page(work, session, form, 409, refusal=SPENT)
    return _result_page(work, session, form, _pay(work, session, form))


def _repriced(work: Work, session: Doc, form: PayForm) -> Doc:
    """The session at the price for the form's country and code. A code that gives nothing is an error of the form."""
    private = work.books.private(session["id"]) | {"country": form.values["country"]}
    if session["allow_promotion_codes"]:
        private["discount"] = _discount(work, session, private, form)
    priced, told = pricing.priced(work, session, private)
    if not rules.is_chargeable(priced["amount_total"], priced["currency"]) and told["discount"] is not None:
        form.errors["code"] = "With this code the total would be too small to charge."
        priced, told = pricing.priced(work, session, private | {"discount": None})
    work.books.update(priced)
    work.books.update_private(session["id"], told)
    return priced


def _discount(work: Work, session: Doc, private: Doc, form: PayForm) -> Doc | None:
    """What the code in the form gives: the discount there is, a new one, or none."""
    present: Doc | None = private["discount"]
    code = form.values["code"]
    if request.form.get("action") == "remove-code" or not code:
        return None if request.form.get("action") == "remove-code" else present
    found = discounts.typed(work, session, code, subtotal=session["amount_subtotal"])
    if isinstance(found, str):
        form.errors["code"] = found
        return present
    form.values["code"] = ""
    if present is not None and present["promotion_code"] == found["promotion_code"]:
        return present
    return found | {"checkout_session": session["id"]}


def _notice(session: Doc, form: PayForm) -> str:
    """What changed the total."""
    if session["total_details"]["amount_tax"]:
        return f"With tax for {COUNTRIES[form.values['country']]} the total is"
    return "With your code the total is" if session["discounts"] else "The total is"


def _pay(work: Work, session: Doc, form: PayForm) -> Result:
    if form.account is not None:
        return payment.pay_by_debit(work, session, form.account, form.buyer)
    if form.card is not None:
        return payment.pay(work, session, form.card, form.buyer)
    return payment.complete_free(work, session, form.buyer)


def _result_page(work: Work, session: Doc, form: PayForm, result: Result) -> ResponseReturnValue | None:
    if result.step is Step.ASK_BANK:
        return show_page("bank.html", session=session)
    if result.step is Step.DECLINED:
        form.errors["number"] = result.message
        return _form_page(work, session, form, 402)
    return None


def _answer_bank(work: Work, session: Doc) -> ResponseReturnValue | None:
    decision = request.form.get("decision")
    if decision not in ("approve", "refuse"):
        return show_page("bank.html", session=session)
    result = payment.answer_bank(work, session, is_approved=decision == "approve")
    return _result_page(work, session, _first_form(work, session), result)


def _first_form(work: Work, session: Doc) -> PayForm:
    return prefilled(session, priced_for=work.books.private(session["id"])["country"])


def _form_page(work: Work, session: Doc, form: PayForm, status: int = 200, *, notice: str = "", refusal: str = "") -> Response:
    return show_page(
        "pay.html",
        status,
        session=session,
        lines=work.books.private(session["id"])["line_items"],
        given=_given(work, session),
        form=form,
        cards=CARDS,
        accounts=accounts_for(session["currency"]),
        countries=COUNTRIES,
        needs_terms=must_accept_terms(session),
        notice=notice,
        refusal=refusal,
    )


def _given(work: Work, session: Doc) -> str | None:
    """How the discount is called that the order has."""
    discount = work.books.private(session["id"])["discount"]
    if discount is None:
        return None
    if discount["promotion_code"] is not None:
        return str(work.books.get("promotion_code", discount["promotion_code"])["code"])
    coupon = work.books.get("coupon", discount["source"]["coupon"])
    return str(coupon["name"] or coupon["id"])


def _closed_page(session: Doc) -> Response:
    if session["status"] == "complete":
        return show_page("complete.html", session=session, onward=_success_url(session))
    return show_page("expired.html", 410, session=session)


def _success_url(session: Doc) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
