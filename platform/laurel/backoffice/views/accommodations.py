"""The accommodation of a learner."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import find_user, get_user
from laurel.backoffice.forms import AccommodationForm, RemoveForm, show_error
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.attempts import me
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes import services
from laurel.quizzes.models import Accommodation
from laurel.quizzes.queries.terms import find_accommodation
from laurel.quizzes.rules.terms import ReasonCategory
from laurel.web.access import policy
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_accommodations", __name__, url_prefix="/backoffice/learners")


def _form_of(row: Accommodation | None) -> AccommodationForm:
    if row is None:
        return AccommodationForm()
    last_day = (row.expires_at - timedelta(days=1)).date() if row.expires_at else None
    return AccommodationForm(
        data={
            "multiplier": f"{row.multiplier.normalize():f}",
            "extra_minutes": str(row.extra_minutes),
            "hides_timer": row.hides_timer,
            "reason": row.reason.value,
            "last_day": last_day,
        }
    )


@bp.route("/<uuid:user_id>/accommodation", methods=["GET", "POST"])
@policy(GET="accommodations:write", POST="accommodations:write")
def accommodation_page(user_id: UUID) -> ResponseReturnValue:
    """What the learner is accommodated with, in every quiz that has a limit."""
    session = current_session()
    learner, row = get_user(session, user_id), find_accommodation(session, user_id)
    form, status = _form_of(row), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                with transaction() as session:
                    reason = ReasonCategory(form.reason.data)
                    services.accommodate(session, user_id, form.profile(), reason=reason, actor=me(), now=database_now(session))
            except InvalidInputError as error:
                show_error(form, InvalidInputError(error.message, field="last_day" if error.field == "expires_at" else error.field))
            else:
                flash("The accommodation holds, for exams that run as well.", "success")
                return redirect(url_for(".accommodation_page", user_id=user_id), 303)
    session = current_session()
    row = find_accommodation(session, user_id)
    page = render_template(
        "backoffice/accommodation_page.html",
        learner=learner,
        row=row,
        approved_by=find_user(session, row.approved_by_id) if row else None,
        form=form,
        remove_form=RemoveForm(formdata=None),
        now=database_now(session),
        work_nav=work_nav(),
    )
    return page, status


@bp.post("/<uuid:user_id>/accommodation/end")
@policy(POST="accommodations:write")
def end(user_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        get_user(session, user_id)
        services.end_accommodation(session, user_id, actor=me(), now=database_now(session))
    flash("The learner is not accommodated any more.", "success")
    return redirect(url_for(".accommodation_page", user_id=user_id), 303)
