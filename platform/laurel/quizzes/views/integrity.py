"""Beside the answers: what the page noticed, and the request for a review by a person."""

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes import queries
from laurel.quizzes.forms import ReviewRequestForm
from laurel.quizzes.queries.integrity import describe_appeal
from laurel.quizzes.rules.focus import read_note
from laurel.quizzes.services.integrity import note_focus, request_review
from laurel.quizzes.views.blueprint import bp, get_settled_attempt
from laurel.quizzes.views.saving import per_attempt
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import SAVE, limiter
from laurel.web.session import current_session, transaction

MAX_NOTE = 1024


@bp.post("/<uuid:attempt_id>/focus")
@policy(POST=SIGNED_IN)
@limiter.limit(SAVE, key_func=per_attempt)
def note_absence(attempt_id: UUID) -> ResponseReturnValue:
    """`{"kind": "away" | "paste", "amount": …, "slot": …}`: an absence in milliseconds, a paste in characters. A route of its own,
    so that saving an answer never waits for it."""
    queries.get_attempt_of(current_session(), my_id(), attempt_id)
    if request.mimetype != "application/json":
        abort(415)
    body = request.get_data(cache=False) if (request.content_length or 0) <= MAX_NOTE else b" " * (MAX_NOTE + 1)
    if len(body) > MAX_NOTE:
        abort(413)
    noted = read_note(body)
    with transaction() as session:
        kept = note_focus(session, attempt_id=attempt_id, learner_id=my_id(), noted=noted, now=database_now(session))
    return {"noted": kept}


@bp.route("/<uuid:attempt_id>/review-request", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def review_request_page(attempt_id: UUID) -> ResponseReturnValue:
    """Ask a person to look at a failed exam."""
    attempt = get_settled_attempt(attempt_id)
    form = ReviewRequestForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                statement, now = form.statement.data, database_now(session)
                request_review(session, attempt_id=attempt_id, learner_id=my_id(), statement=statement, now=now)
        except InvalidInputError as error:
            form.statement.errors = [*form.statement.errors, error.message]
        else:
            flash("Your request is with us. A person will look at your exam.", "success")
            return redirect(url_for(".result_page", attempt_id=attempt_id), 303)
    session = current_session()
    version = queries.get_version(session, attempt.quiz_version_id)
    appeal = describe_appeal(session, attempt, queries.get_quiz(session, attempt.quiz_id).kind, now=database_now(session))
    if not appeal.is_open:
        return redirect(url_for(".result_page", attempt_id=attempt_id), 303)
    page = render_template("quizzes/review_request_page.html", attempt=attempt, version=version, appeal=appeal, form=form)
    return page, 400 if form.errors else 200
