"""Finding a certificate by the number that stands on it."""

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.core.errors import InvalidInputError
from laurel.credentials import queries
from laurel.credentials.rules.numbers import EXAMPLE, MAX_TYPED, parse_number
from laurel.credentials.views.base import bp, from_register, issuer
from laurel.credentials.views.presenters import ShownCredential, show
from laurel.web.access import PUBLIC, policy
from laurel.web.limits import VERIFY, limiter
from laurel.web.session import current_session

FOLLOW = "30 per minute"
NOTHING_TYPED = "Enter the number of the certificate. It begins with LRL."


@bp.get("/verify")
@limiter.limit(VERIFY)
@policy(GET=PUBLIC)
def verify_page() -> ResponseReturnValue:
    return search(request.args.get("number", ""), is_sent="number" in request.args)


@bp.get("/v/<number>")
@limiter.limit(FOLLOW)
@policy(GET=PUBLIC)
def follow_number(number: str) -> ResponseReturnValue:
    """Where the QR code on paper leads."""
    try:
        found = queries.find_credential_by_number(current_session(), parse_number(number))
    except InvalidInputError:
        found = None
    if found is None:
        return search(number, is_sent=True)
    response = redirect(url_for("credentials.credential_page", credential_id=found.credential.id), 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def search(typed: str, *, is_sent: bool) -> ResponseReturnValue:
    """The page for what was typed: nothing yet, not a number, a number we never gave out, or a certificate."""
    if not typed.strip():
        return _page(400 if is_sent else 200, typed="", error=NOTHING_TYPED if is_sent else "")
    try:
        number = parse_number(typed)
    except InvalidInputError as error:
        return _page(400, typed=typed, error=error.message)
    found = from_register(lambda: queries.find_credential_by_number(current_session(), number))
    if found is None:
        return _page(404, typed=typed, missing=number)
    return _page(200, typed=number, shown=show(issuer(), found))


def _page(status: int, *, typed: str, error: str = "", missing: str = "", shown: ShownCredential | None = None) -> ResponseReturnValue:
    return verification_page(status, typed=typed[:MAX_TYPED], error=error, missing=missing, shown=shown)


def verification_page(status: int, **words: Any) -> ResponseReturnValue:
    """The page with both of its forms, and what came of one of them; `words` are the template's."""
    nothing = {"typed": "", "error": "", "missing": "", "shown": None, "pasted": "", "file_error": "", "examined": None}
    page = render_template("credentials/verify_page.html", **{**nothing, **words}, example=EXAMPLE, issuer=issuer())
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
