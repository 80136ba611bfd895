"""The result of an attempt."""

from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.quizzes import queries
from laurel.quizzes.queries.integrity import describe_appeal
from laurel.quizzes.rules import states
from laurel.quizzes.views.blueprint import bp, get_settled_attempt
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.session import current_session


@bp.get("/<uuid:attempt_id>/result")
@policy(GET=SIGNED_IN)
def result_page(attempt_id: UUID) -> ResponseReturnValue:
    """Pass or fail in words, what may be seen of it, and what comes next. An attempt that runs has no result yet."""
    attempt = get_settled_attempt(attempt_id)
    if attempt.state in states.OPEN:
        return redirect(url_for(".attempt_page", attempt_id=attempt_id))
    session = current_session()
    now = database_now(session)
    result = queries.get_result(session, my_id(), attempt_id, now=now)
    appeal = describe_appeal(session, attempt, result.kind, now=now)
    return render_template("quizzes/result_page.html", result=result, appeal=appeal)
