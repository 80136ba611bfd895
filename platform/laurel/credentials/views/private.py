"""What a private certificate says to strangers: that its number exists and how it stands, and whether it is the one of a given name."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.credentials import queries
from laurel.credentials.rules.visibility import MAX_NAME_ASKED
from laurel.credentials.views.admission import Admission, admit
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.guessing import DayNeededError, Holder, is_holder, needs_day
from laurel.credentials.views.presenters import ShownCredential, close, show
from laurel.web.access import PUBLIC, READING, policy
from laurel.web.forms import clean_name
from laurel.web.limits import limiter
from laurel.web.session import current_session

ASK = "10 per minute"
NOTHING_ASKED = "Enter the name that you were given."
TOO_LONG = f"A name has at most {MAX_NAME_ASKED} characters."
NO_DAY = "Enter the day on which it was issued, as it stands on what you were shown."


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked about a private certificate, what is wrong with it, and the answer."""

    asked: str = ""
    day: str = ""
    error: str = ""
    day_error: str = ""
    belongs: bool | None = None


@bp.get("/credentials/<uuid:credential_id>/holder")
@policy(GET=PUBLIC)
def name_question(credential_id: UUID) -> ResponseReturnValue:
    """Where a reload of the answer leads: to the question."""
    return redirect(url_for(".credential_page", credential_id=credential_id, t=request.args.get("t")), 303)


@bp.post("/credentials/<uuid:credential_id>/holder")
@limiter.limit(ASK)
@policy(POST=READING)
def answer_name(credential_id: UUID) -> ResponseReturnValue:
    """Yes or no. The name is in the body, so that it stands in no log."""
    shown = show(issuer(), queries.get_credential(current_session(), credential_id))
    admission = admit(shown.record.credential)
    if admission.is_full or not _may_be_asked(shown, admission):
        return redirect(url_for(".credential_page", credential_id=credential_id, t=request.args.get("t")), 303)
    credential = shown.record.credential
    question = _answer(Holder(credential.id, credential.holder_name, credential.awarded_at.date()))
    is_wrong = bool(question.error or question.day_error)
    return make_response(private_page(shown, question=question), 400 if is_wrong else 200)


def _answer(holder: Holder) -> Question:
    asked, day = clean_name(request.form.get("name", "")[: MAX_NAME_ASKED + 1]), request.form.get("day", "").strip()[:40]
    error = NOTHING_ASKED if not asked else TOO_LONG if len(asked) > MAX_NAME_ASKED else ""
    given = _read_day(day)
    if error:
        return Question(asked, day, error, NO_DAY if given is None and needs_day(holder.credential_id) else "")
    try:
        return Question(asked, day, belongs=is_holder(holder, asked, given))
    except DayNeededError:
        return Question(asked, day, day_error=NO_DAY)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def private_page(shown: ShownCredential, *, is_dead: bool = False, question: Question | None = None) -> str:
    """The page of a private certificate. It is given no name but the one that was asked for."""
    credential = shown.record.credential
    return render_template(
        "credentials/private_page.html",
        shown=shown,
        credential_id=credential.id,
        number=credential.number,
        issuer=shown.issuer,
        is_dead=is_dead,
        may_be_asked=credential.former_name_since is None,
        needs_day=needs_day(credential.id),
        t=request.args.get("t") if credential.address_token else None,
        question=question or Question(),
    )


def _may_be_asked(shown: ShownCredential, admission: Admission) -> bool:
    """Neither whether a former name stood on it is answered, nor, to whoever comes from before a change, whether a new one does."""
    return shown.record.credential.former_name_since is None and not admission.is_closed


def closed_page(shown: ShownCredential) -> str:
    """What an address from before a change of name says: neither a name, nor what was certified."""
    credential = shown.record.credential
    return render_template(
        "credentials/closed_page.html",
        number=credential.number,
        credential_id=credential.id,
        closed=close(credential),
        issuer=shown.issuer,
    )
