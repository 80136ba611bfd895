"""What goes wrong, turned into a page or JSON that says what to do. The only place that knows HTTP statuses for errors."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from flask import Flask, Response, current_app, g, render_template, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, InternalServerError

from laurel.core.errors import ConflictError, DomainError, ForbiddenError, GoneError, NotFoundError, UnavailableError
from laurel.web.access import viewer
from laurel.web.kept_forms import keep_form
from laurel.web.outages import is_outage
from laurel.web.redirects import is_safe_path
from laurel.web.session import end_transaction, may_be_done

log = logging.getLogger("laurel.errors")

STATUS = {NotFoundError: 404, ForbiddenError: 403, ConflictError: 409, GoneError: 410, UnavailableError: 503}


@dataclass(frozen=True, slots=True)
class Help:
    """What an error page says: its title, what happened, and what to do."""

    title: str
    message: str
    what_to_do: str


HELP = {
    400: Help(
        "That request does not make sense",
        "Something in it was missing or malformed. Nothing was changed.",
        "Go back, reload the page and try again.",
    ),
    401: Help("Please sign in", "Your session has ended. Nothing was changed.", "Sign in, then do it once more."),
    403: Help("This is not yours to open", "Your account may not do that.", "If you think it should, ask a member of staff."),
    404: Help("There is no such page", "The address may be mistyped, or the page has moved.", "Try one of these instead."),
    405: Help(
        "That does not work here", "This address cannot be used that way. Nothing was changed.", "Go back and use the buttons of the page."
    ),
    409: Help(
        "That is not possible now",
        "Somebody, or you in another tab, was faster. Nothing was overwritten.",
        "Go back to see the present state.",
    ),
    410: Help("This was removed", "It existed once and was removed for good.", "Try one of these instead."),
    413: Help("That is too large", "What you sent is larger than is accepted here. Nothing was changed.", "Send less, or a smaller file."),
    415: Help(
        "That format is not understood",
        "This address expects another kind of content. Nothing was changed.",
        "Use the buttons of the page.",
    ),
    429: Help("One moment, please", "That was tried too often in a short time. Nothing was changed.", "Wait a little and try again."),
    500: Help(
        "Something broke on our side",
        "It is not your fault, and nothing was half saved.",
        "Try again. If it happens again, tell us the reference below.",
    ),
    503: Help("We are not fully available", "That did not go through. Nothing was changed.", "Wait a few seconds and try again."),
}
OLD_PAGE = Help(
    "Please send that once more",
    "This page was open in an earlier session of yours. Nothing was changed.",
    "Go back, reload the page and try again.",
)
UNSURE = Help(
    "We are not fully available",
    "Our database broke off before it was certain. What you did may have gone through.",
    "Wait a few seconds, then look whether it did before you do it again.",
)
KEPT = {
    401: "What you wrote is kept below. Sign in in a new tab, then come back here and send it.",
    400: "What you wrote is kept below. Press Send it again.",
    429: "What you wrote is kept below. Wait a little, then send it again.",
    503: "What you wrote is kept below. Wait a few seconds, then send it again.",
}
COME_AGAIN = {"Retry-After": "2"}
"""What every 503 says, to people and to programs: seconds."""
LINKS = [("Courses", "/courses"), ("Articles", "/articles"), ("Verify a certificate", "/verify")]


def wants_json() -> bool:
    """Whether the client is a script that sent or asked for JSON."""
    return request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


@dataclass(frozen=True, slots=True)
class Workplace:
    """A part of the site with a layout of its own: an error in it keeps its side navigation."""

    prefix: str
    name: str
    navigation: Callable[[], Sequence[tuple[str, str, str, bool]]]


def _surroundings() -> dict[str, Any]:
    """The layout that the page would have had, for whom it was found out that they may be there. Asks nothing of the database."""
    for place in current_app.extensions["laurel_workplaces"]:
        if viewer() is not None and request.path.startswith(place.prefix):
            links = place.navigation()
            return {"layout": "layouts/work.html", "place": place.name, "work_nav": links} if links else {"layout": "layouts/site.html"}
    return {"layout": "layouts/site.html"}


def show(
    status: int,
    *,
    message: str | None = None,
    reference: str | None = None,
    advice: Help | None = None,
    links: Sequence[tuple[str, str]] = LINKS,
) -> ResponseReturnValue:
    """The error page, or its JSON twin, with `status`. A form that failed for no fault of its own can be sent again from it.

    Who is known to be signed in stays so; nobody is looked up for it.
    """
    end_transaction()
    kept = keep_form(renew_token=status != 503) if status in {401, 429, 503} or advice is OLD_PAGE else None
    advice = advice or HELP.get(status, HELP[400])
    headers = COME_AGAIN if status == 503 else {}
    answer = _answer_machine(status, advice.title, message or advice.message, reference)
    if answer is not None:
        return answer, status, headers
    if request_ctx.url_adapter is None:  # the request came for another host: no page of ours has an address there
        return message or advice.message, status, headers | {"Content-Type": "text/plain; charset=utf-8"}
    what_to_do = advice.what_to_do if kept is None or advice is UNSURE else KEPT[status]
    page = render_template(
        "errors/page.html",
        code=status,
        title=advice.title,
        message=message or advice.message,
        what_to_do=what_to_do,
        kept=kept,
        back=_page_before(),
        links=links,
        reference=reference,
        **_surroundings(),
    )
    return page, status, headers


def _answer_machine(status: int, title: str, message: str, reference: str | None) -> Response | dict[str, Any] | None:
    """What is said to a program, in the words of the package whose address it asked, if that has its own; None to a browser."""
    told: Response | None = current_app.extensions["laurel_tell_machine"](status, title, message, reference)
    if told is not None or not wants_json():
        return told
    kind = "temporarily_unavailable" if status == 503 else title.lower().replace(" ", "_")
    return {"error": kind, "message": message, "reference": reference}


def _page_before() -> str:
    """The page whose form or button led here, "" if there was none: an address that only takes forms cannot be reloaded."""
    before = urlsplit(request.referrer or "")
    path = before.path + (f"?{before.query}" if before.query else "")
    is_ours = f"{before.scheme}://{before.netloc}" == current_app.extensions["laurel_settings"].public_url
    return path if request.method == "POST" and is_ours and is_safe_path(path) else ""


def status_of(error: DomainError) -> int:
    """The HTTP status of a domain error's family."""
    return next((code for family, code in STATUS.items() if isinstance(error, family)), 400)


