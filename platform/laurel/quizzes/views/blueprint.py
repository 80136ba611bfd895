"""The blueprint of attempts, and what all their pages need."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.core.db import database_now
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries.attempts import MapEntry
from laurel.quizzes.rules import AttemptState, announcing, states, timing
from laurel.web.access import my_id
from laurel.web.session import current_session, separate_transaction

bp = Blueprint("quizzes", __name__, url_prefix="/attempts")


@bp.after_request
def keep_private(response: Response) -> Response:
    """No copy of an exam stays behind, and no address of it goes elsewhere."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@bp.after_request
def count_failures(response: Response) -> Response:
    """What could not be saved because of us is counted for the outage ledger; the process's next heartbeat takes it there."""
    if response.status_code >= 500 and request.method not in {"GET", "HEAD"}:
        services.failed_saves.add()
    return response


def get_settled_attempt(attempt_id: UUID) -> Attempt:
    """The viewer's attempt as it stands now. Where time is over, whoever looks first brings about what follows, also on a GET:
    an outage that has just ended is given back, and what is over in spite of that is handed in."""
    session = current_session()
    attempt = queries.get_attempt_of(session, my_id(), attempt_id)
    if attempt.state in states.OPEN and timing.is_time_over(attempt.deadline_at, database_now(session)):
        _bring_up_to_date(session, attempt_id)
        session.expire_all()
        attempt = queries.get_attempt_of(session, my_id(), attempt_id)
    return attempt


def _bring_up_to_date(session: Session, attempt_id: UUID) -> None:
    if queries.is_ledger_silent(session, now=database_now(session)):  # this request shows that we are back
        with separate_transaction() as writing:
            services.beat(writing, instance=services.instance_name(), now=database_now(writing))
    with separate_transaction() as writing:
        attempt, now = queries.lock_attempt_of(writing, my_id(), attempt_id), database_now(writing)
        services.credit_outages(writing, attempt, now=now)
        services.settle(writing, attempt, now=now)


def may_answer(attempt: Attempt) -> bool:
    """Whether questions can still be answered: it runs, and its time is not over."""
    return attempt.state is AttemptState.IN_PROGRESS and not timing.is_time_over(attempt.deadline_at, database_now(current_session()))


def show_end(attempt: Attempt) -> ResponseReturnValue:
    """What stands where a question was: the last half minute, in which answers arrive, a pause, or a closed attempt (409)."""
    waiting = {AttemptState.IN_PROGRESS: "quizzes/time_over_page.html", AttemptState.PAUSED: "quizzes/paused_page.html"}
    page = waiting.get(attempt.state, "quizzes/closed_page.html")
    return render_template(page, **surroundings(attempt)), 200 if attempt.state is AttemptState.IN_PROGRESS else 409


def surroundings(attempt: Attempt) -> dict[str, Any]:
    """What every page of a running attempt shows around its content."""
    session = current_session()
    return {
        "attempt": attempt,
        "version": queries.get_version(session, attempt.quiz_version_id),
        "server_now": database_now(session),
        "has_answers": attempt.ops_count > 0,
        "announcements": announcing.current(attempt.announcements),
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
