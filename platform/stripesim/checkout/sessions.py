"""Checkout sessions over the API: create, read, list, change, expire."""

from stripesim.api.endpoint import PAGE, Call, Endpoint, listing
from stripesim.api.errors import refused
from stripesim.api.paging import conditions_of, envelope, page, slice_of
from stripesim.api.shape import Group
from stripesim.checkout import lifecycle, params, pricing, rules
from stripesim.checkout.documents import make_document
from stripesim.checkout.line_items import make_line_item
from stripesim.codes import discounts
from stripesim.metadata import merged
from stripesim.store import Condition, Doc
from stripesim.work import Work

KIND = "checkout.session"
SHOWN_LINES = 10


def create_session(call: Call) -> Doc:
    work, asked = call.work, call.params
    customer = rules.check(work, asked)
    session = make_document(asked, customer=customer, now=work.now, public_url=work.public_url)
    lines = [make_line_item(work, item) for item in asked["line_items"]]
    private: Doc = {
        "line_items": lines,
        "taxes": [],
        "discount": _discount(work, session, lines, customer, asked.get("discounts", [])),
        "country": ((customer or {}).get("address") or {}).get("country"),
        "payment_intent_data": asked.get("payment_intent_data", {}),
        "customer_update": asked.get("customer_update", {}),
        "ahead": work.ahead if "expires_at" in asked else 0,
    }
    session, private = pricing.priced(work, session, private)
    rules.check_total(session["amount_total"], session["currency"])
    work.books.insert(session, private)
    return session


def _discount(work: Work, session: Doc, lines: list[Doc], customer: Doc | None, asked: list[Doc]) -> Doc | None:
    """The discount that the shop gives, if it gives one."""
    if not asked:
        return None
    subtotal = sum(line["amount_subtotal"] for line in lines)
    found = discounts.asked_discount(
        work, asked[0], currency=session["currency"], customer=customer, subtotal=subtotal, param="discounts[0]"
    )
    return found | {"checkout_session": session["id"]}


def _subject(call: Call) -> Doc:
    session = call.subject(KIND, label=KIND)
    return lifecycle.expire_if_overdue(call.work, session)


def get_session(call: Call) -> Doc:
    return _subject(call)


def update_session(call: Call) -> Doc:
    session = _subject(call)
    changed = session | {"metadata": merged(session["metadata"], call.params)}
    call.work.books.update(changed)
    return changed


def expire_session(call: Call) -> Doc:
    session = _subject(call)
    if session["status"] != "open":
        message = (
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of `{session["status"]}`.'
        )
        raise refused(message)
    return lifecycle.expire(call.work, session)


def list_sessions(call: Call) -> Doc:
    lifecycle.expire_overdue(call.work)
    conditions = conditions_of(call.params, "created", "customer", "payment_intent", "status")
    if "customer_details" in call.params:
        email = call.params["customer_details"]["email"]
        conditions.append(Condition("customer_details.email", "=", email))
    return page(call, KIND, conditions)


def list_line_items(call: Call) -> Doc:
    session = _subject(call)
    return slice_of(call, call.work.books.private(session["id"])["line_items"])


def line_items_of(work: Work, session: Doc) -> Doc:
    """The first lines, as `expand[]=line_items` shows them."""
    lines: list[Doc] = work.books.private(session["id"])["line_items"]
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return envelope(lines[:SHOWN_LINES], url=url, has_more=len(lines) > SHOWN_LINES)


def breakdown_of(work: Work, session: Doc) -> Doc:
    private = work.books.private(session["id"])
    given, amount = private["discount"], session["total_details"]["amount_discount"]
    return {"discounts": [{"amount": amount, "discount": given}] if given else [], "taxes": private["taxes"]}


PARTS = {KIND: {"line_items": line_items_of, "total_details.breakdown": breakdown_of}}
ENDPOINTS = (
    Endpoint("POST", "/v1/checkout/sessions", create_session, params.CREATE),
    Endpoint("GET", "/v1/checkout/sessions/<object_id>", get_session),
    Endpoint("POST", "/v1/checkout/sessions/<object_id>", update_session, params.UPDATE),
    Endpoint("POST", "/v1/checkout/sessions/<object_id>/expire", expire_session),
    Endpoint("GET", "/v1/checkout/sessions/<object_id>/line_items", list_line_items, Group(PAGE)),
    listing("/v1/checkout/sessions", list_sessions, params.FILTERS),
)
