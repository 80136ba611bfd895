"""Finding a certificate by the number that stands on it."""

import re
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from laurel.core.errors import InvalidInputError
from laurel.credentials import queries
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.queries.erasure import find_erased_by_number
from laurel.credentials.rules import erasure
from laurel.credentials.rules.numbers import EXAMPLE, MAX_TYPED, parse_number
from laurel.credentials.views.base import RegisterAwayError, bp, from_register, issuer
from laurel.credentials.views.guessing import count_guess, refuse_guesses
from laurel.credentials.views.presenters import UNKNOWN, ShownCredential, close, show
from laurel.web.access import PUBLIC, policy
from laurel.web.errors import COME_AGAIN
from laurel.web.limits import VERIFY, limiter
from laurel.web.session import current_session

FOLLOW = "30 per minute"
ADDRESS = re.compile(r"(?:https?://)?(?P<host>[^/?#\s]+)(?P<path>/[^?#\s]*)(?:\?(?P<query>[^#\s]*))?(?:#\S*)?", re.IGNORECASE)
ID = r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
PAGE = re.compile(rf"/credentials/{ID}(?:/?|\.\w+|/(?:badge|card|certificate)\.\w+)", re.IGNORECASE)
"""The page of a certificate, or a file of it."""
NUMBER = re.compile(r"/v/(?P<number>[A-Za-z0-9-]+)/?")
"""As it is printed, and in QR codes; since a change of name with `t`."""
MAX_ADDRESS = 4096
"""Whatever stands behind it: what is longer is none of ours, and is not answered with an address as long."""
NOTHING_TYPED = "Enter the number of the certificate. It begins with LRL."


@bp.get("/verify")
@VERIFY
@policy(GET=PUBLIC)
def verify_page() -> ResponseReturnValue:
    return search(request.args.get("number", ""), is_sent="number" in request.args)


@bp.get("/v/<number>")
@limiter.limit(FOLLOW)
@policy(GET=PUBLIC)
def follow_number(number: str) -> ResponseReturnValue:
    """Where the QR code on paper leads."""
    try:
        printed = parse_number(number)
    except InvalidInputError:
        page = search(number, is_sent=True)
        if "Location" not in page.headers:  # else it is the id of a page that was written there
            page.status_code = 404
        return page
    found = find_by_number(printed)
    if found is None:
        return _page_of(printed, None)
    credential_id = found.credential_id if isinstance(found, ErasedCredential) else found.credential.id
    return _lead_to("credentials.credential_page", credential_id=credential_id, t=request.args.get("t"))


def find_by_number(number: str) -> CredentialRecord | ErasedCredential | None:
    """The certificate of a number as it is printed, or that it was erased; None counts as a guess, and too many are not looked up."""
    refuse_guesses()
    session = current_session()
    found = queries.find_credential_by_number(session, number) or find_erased_by_number(session, number)
    if found is None:
        count_guess()
    return found


def search(typed: str, *, is_sent: bool) -> Response:
    """The page for what was typed: nothing yet, not a number, or what we know of a number. An address of ours leads to its page."""
    if not typed.strip():
        return _page(400 if is_sent else 200, typed="", error=NOTHING_TYPED if is_sent else "")
    page = page_at(typed)
    if page is not None:
        return page
    try:
        number = parse_number(typed)
    except InvalidInputError as error:
        return _page(400, typed=typed, error=error.message)
    try:
        found = from_register(lambda: find_by_number(number))
    except RegisterAwayError:
        return verification_page(503, typed=number, examined=UNKNOWN)
    return _page_of(number, found)


def page_at(address: str) -> Response | None:
    """The way to the page that somebody pasted the address of; None if it is none of ours."""
    if len(address) > MAX_ADDRESS:
        return None
    address = address.strip().removeprefix("<").removesuffix(">")  # as mail programs write one
    if re.fullmatch(ID, address, re.IGNORECASE):
        return _lead_to("credentials.credential_page", credential_id=UUID(address), t=request.args.get("t"))
    written = ADDRESS.fullmatch(address)
    if written is None or written["host"].lower() != request.host:
        return None
    t = next(iter(parse_qs(written["query"] or "").get("t", [])), None)
    page, coded = PAGE.fullmatch(written["path"]), NUMBER.fullmatch(written["path"])
    if page:
        return _lead_to("credentials.credential_page", credential_id=UUID(page["id"]), t=t)
    return _lead_to("credentials.follow_number", number=coded["number"], t=t) if coded else None


def _lead_to(view: str, **values: Any) -> Response:
    response = redirect(url_for(view, **values), 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page_of(number: str, found: CredentialRecord | ErasedCredential | None) -> Response:
    """We never gave it out, it was erased, links from before a change of name are closed, or all of it."""
    if found is None:
        return _page(404, typed=number, missing=number)
    if isinstance(found, ErasedCredential):
        return verification_page(200, typed=number, erased=found.reason.sentence, advice=erasure.ADVICE)
    if found.credential.address_token is not None:
        return verification_page(200, typed=number, closed=close(found.credential))
    return _page(200, typed=number, shown=show(issuer(), found))


def _page(status: int, *, typed: str, error: str = "", missing: str = "", shown: ShownCredential | None = None) -> Response:
    return verification_page(status, typed=typed[:MAX_TYPED], error=error, missing=missing, shown=shown)


def verification_page(status: int, **words: Any) -> Response:
    """The page with both of its forms, and what came of one of them; `words` are the template's."""
    nothing = {
        "typed": "",
        "error": "",
        "missing": "",
        "shown": None,
        "erased": "",
        "closed": None,
        "pasted": "",
        "file_error": "",
        "examined": None,
    }
    page = render_template("credentials/verify_page.html", **{**nothing, **words}, example=EXAMPLE, issuer=issuer())
    response = make_response(page, status, COME_AGAIN if status == 503 else {})
    response.headers["Cache-Control"] = "no-store"
    return response
