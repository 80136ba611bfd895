"""Credentials: who holds what, what is still waiting for its signature, and all that happened to each."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import get_user
from laurel.backoffice.navigation import work_nav
from laurel.credentials import queries
from laurel.credentials.queries import staff
from laurel.credentials.rules.verdicts import CredentialState
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session

bp = Blueprint("backoffice_credentials", __name__, url_prefix="/backoffice/credentials")


@bp.get("")
@policy(GET="credentials:read")
def credential_list() -> ResponseReturnValue:
    session = current_session()
    words, state, achievement = (request.args.get(name, "").strip()[:100] for name in ("q", "state", "achievement"))
    chosen = CredentialState(state) if state in set(CredentialState) else None
    achievements = {str(achievement_id): name for achievement_id, name in staff.list_achievement_choices(session)}
    achievement_id = UUID(achievement) if achievement in achievements else None
    page = paginate(session, staff.search_credentials(words, chosen, achievement_id), scalars=False)
    return render_template(
        "backoffice/credential_list.html",
        page=page,
        words=words,
        state=chosen or "",
        states=list(CredentialState),
        achievement=str(achievement_id or ""),
        achievements=achievements,
        work_nav=work_nav(),
    )


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
        holder=get_user(session, credential.holder_id),
        earned=staff.find_attempt_behind(session, credential),
        trouble=queries.find_signing_trouble(session, credential) if is_pending else None,
        versions=queries.list_versions(session, credential_id),
        history=staff.list_history_with_actors(session, credential_id),
        is_mine=credential.holder_id == my_id(),
        work_nav=work_nav(),
    )
