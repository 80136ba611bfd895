"""The outage ledger: when candidates could not work because of us, and what was given back."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from laurel.backoffice.navigation import work_nav
from laurel.quizzes.queries.outages import find_last_beat, list_outages
from laurel.web.access import policy
from laurel.web.pages import paginate
from laurel.web.session import current_session

bp = Blueprint("backoffice_outages", __name__, url_prefix="/backoffice/outages")


@bp.get("")
@policy(GET="attempts:read")
def outage_list() -> ResponseReturnValue:
    session = current_session()
    page = paginate(session, list_outages(), scalars=False)
    return render_template("backoffice/outage_list.html", page=page, last_beat=find_last_beat(session), work_nav=work_nav())