def headers_of(error: HTTPException) -> dict[str, str]:
    """What the answer must say besides its status: which methods there are, and when to come again."""
    found = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if isinstance(error, RateLimitExceeded) and error.limit is not None:
        found["Retry-After"] = str(error.limit.limit.get_expiry())
    return found


def _show_unexpected(error: BaseException) -> ResponseReturnValue:
    """That the database is busy or lost, else that something is broken on our side."""
    if is_outage(error):
        return _show_outage()
    reference = uuid4().hex[:12]
    log.exception("Unexpected error, reference %s", reference, exc_info=error)
    return show(500, reference=reference)


def _show_outage() -> ResponseReturnValue:
    """Say so, and ask the database for nothing more: the session would be waited for a second time."""
    g.browser_session.leave_as_it_was()
    return show(503, advice=UNSURE if may_be_done() else None)


TellMachine = Callable[[int, str, str, str | None], Response | None]
"""An error as a package says it to machines, of (status, title, message, reference). None where it is not its to say."""


def init_app(app: Flask, workplaces: Sequence[Workplace] = (), tell_machine: TellMachine = lambda *_error: None) -> None:
    """Register one handler for each kind of trouble."""
    app.extensions["laurel_workplaces"] = workplaces
    app.extensions["laurel_tell_machine"] = tell_machine
    app.register_error_handler(Exception, _show_unexpected)

    @app.errorhandler(DomainError)
    def domain(error: DomainError) -> ResponseReturnValue:
        return show(status_of(error), message=error.message)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.response is not None or error.code is None or error.code < 400:
            return error.get_response()
        response = app.make_response(show(error.code))
        response.headers.update(headers_of(error))
        return response

    @app.errorhandler(CSRFError)
    def old_page(_error: CSRFError) -> ResponseReturnValue:
        return show(400, advice=OLD_PAGE)

    @app.errorhandler(IntegrityError)
    def conflict(error: IntegrityError) -> ResponseReturnValue:
        log.warning("A constraint held: %s", error.orig)
        return show(409)

    @app.errorhandler(InternalServerError)
    def late(error: InternalServerError) -> ResponseReturnValue:
        """Whatever went wrong after the view: when the session was kept, or while an error was shown."""
        return _show_unexpected(error.original_exception) if error.original_exception is not None else show(500)
