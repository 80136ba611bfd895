"""The sandbox's pages under our own address, so that one published port is enough. Never there in production."""

import re
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.views.edge import settings
from laurel.web.access import PUBLIC, WEBHOOK, policy

bp = Blueprint("sandbox", __name__)
NAME = re.compile(r"[A-Za-z0-9_.-]{1,120}\Z")
PATIENCE = 15.0
NO_STORE = "no-store"
PASSED_BACK = ("Content-Disposition", "Location")


@bp.route("/sandbox", methods=["GET", "POST"])
@policy(GET="backoffice:enter", POST="backoffice:enter")
def sandbox_console() -> ResponseReturnValue:
    """The control page: it shows who bought what and lets money go back, so it is for staff, with our key and our forms' token."""
    query = request.query_string.decode("ascii", "ignore")
    headers = {"Authorization": f"Bearer {settings().stripe_secret_key}", "X-Csrf-Token": generate_csrf()}
    # The check of the form's token has read the body already, so it is written anew.
    form = urlencode(list(request.form.items(multi=True))).encode()
    return _pass_on(f"/sandbox?{query}" if query else "/sandbox", form, caching=NO_STORE, headers=headers)


@bp.route("/sandbox/pay/<cs>", methods=["GET", "POST"])
@policy(GET=PUBLIC, POST=WEBHOOK)
def sandbox_page(cs: str) -> ResponseReturnValue:
    """No cookie is read and none is passed on: whoever knows the page's name may pay with play money."""
    return _pass_on(f"/sandbox/pay/{_checked(cs)}", request.get_data(), caching=NO_STORE)


@bp.get("/sandbox/invoices/<name>")
@policy(GET=PUBLIC)
def sandbox_invoice(name: str) -> ResponseReturnValue:
    """As at Stripe, whoever has the link may read the invoice: its page, or `….pdf`."""
    return _pass_on(f"/sandbox/invoices/{_checked(name)}", caching=NO_STORE)


@bp.get("/sandbox/assets/<name>")
@policy(GET=PUBLIC)
def sandbox_asset(name: str) -> ResponseReturnValue:
    return _pass_on(f"/sandbox/assets/{_checked(name)}", caching="public, max-age=300")


def _checked(name: str) -> str:
    if not NAME.match(name):
        abort(404)
    return name


def _pass_on(path: str, body: bytes = b"", *, caching: str, headers: Mapping[str, str] | None = None) -> ResponseReturnValue:
    target = urlsplit(settings().stripe_api_base)
    connection = HTTPConnection(target.hostname or "", target.port, timeout=PATIENCE)
    try:
        sent = {"Content-Type": request.content_type or "text/plain", **(headers or {})}
        connection.request(request.method, path, body, sent)
        answer = connection.getresponse()
        page = answer.read()
    except (OSError, HTTPException, ValueError) as error:
        raise PaymentsUnavailableError(repr(error)) from error
    finally:
        connection.close()
    told = {"Content-Type": answer.headers.get("Content-Type", "text/html"), "Cache-Control": caching}
    told |= {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
    return Response(page, answer.status, told)
