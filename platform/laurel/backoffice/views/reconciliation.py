"""Do our books agree with Stripe's? The last comparisons, and one now."""

from functools import partial

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.navigation import work_nav
from laurel.commerce.queries.health import count_dead_events, find_last_notice
from laurel.commerce.queries.reconciling import find_last_run, find_running, list_runs
from laurel.commerce.rules.reconciling import IS_LATE, Trouble
from laurel.commerce.services import Till
from laurel.commerce.services.reconcile import Audit, reconcile
from laurel.core.db import database_now
from laurel.learning.queries import list_rights_without_enrollment
from laurel.web.access import policy
from laurel.web.session import current_session, database, transaction

bp = Blueprint("backoffice_reconciliation", __name__, url_prefix="/backoffice/reconciliation")
SHOWN = 30


@bp.get("")
@policy(GET="orders:read")
def reconciliation_page() -> ResponseReturnValue:
    session = current_session()
    last = find_last_run(session)
    return render_template(
        "backoffice/reconciliation_page.html",
        last=last,
        last_deep=find_last_run(session, is_deep=True),
        is_late=last is not None and database_now(session) - last.started_at > IS_LATE,
        key_is_refused=last is not None and (last.error or "").startswith(Trouble.KEY_REFUSED),
        is_running=find_running(session) is not None,
        runs=list_runs(session, limit=SHOWN),
        last_notice=find_last_notice(session),
        dead_events=count_dead_events(session),
        work_nav=work_nav(),
    )


@bp.post("")
@policy(POST="jobs:read")
def compare_now() -> ResponseReturnValue:
    """Compare within this request: it may take some seconds."""
    settings = current_app.extensions["laurel_settings"]
    till = Till(
        transaction=transaction,
        payments=current_app.extensions["laurel_ports"].payments,
        env=settings.host,
        is_live=settings.takes_real_money,
        now=database_now(current_session()),
    )
    current_session().rollback()
    audit = Audit(till=till, read=partial(database().session, writes=False), checks=(list_rights_without_enrollment,))
    run = reconcile(audit, started_by="back office")
    if run is None:
        flash("A comparison is running already. Look again in a minute.", "info")
    elif run.error:
        flash("Not everything could be compared. The page says why.", "warning")
    elif run.differences:
        flash("The books differ. The page says where.", "warning")
    else:
        flash("The books agree.", "success")
    return redirect(url_for(".reconciliation_page"))
