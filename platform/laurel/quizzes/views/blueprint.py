"""The blueprint of attempts, and what all their pages need."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries.attempts import MapEntry
from laurel.quizzes.rules import AttemptState, states, timing
from laurel.web.access import my_id
from laurel.web.session import current_session, separate_transaction

bp = Blueprint("quizzes", __name__, url_prefix="/attempts")


@bp.after_request
def keep_private(response: Response) -> Response:
    """No copy of an exam stays behind, and no address of it goes elsewhere."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def get_settled_attempt(attempt_id: UUID) -> Attempt:
    """The viewer's attempt as it stands now: one whose time is over is handed in by whoever looks first, also on a GET."""
    session = current_session()
    attempt = queries.get_attempt_of(session, my_id(), attempt_id)
    if attempt.state in states.OPEN and timing.is_due_for_submission(attempt.deadline_at, database_now(session)):
        with separate_transaction() as writing:
            overdue = queries.lock_attempt_of(writing, my_id(), attempt_id)
            services.settle(writing, overdue, now=database_now(writing))
        session.expire_all()
        attempt = queries.get_attempt_of(session, my_id(), attempt_id)
    return attempt


def may_answer(attempt: Attempt) -> bool:
    """Whether questions can still be answered: it runs, and its time is not over."""
    return attempt.state is AttemptState.IN_PROGRESS and not timing.is_time_over(attempt.deadline_at, database_now(current_session()))


def show_end(attempt: Attempt) -> ResponseReturnValue:
    """What stands where a question was: the last half minute, in which answers arrive, or a closed attempt (409)."""
    page = "quizzes/time_over_page.html" if attempt.state is AttemptState.IN_PROGRESS else "quizzes/closed_page.html"
    status = 200 if attempt.state is AttemptState.IN_PROGRESS else 409
    return render_template(page, **surroundings(attempt)), status


def surroundings(attempt: Attempt) -> dict[str, Any]:
    """What every page of a running attempt shows around its content."""
    session = current_session()
    return {
        "attempt": attempt,
        "version": queries.get_version(session, attempt.quiz_version_id),
        "server_now": database_now(session),
        "has_answers": attempt.ops_count > 0,
        "save_url": url_for(".save_answers", attempt_id=attempt.id),
        "lease_url": url_for(".take_lease", attempt_id=attempt.id),
        "attempt_url": url_for(".attempt_page", attempt_id=attempt.id),
    }


def map_items(attempt: Attempt, entries: list[MapEntry], *, current: int | None = None) -> list[dict[str, Any]]:
    """The paper for `questions.question_map`."""
    return [
        {
            "number": entry.number,
            "href": url_for(".question_page", attempt_id=attempt.id, number=entry.number),
            "is_answered": entry.is_answered,
            "is_flagged": entry.is_flagged,
            "is_current": entry.number == current,
        }
        | _lock(attempt, entry.number)
        for entry in entries
    ]


def _lock(attempt: Attempt, number: int) -> dict[str, str]:
    """Why a question cannot be opened, where nobody can go back."""
    if attempt.reached_slot is None:
        return {}
    return {"locked": "closed" if number < attempt.reached_slot else "not yet open" if number > attempt.reached_slot else ""}
