"""Credentials: who holds what, what is still waiting for its signature, and all that happened to each."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from laurel.backoffice.navigation import work_nav
from laurel.credentials import queries
from laurel.credentials.rules.verdicts import CredentialState
from laurel.web.access import policy
from laurel.web.pages import paginate
from laurel.web.session import current_session

bp = Blueprint("backoffice_credentials", __name__, url_prefix="/backoffice/credentials")


@bp.get("")
@policy(GET="credentials:read")
def credential_list() -> ResponseReturnValue:
    words, state = request.args.get("q", "").strip()[:100], request.args.get("state", "")
    chosen = CredentialState(state) if state in set(CredentialState) else None
    page = paginate(current_session(), queries.search_credentials(words, chosen), scalars=False)
    return render_template(
        "backoffice/credential_list.html", page=page, words=words, state=chosen or "", states=list(CredentialState), work_nav=work_nav()
    )


@bp.get("/<uuid:credential_id>")
@policy(GET="credentials:read")
def credential_page(credential_id: UUID) -> ResponseReturnValue:
    session = current_session()
    record = queries.get_credential(session, credential_id)
    is_pending = record.credential.state is CredentialState.PENDING
    return render_template(
        "backoffice/credential_page.html",
        credential=record.credential,
        achievement=record.achievement,
        trouble=queries.find_signing_trouble(session, record.credential) if is_pending else None,
        versions=queries.list_versions(session, credential_id),
        history=queries.list_history(session, credential_id),
        work_nav=work_nav(),
    )
