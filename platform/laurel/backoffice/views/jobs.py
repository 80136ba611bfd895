"""What happens afterwards: what waits, what failed, and another try."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice import queries
from laurel.backoffice.navigation import work_nav
from laurel.core.bus import retry_delivery
from laurel.core.db import database_now
from laurel.core.events import DeliveryStatus
from laurel.core.mail import MailStatus, retry_mail
from laurel.web.access import policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_jobs", __name__, url_prefix="/backoffice/jobs")


@bp.get("")
@policy(GET="jobs:read")
def job_list() -> ResponseReturnValue:
    """Deliveries of one status, and the mails of the same."""
    wanted = request.args.get("status", DeliveryStatus.FAILED)
    status = DeliveryStatus(wanted) if wanted in set(DeliveryStatus) else DeliveryStatus.FAILED
    mails = {DeliveryStatus.DUE: MailStatus.DUE, DeliveryStatus.DONE: MailStatus.SENT, DeliveryStatus.FAILED: MailStatus.FAILED}
    session = current_session()
    return render_template(
        "backoffice/job_list.html",
        status=status,
        page=paginate(session, queries.select_deliveries(status), scalars=False),
        mails=paginate(session, queries.select_mails(mails[status]), number=1, size=10),
        work_nav=work_nav(),
    )


@bp.post("/deliveries/<uuid:delivery_id>/retry")
@policy(POST="jobs:read")
def retry(delivery_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        retry_delivery(session, delivery_id, now=database_now(session))
    flash("It will be tried again in a moment.", "success")
    return redirect(url_for(".job_list"))


@bp.post("/mails/<uuid:mail_id>/retry")
@policy(POST="jobs:read")
def retry_sending(mail_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        retry_mail(session, mail_id, now=database_now(session))
    flash("It will be sent again in a moment.", "success")
    return redirect(url_for(".job_list"))
