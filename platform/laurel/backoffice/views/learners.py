"""Learners: who they are, what they study, what they passed."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from laurel.accounts.models import User
from laurel.accounts.queries import PeopleFilters, get_user, list_people
from laurel.backoffice import queries
from laurel.backoffice.navigation import work_nav
from laurel.web.access import policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session

bp = Blueprint("backoffice_learners", __name__, url_prefix="/backoffice/learners")


@bp.get("")
@policy(GET="people:read")
def learner_list() -> ResponseReturnValue:
    words = request.args.get("q", "")[:100]
    page: Page[User] = paginate(current_session(), list_people(PeopleFilters(words=words)))
    return render_template("backoffice/learner_list.html", page=page, words=words, work_nav=work_nav())


@bp.get("/<uuid:user_id>")
@policy(GET="people:read")
def learner_page(user_id: UUID) -> ResponseReturnValue:
    session = current_session()
    return render_template(
        "backoffice/learner_page.html",
        person=get_user(session, user_id),
        courses=queries.list_courses_of(session, user_id),
        attempts=queries.list_attempts_of(session, user_id),
        work_nav=work_nav(),
    )
