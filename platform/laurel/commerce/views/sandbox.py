"""The sandbox's payment page under our own address, so that one published port is enough. Never there in production."""

import re
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.views.edge import settings
from laurel.web.access import PUBLIC, WEBHOOK, policy

bp = Blueprint("sandbox", __name__)
NAME = re.compile(r"[A-Za-z0-9_.-]{1,120}\Z")
PATIENCE = 15.0


@bp.route("/sandbox/pay/<cs>", methods=["GET", "POST"])
@policy(GET=PUBLIC, POST=WEBHOOK)
def sandbox_page(cs: str) -> ResponseReturnValue:
    """No cookie is read and none is passed on: whoever knows the page's name may pay with play money."""
    return _pass_on(f"/sandbox/pay/{cs}", cs, caching="no-store")


@bp.get("/sandbox/assets/<name>")
@policy(GET=PUBLIC)
def sandbox_asset(name: str) -> ResponseReturnValue:
    return _pass_on(f"/sandbox/assets/{name}", name, caching="public, max-age=300")


def _pass_on(path: str, name: str, *, caching: str) -> ResponseReturnValue:
    if not NAME.match(name):
        abort(404)
    target = urlsplit(settings().stripe_api_base)
    connection = HTTPConnection(target.hostname or "", target.port, timeout=PATIENCE)
    try:
        connection.request(request.method, path, request.get_data(), {"Content-Type": request.content_type or "text/plain"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException) as error:
        raise PaymentsUnavailableError(repr(error)) from error
    finally:
        connection.close()
    headers = {"Content-Type": answer.headers.get("Content-Type", "text/html"), "Cache-Control": caching}
    if "Location" in answer.headers:
        headers["Location"] = answer.headers["Location"]
    return Response(body, answer.status, headers)
