"""What the views of credentials share: who issues, how documents are answered, and errors that machines can read."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from laurel.core.errors import DomainError, UnavailableError
from laurel.credentials.rules import erasure
from laurel.credentials.rules.erasure import ErasedError
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.negotiation import HTML, PAGE_TYPES, negotiate
from laurel.credentials.rules.verdicts import Verdict
from laurel.credentials.services.issuers import issuer_of
from laurel.web import errors
from laurel.web.access import viewer
from laurel.web.outages import is_outage

Found = TypeVar("Found")
bp = Blueprint("credentials", __name__)
API = "/api/"
STATUS_LISTS = "/status/"
FOR_MACHINES = (API, STATUS_LISTS, "/credentials/", "/achievements/", "/keys/", "/orgs/", "/.well-known/")
"""Where programs ask. An error there is one for them unless they name HTML, and in the API always."""
RETRIEVAL_ERROR = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"

FOR_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
}
"""Documents are for any site and any wallet, and say nothing about who reads them."""


ERASED = errors.Help("Revoked: an erased certificate", "This certificate was erased.", erasure.ADVICE)
ANOTHER, MINE = ("Verify another certificate", "/verify"), ("Your certificates", "/account/credentials")


def issuer() -> Issuer:
    """Who issues here. Its addresses come from the settings, never from the request."""
    return issuer_of(current_app.extensions["laurel_settings"])


def asked_for(offered: Sequence[str]) -> str | None:
    """The media type to answer with; None if nothing offered is acceptable."""
    return negotiate(request.headers.get("Accept"), offered)


def document(body: str | bytes, media: str, *, caching: str, negotiated: bool = False) -> Response:
    """A published document, byte for byte, with ETag and CORS. HEAD and conditional requests work."""
    content = body.encode() if isinstance(body, str) else body
    response = Response(content, mimetype=media)
    response.headers.update(FOR_ALL)
    response.headers["Cache-Control"] = caching
    if negotiated:
        response.vary.add("Accept")
    response.set_etag(hashlib.sha256(media.encode() + content).hexdigest()[:32])
    return response.make_conditional(request)  # type: ignore[return-value]


def as_download(response: Response, filename: str) -> Response:
    """The same, saved instead of shown, if the address asks for it with `?download=1`."""
    if request.args.get("download") == "1":
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank", **members: str) -> Response:
    """An error as RFC 9457 says it, with `members` of our own."""
    body = compact({"type": kind, "title": title, "status": status, "detail": detail, **members})
    response = Response(body, status=status, mimetype="application/problem+json")
    response.headers.update(FOR_ALL)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers.update(errors.COME_AGAIN)
    response.vary.add("Accept")
    return response


def not_acceptable(offered: Sequence[str]) -> Response:
    """406, naming what there is."""
    return problem(406, "Not acceptable", f"This address answers with {', '.join(offered)}.")


class RegisterAwayError(UnavailableError):
    """The database cannot be asked; nothing is known about any certificate for the moment."""

    message = "We cannot look it up at this moment. That says nothing about the certificate. Try again in a minute."


def from_register(read: Callable[[], Found]) -> Found:
    """What `read` finds in the database; raises RegisterAwayError if that cannot be asked."""
    try:
        return read()
    except Exception as error:
        if is_outage(error):
            raise RegisterAwayError from error
        raise


def _wants_page() -> bool:
    return asked_for(PAGE_TYPES) == HTML and not request.path.startswith(API)


def tell_machine(status: int, title: str, message: str, reference: str | None) -> Response | None:
    """Any error at an address of ours as RFC 9457 says it, also one that no view was reached for; None if it is to be a page."""
    if not request.path.startswith(FOR_MACHINES) or _wants_page():
        return None
    kind = RETRIEVAL_ERROR if request.path.startswith(STATUS_LISTS) else "about:blank"
    return problem(status, title, message, kind=kind, **({"reference": reference} if reference else {}))


@bp.errorhandler(DomainError)
def show_domain_error(error: DomainError) -> ResponseReturnValue:
    """The same words to browsers and to machines, each in its form."""
    status = errors.status_of(error)
    if isinstance(error, ErasedError):
        return _show_erased(error, status)
    if _wants_page():
        return errors.show(status, message=error.message)
    advice = errors.HELP.get(status, errors.HELP[400])
    return problem(status, advice.title, error.message, kind=getattr(error, "problem_kind", "about:blank"))


def _show_erased(error: ErasedError, status: int) -> ResponseReturnValue:
    """Machines get the word that verifiers elsewhere find, too: the certificate's entry on its status list is set."""
    if _wants_page():  # public pages know nobody: there a holder is one of many who may have come
        return errors.show(status, message=error.message, advice=ERASED, links=[ANOTHER, MINE] if viewer() is None else [MINE, ANOTHER])
    return problem(status, ERASED.title, error.message, verdict=Verdict.REVOKED, revocationReason=error.reason)


@bp.errorhandler(HTTPException)
def show_http_error(error: HTTPException) -> ResponseReturnValue:
    """Too many requests, a method that is not there: to machines as RFC 9457 says it."""
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    if _wants_page():
        response = make_response(errors.show(error.code))
    else:
        advice = errors.HELP.get(error.code, errors.HELP[400])
        response = problem(error.code, advice.title, advice.message)
    response.headers.update(errors.headers_of(error))
    return response
