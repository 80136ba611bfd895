"""Examining a certificate that somebody sends as a file or as text. Nothing of it is kept."""

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from laurel.core import clock
from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.foreign import EXPLANATIONS, MAX_UPLOAD, Cause, Kind, UnreadableError
from laurel.credentials.rules.numbers import MAX_TYPED, parse_number
from laurel.credentials.services.examining import Examination, judge, look_up, read_upload
from laurel.credentials.views.base import RegisterAwayError, bp, from_register, issuer
from laurel.credentials.views.presenters import UNKNOWN, show_examination
from laurel.credentials.views.verification import page_at, search, verification_page
from laurel.web.access import READING, policy
from laurel.web.bodies import takes
from laurel.web.limits import VERIFY
from laurel.web.session import current_session, end_transaction

ENVELOPE = 64 * 1024
"""What a form adds to the file that it carries."""
ECHO = 20_000
"""How much of a pasted text is shown again beside what is wrong with it."""


@bp.post("/verify")
@VERIFY
@takes(MAX_UPLOAD + ENVELOPE)
@policy(POST=READING)
def examine_upload() -> ResponseReturnValue:
    """The file if there is one, else the pasted text. A number that was pasted is looked up, an address of ours leads to its page."""
    try:
        content, pasted = _sent()
    except RequestEntityTooLarge:
        return verification_page(413, file_error=EXPLANATIONS[Cause.TOO_LARGE])
    page = page_at(pasted)
    if page is not None:
        return page
    if _is_number(pasted):
        return search(pasted, is_sent=True)
    try:
        examination = examine(content)
    except UnreadableError as error:
        return verification_page(422, file_error=error.message, pasted=pasted[:ECHO])
    except RegisterAwayError:
        return verification_page(503, examined=UNKNOWN, pasted=pasted[:ECHO])
    return verification_page(200, examined=show_examination(issuer(), examination))


def examine(content: bytes, kind: Kind | None = None) -> Examination:
    """Read, look up, judge: the database is let go of before signatures are checked. Raises UnreadableError or RegisterAwayError."""
    carried = read_upload(content, kind)
    knowledge = from_register(lambda: look_up(current_session(), issuer(), carried))
    end_transaction()
    return judge(carried, knowledge, now=clock.now())


def _sent() -> tuple[bytes, str]:
    """What to examine, and the pasted text if that is it."""
    file = request.files.get("file")
    content = file.read() if file is not None else b""
    pasted = "" if content else request.form.get("pasted", "").strip()
    return content or pasted.encode(errors="surrogatepass"), pasted


def _is_number(pasted: str) -> bool:
    if not pasted or len(pasted) > MAX_TYPED:
        return False
    try:
        parse_number(pasted)
    except InvalidInputError:
        return False
    return True
