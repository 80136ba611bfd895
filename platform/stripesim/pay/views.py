"""The payment page. It works without scripts, and behind a proxy that adds a path prefix."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask.typing import ResponseReturnValue

from stripesim import money
from stripesim.checkout import lifecycle, payment, pricing
from stripesim.checkout.payment import Step
from stripesim.pay.countries import COUNTRIES
from stripesim.pay.form import PayForm, must_accept_terms, prefilled, read
from stripesim.payments.cards import CARDS, Card
from stripesim.sandbox import Sandbox
from stripesim.store import Doc
from stripesim.work import Work

PATIENCE = 3.0
STATIC = Path(__file__).parent / "static"
POLICY = "default-src 'none'; style-src 'self'; form-action 'self' {shop}; base-uri 'none'; frame-ancestors 'none'"

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
            return _page("unknown.html", 404)
        if session["status"] != "open":
            return _closed_page(session)
        if payment.is_at_bank(work, session):
            return _page("bank.html", session=session)
        return _form_page(work, session, prefilled(session))


@bp.post("/sandbox/pay/<session_id>")
@bp.post("/c/pay/<session_id>")
def pay(session_id: str) -> ResponseReturnValue:
    """Pay once, however often the form is sent."""
    with _sandbox().work() as work:
        session = _find(work, session_id)
        if session is None:
            return _page("unknown.html", 404)
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
    if request.form.get("action") == "update":
        form.errors = {name: text for name, text in form.errors.items() if name == "country"}
    if form.errors:
        return _form_page(work, session, form, 422)
    shown, country = session["amount_total"], form.values["country"]
    session = _priced(work, session, country)
    if session["amount_total"] != shown or request.form.get("action") == "update":
        return _form_page(work, session, form, notice=COUNTRIES[country])
    if form.card is None:
        payment.complete_free(work, session, form.buyer)
        return None
    return _charge(work, session, form, form.card)


def _charge(work: Work, session: Doc, form: PayForm, card: Card) -> ResponseReturnValue | None:
    result = payment.pay(work, session, card, form.buyer)
    if result.step is Step.ASK_BANK:
        return _page("bank.html", session=session)
    if result.step is Step.DECLINED:
        form.errors["number"] = result.message
        return _form_page(work, session, form, 402)
    return None


def _answer_bank(work: Work, session: Doc) -> ResponseReturnValue | None:
    decision = request.form.get("decision")
    if decision not in ("approve", "refuse"):
        return _page("bank.html", session=session)
    result = payment.answer_bank(work, session, is_approved=decision == "approve")
    if result.step is Step.DONE:
        return None
    form = prefilled(session)
    form.errors["number"] = result.message
    return _form_page(work, session, form, 402)


def _priced(work: Work, session: Doc, country: str) -> Doc:
    private = work.books.private(session["id"])
    priced, told = pricing.price_for(session, private, country, now=work.now)
    work.books.update(priced)
    work.books.update_private(session["id"], told)
    return priced


def _form_page(work: Work, session: Doc, form: PayForm, status: int = 200, *, notice: str = "") -> Response:
    return _page(
        "pay.html",
        status,
        session=session,
        lines=work.books.private(session["id"])["line_items"],
        form=form,
        cards=CARDS,
        countries=COUNTRIES,
        needs_terms=must_accept_terms(session),
        priced_for=notice,
    )


def _closed_page(session: Doc) -> Response:
    if session["status"] == "complete":
        return _page("complete.html", session=session, onward=_success_url(session))
    return _page("expired.html", 410, session=session)


def _page(name: str, status: int = 200, **values: Any) -> Response:
    html = render_template(f"stripesim/{name}", written=money.written, **values)
    response = make_response(html, status)
    shop = urlsplit((values.get("session") or {}).get("success_url", ""))
    origin = f"{shop.scheme}://{shop.netloc}" if shop.netloc else ""
    response.headers["Content-Security-Policy"] = POLICY.format(shop=origin)
    response.headers["Cache-Control"] = "no-store"
    return response


def _success_url(session: Doc) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
