"""The back office's first page."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from laurel.backoffice import queries
from laurel.backoffice.navigation import work_nav
from laurel.commerce.queries import count_open_tasks
from laurel.commerce.queries.reconciling import find_last_run
from laurel.commerce.rules.reconciling import Trouble
from laurel.core.db import database_now
from laurel.credentials.services import key_acts
from laurel.credentials.services.issuers import issuer_of
from laurel.credentials.services.trouble import find_reminders, find_trouble
from laurel.web.access import policy, viewer
from laurel.web.session import current_session

bp = Blueprint("backoffice", __name__, url_prefix="/backoffice")


@bp.get("")
@policy(GET="backoffice:enter")
def overview_page() -> ResponseReturnValue:
    session = current_session()
    now, extensions = database_now(session), current_app.extensions
    overview = queries.get_overview(session, since=now - queries.LAST_DAYS)
    books, issuer = find_last_run(session), issuer_of(extensions["laurel_settings"])
    person = viewer()
    may_change_keys = person is not None and person.may("keys:write")
    return render_template(
        "backoffice/overview_page.html",
        overview=overview,
        open_tasks=count_open_tasks(session),
        books=books,
        signing_troubles=find_trouble(session, issuer, extensions["laurel_ports"].keys, now=now),
        key_reminders=find_reminders(session, issuer, now=now) if may_change_keys else [],
        key_requests=key_acts.list_open(session, now=now) if may_change_keys else [],
        key_is_refused=books is not None and (books.error or "").startswith(Trouble.KEY_REFUSED),
        work_nav=work_nav(),
    )
