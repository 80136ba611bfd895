"""The result of an attempt, and how its answers were saved."""

from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.quizzes import queries
from laurel.quizzes.models import AnswerOp
from laurel.quizzes.queries import replay
from laurel.quizzes.queries.integrity import describe_appeal
from laurel.quizzes.queries.outages import list_credits
from laurel.quizzes.rules import Field, states
from laurel.quizzes.views.blueprint import bp, get_settled_attempt
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session

REPLAY_SIZE = 50


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
    return render_template("quizzes/result_page.html", result=result, appeal=appeal, credited=attempt.credited_seconds)


@bp.get("/<uuid:attempt_id>/replay")
@policy(GET=SIGNED_IN)
def replay_page(attempt_id: UUID) -> ResponseReturnValue:
    """How my answers were saved: when, in which order, and, where the paper may be seen, what they said."""
    attempt = get_settled_attempt(attempt_id)
    if attempt.state in states.OPEN:
        return redirect(url_for(".attempt_page", attempt_id=attempt_id))
    session = current_session()
    page: Page[AnswerOp] = paginate(session, replay.select_ops(attempt_id), size=REPLAY_SIZE)
    shows_content = Field.PAPER in queries.visible_fields(session, attempt, now=database_now(session))
    return render_template(
        "quizzes/replay_page.html",
        attempt=attempt,
        version=queries.get_version(session, attempt.quiz_version_id),
        page=page,
        lines=replay.describe_ops(session, attempt_id, page.rows, shows_content=shows_content),
        shows_content=shows_content,
        check=replay.check_chain(session, attempt),
        credits=list_credits(session, attempt_id),
    )
