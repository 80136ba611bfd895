"""The chain of events as a whole: how far it goes, what speaks for it, and all of it as a file."""

from functools import partial

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.credentials.queries import chain, find_last_link
from laurel.credentials.services.anchoring import find_chain_trouble
from laurel.credentials.services.chain_export import iterate_lines, note_export
from laurel.web.access import my_id, policy
from laurel.web.limits import limiter
from laurel.web.pages import paginate
from laurel.web.session import current_session, database, transaction

bp = Blueprint("backoffice_credential_history", __name__, url_prefix="/backoffice/credentials/history")
EXPORTS = "10 per hour"


@bp.get("")
@policy(GET="credentials:read")
def history_page() -> ResponseReturnValue:
    session = current_session()
    return render_template(
        "backoffice/credential_history_page.html",
        head=find_last_link(session),
        troubles=find_chain_trouble(session, now=database_now(session)),
        page=paginate(session, chain.select_anchors()),
        work_nav=work_nav(),
    )


@bp.post("/events.jsonl")
@limiter.limit(EXPORTS)
@policy(POST="credentials:read")
def export_events() -> ResponseReturnValue:
    """The whole chain, read and sent a page at a time; who took it is its last entry."""
    with transaction() as session:
        now = database_now(session)
        note_export(session, actor_id=my_id(), now=now)
    response = Response(iterate_lines(partial(database().session, writes=False)), mimetype="application/jsonl")
    response.headers["Content-Disposition"] = f'attachment; filename="credential-events-{now:%Y-%m-%d}.jsonl"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
