"""Credentials: who holds what, what is still waiting for its signature, and all that happened to each."""

from uuid import UUID

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import get_user
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials import queries
from laurel.credentials.queries import staff
from laurel.credentials.queries.erasure import find_erased, find_erased_by_number
from laurel.credentials.rules.bulk import MAX_ROWS
from laurel.credentials.rules.numbers import parse_number
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.downloads import StaffFile
from laurel.credentials.services.downloads import take_file as take_file_of
from laurel.credentials.services.issuers import in_name_of, issuer_of
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_credentials", __name__, url_prefix="/backoffice/credentials")

MAX_WORDS = 200
"""An address of ours fits."""


@bp.get("")
@policy(GET="credentials:read")
def credential_list() -> ResponseReturnValue:
    session = current_session()
    words, state, achievement = (request.args.get(name, "").strip()[:MAX_WORDS] for name in ("q", "state", "achievement"))
    chosen = CredentialState(state) if state in set(CredentialState) else None
    achievements = {str(achievement_id): name for achievement_id, name in staff.list_achievement_choices(session)}
    achievement_id = UUID(achievement) if achievement in achievements else None
    page = paginate(session, staff.search_credentials(words, chosen, achievement_id), scalars=False)
    return render_template(
        "backoffice/credential_list.html",
        page=page,
        erased="" if page.rows else find_erasure(words),
        words=words,
        state=chosen or "",
        states=list(CredentialState),
        achievement=str(achievement_id or ""),
        achievements=achievements,
        at_most=MAX_ROWS,
        work_nav=work_nav(),
    )


ADDRESSES = {
    StaffFile.JSON: "credentials.credential_json",
    StaffFile.PDF: "credentials.certificate_pdf",
    StaffFile.PNG: "credentials.credential_badge_png",
    StaffFile.SVG: "credentials.credential_badge_svg",
}


@bp.post("/<uuid:credential_id>/files")
@policy(POST="credentials:read")
def take_file(credential_id: UUID) -> ResponseReturnValue:
    """To the file, of a private certificate too, once it is written down who took it."""
    file = request.form.get("file", "")
    if file not in set(StaffFile):
        raise InvalidInputError("Choose one of the files.")
    secret: str = current_app.extensions["laurel_settings"].secret_key
    with transaction() as session:
        token = take_file_of(session, credential_id, StaffFile(file), actor_id=my_id(), secret=secret, now=database_now(session))
    return redirect(url_for(ADDRESSES[StaffFile(file)], credential_id=credential_id, download=1, t=token), 303)


def find_erasure(words: str) -> str:
    """What is known of an erased certificate, if that is whose number or id was looked for; else empty."""
    session, credential_id = current_session(), staff.id_in(words)
    try:
        found = find_erased(session, credential_id) if credential_id else find_erased_by_number(session, parse_number(words))
    except InvalidInputError:
        return ""
    return found.reason.sentence if found is not None else ""


@bp.get("/<uuid:credential_id>")
@policy(GET="credentials:read")
def credential_page(credential_id: UUID) -> ResponseReturnValue:
    """One credential: what was signed, the attempt behind it, all that happened, and what can be done."""
    session = current_session()
    record = queries.get_credential(session, credential_id)
    credential = record.credential
    is_pending = credential.state is CredentialState.PENDING
    return render_template(
        "backoffice/credential_page.html",
        credential=credential,
        achievement=record.achievement,
        issuer=in_name_of(issuer_of(current_app.extensions["laurel_settings"]), record.organization),
        holder=get_user(session, credential.holder_id),
        earned=staff.find_attempt_behind(session, credential),
        trouble=queries.find_signing_trouble(session, credential) if is_pending else None,
        versions=queries.list_versions(session, credential_id),
        history=staff.list_history_with_actors(session, credential_id),
        is_mine=credential.holder_id == my_id(),
        files=list(StaffFile),
        work_nav=work_nav(),
    )
