"""The control page, one address: `/sandbox`, and what it shows by its query."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue

from stripesim import money
from stripesim.api import gate
from stripesim.api.errors import ApiError, invalid
from stripesim.console.actions import ACTIONS, perform
from stripesim.disputes.opening import OVER, REASONS
from stripesim.pay.pages import show_page
from stripesim.sandbox import Sandbox
from stripesim.sim.faults import FaultKind
from stripesim.store import Condition, Doc
from stripesim.webhooks.mode import Flavor, Mode
from stripesim.work import Work

SHOWN = 25
SHOWN_EVENTS = 50
KINDS = (
    "checkout.session",
    "payment_intent",
    "charge",
    "refund",
    "dispute",
    "invoice",
    "customer",
    "coupon",
    "promotion_code",
    "balance_transaction",
    "webhook_endpoint",
    "event",
)
REALM = {"WWW-Authenticate": 'Basic realm="The sandbox: its secret key is the user name"'}

bp = Blueprint("console", __name__, template_folder="templates")


def _sandbox() -> Sandbox:
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


@bp.before_request
def authenticate() -> None:
    """The key, which a proxy adds and a browser asks for; and no button that another site's page presses."""
    gate.authenticate(request.headers, _sandbox().secrets.secret_key)
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise ApiError(403, "This button was pressed on another site's page.")


@bp.errorhandler(ApiError)
def refuse(error: ApiError) -> ResponseReturnValue:
    response = show_page("refused.html", error.status, message=error.message)
    if error.status == 401:
        response.headers.extend(REALM)
    return response


@bp.get("/sandbox")
def console_page() -> ResponseReturnValue:
    """`?id=…` shows one object, `?kind=…` the objects of a kind, `?show=deliveries` the log; else everything at a glance."""
    return _page()


@bp.post("/sandbox")
def press_button() -> ResponseReturnValue:
    name = request.form.get("do", "")
    try:
        perform(_sandbox(), name, request.form)
    except ApiError as refusal:
        return _page(refusal.status, refusal=refusal.message)
    return redirect(f"/sandbox?{urlencode(_query() | {'done': name})}", 303)


def _query() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name != "done"}


def _page(status: int = 200, *, refusal: str = "") -> Response:
    done = ACTIONS.get(request.args.get("done", ""))
    with _sandbox().work() as work:
        name, values = _content(work)
        counts = work.books.count_kinds()
    return show_page(
        name,
        status,
        **values,
        kinds=[(kind, counts.get(kind, 0)) for kind in KINDS],
        told=done.done if done and not refusal else "",
        refusal=refusal,
        token=request.headers.get("X-Csrf-Token", ""),
        moment=moment,
        summary=summary,
    )


def _content(work: Work) -> tuple[str, Mapping[str, Any]]:
    asked = request.args
    if "id" in asked:
        return "object.html", _object(work, asked["id"])
    if "kind" in asked:
        return "objects.html", _objects(work, asked["kind"], asked.get("after"))
    if asked.get("show") == "deliveries":
        return "deliveries.html", _deliveries(work, asked.get("before", type=int))
    return "console.html", _overview(work)


def _overview(work: Work) -> Mapping[str, Any]:
    sandbox = _sandbox()
    return {
        "now": sandbox.clock.now(),
        "ahead": sandbox.clock.ahead,
        "faults": sandbox.faults.list(),
        "fault_kinds": FaultKind,
        "mode": sandbox.queue.mode,
        "modes": Mode,
        "sessions": work.books.list("checkout.session", limit=5),
        "events": work.books.list("event", limit=10),
        "deliveries": sandbox.queue.list(work.books, limit=10),
    }


def _objects(work: Work, kind: str, after: str | None) -> Mapping[str, Any]:
    if kind not in KINDS:
        raise invalid("There is no such kind of object.")
    docs = work.books.list(kind, limit=SHOWN + 1, before=work.books.position(kind, after) if after else None)
    return {
        "kind": kind,
        "docs": docs[:SHOWN],
        "is_first": after is None,
        "next_after": docs[SHOWN - 1]["id"] if len(docs) > SHOWN else None,
    }


def _deliveries(work: Work, before: int | None) -> Mapping[str, Any]:
    found = _sandbox().queue.list(work.books, limit=SHOWN + 1, before=before)
    is_more = len(found) > SHOWN
    return {"deliveries": found[:SHOWN], "is_first": before is None, "next_before": found[SHOWN - 1]["id"] if is_more else None}


def _object(work: Work, object_id: str) -> Mapping[str, Any]:
    doc = work.books.find_any(object_id)
    if doc is None:
        raise ApiError(404, f"There is no object {object_id}.")
    about = work.books.list("event", [Condition("data.object.id", "=", object_id)], limit=SHOWN_EVENTS)
    is_event = doc["object"] == "event"
    return {
        "doc": doc,
        "pretty": json.dumps(doc, indent=2, ensure_ascii=False),
        "events": about,
        "deliveries": _sandbox().queue.list(work.books, limit=SHOWN, event_id=object_id) if is_event else [],
        "flavors": Flavor,
        "reasons": REASONS,
        "is_over": doc.get("status") in OVER,
    }


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def summary(doc: Doc) -> str:
    """What tells one object from the next."""
    amount = doc.get("amount_total", doc.get("amount", doc.get("amount_paid")))
    if amount is not None and doc.get("currency"):
        return money.written(amount, doc["currency"])
    for name in ("type", "code", "email", "name", "url"):
        if doc.get(name):
            return str(doc[name])
    return f"{doc['percent_off']} % off" if doc.get("percent_off") else ""
