"""What a private certificate says to strangers: that its number exists and how it stands, and whether it is the one of a given name."""

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.credentials import queries
from laurel.credentials.rules.visibility import MAX_NAME_ASKED, is_same_name
from laurel.credentials.views.admission import Admission, admit
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.presenters import ShownCredential, close, show
from laurel.web.access import PUBLIC, READING, policy
from laurel.web.forms import clean_name
from laurel.web.limits import limiter
from laurel.web.session import current_session

ASK = "10 per minute"
ASK_OF_ONE = "60 per hour"
"""However many people ask about one certificate: names are not to be found out by trying many."""
NOTHING_ASKED = "Enter the name that you were given."
TOO_LONG = f"A name has at most {MAX_NAME_ASKED} characters."


def _this_credential() -> str:
    return f"name-of:{(request.view_args or {}).get('credential_id')}"


@bp.get("/credentials/<uuid:credential_id>/holder")
@policy(GET=PUBLIC)
def name_question(credential_id: UUID) -> ResponseReturnValue:
    """Where a reload of the answer leads: to the question."""
    return redirect(url_for(".credential_page", credential_id=credential_id), 303)


@bp.post("/credentials/<uuid:credential_id>/holder")
@limiter.limit(ASK)
@limiter.limit(ASK_OF_ONE, key_func=_this_credential)
@policy(POST=READING)
def answer_name(credential_id: UUID) -> ResponseReturnValue:
    """Yes or no. The name is in the body, so that it stands in no log."""
    shown = show(issuer(), queries.get_credential(current_session(), credential_id))
    admission = admit(shown.record.credential)
    if admission.is_full or not _may_be_asked(shown, admission):
        return redirect(url_for(".credential_page", credential_id=credential_id, t=request.args.get("t")), 303)
    asked = clean_name(request.form.get("name", "")[: MAX_NAME_ASKED + 1])
    error = NOTHING_ASKED if not asked else TOO_LONG if len(asked) > MAX_NAME_ASKED else ""
    belongs = None if error else is_same_name(asked, shown.record.credential.holder_name)
    return make_response(private_page(shown, asked=asked, error=error, belongs=belongs), 400 if error else 200)


def private_page(shown: ShownCredential, *, is_dead: bool = False, asked: str = "", error: str = "", belongs: bool | None = None) -> str:
    """The page of a private certificate. It is given no name but the one that was asked for."""
    return render_template(
        "credentials/private_page.html",
        shown=shown,
        credential_id=shown.record.credential.id,
        number=shown.record.credential.number,
        issuer=shown.issuer,
        is_dead=is_dead,
        may_be_asked=shown.record.credential.former_name_since is None,
        t=request.args.get("t") if shown.record.credential.address_token else None,
        asked=asked,
        error=error,
        belongs=belongs,
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
