"""What learners ask to be looked at again, and what was noted around an attempt."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import get_user
from laurel.backoffice import queries
from laurel.backoffice.forms import DecideForm
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes.queries import get_version
from laurel.quizzes.queries.integrity import get_review_request, list_focus_notes, select_review_requests, summarize_focus
from laurel.quizzes.services.integrity import decide_review
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_integrity", __name__, url_prefix="/backoffice")


@bp.context_processor
def surroundings() -> dict[str, Any]:
    return {"work_nav": work_nav()}


@bp.get("/review-requests")
@policy(GET="attempts:review")
def review_request_list() -> ResponseReturnValue:
    is_decided = request.args.get("status") == "answered"
    session = current_session()
    page = paginate(session, select_review_requests(is_decided=is_decided), scalars=False)
    return render_template("backoffice/review_request_list.html", page=page, is_decided=is_decided, now=database_now(session))


@bp.route("/review-requests/<uuid:request_id>", methods=["GET", "POST"])
@policy(GET="attempts:review", POST="attempts:review")
def review_request_page(request_id: UUID) -> ResponseReturnValue:
    """One request: what the learner says, what is known, and the answer, which is given once."""
    form = DecideForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                decide_review(session, request_id=request_id, staff_id=my_id(), decision=form.decision.data, now=database_now(session))
        except InvalidInputError as error:
            form.decision.errors = [*form.decision.errors, error.message]
        else:
            flash("The learner sees your answer beside the result.", "success")
            return redirect(url_for(".review_request_page", request_id=request_id), 303)
    session = current_session()
    asked, attempt, quiz, learner = get_review_request(session, request_id)
    decided_by = get_user(session, asked.decided_by_id) if asked.decided_by_id else None
    page = render_template(
        "backoffice/review_request_page.html", asked=asked, attempt=attempt, quiz=quiz, learner=learner, decided_by=decided_by, form=form
    )
    return page, 400 if form.errors else 200


@bp.get("/attempts/<uuid:attempt_id>/focus")
@policy(GET="attempts:review")
def focus_page(attempt_id: UUID) -> ResponseReturnValue:
    """What an attempt's browser noticed: facts, and how little they say."""
    session = current_session()
    attempt, quiz, learner = queries.get_attempt(session, attempt_id)
    notes = list_focus_notes(session, attempt_id)
    return render_template(
        "backoffice/focus_page.html",
        attempt=attempt,
        quiz=quiz,
        learner=learner,
        logged=get_version(session, attempt.quiz_version_id).logs_focus,
        notes=notes,
        facts=summarize_focus(notes),
    )
