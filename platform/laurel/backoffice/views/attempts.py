"""Attempts: which run, what happened to each, how its answers were saved, and what staff can do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import MinutesForm, ReasonForm, VoidForm, show_error
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.quizzes import services
from laurel.quizzes.models import AnswerOp
from laurel.quizzes.queries import administration, replay
from laurel.quizzes.queries.outages import list_credits
from laurel.quizzes.rules import AttemptState, FinishReason, states
from laurel.quizzes.rules.staff import SUPPORT_MINUTES, Staff
from laurel.web.access import my_id, policy, viewer
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_attempts", __name__, url_prefix="/backoffice/attempts")
REPLAY_SIZE = 50


def me() -> Staff:
    """The viewer as somebody who acts on attempts."""
    found = viewer()
    return Staff(id=my_id(), may_manage=found is not None and found.may("attempts:manage"))


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do to an attempt: its page in words, its form, and the service behind it."""

    title: str
    text: str
    verb: str
    done: str
    form: type[ReasonForm]
    perform: Callable[..., Any]
    is_final: bool = False


ACTS = {
    "extend": Act(
        "Give more time",
        "The learner sees it at once, with their next save.",
        "Give more time",
        "The attempt has more time.",
        MinutesForm,
        services.extend_attempt,
    ),
    "pause": Act(
        "Pause",
        "The clock stands still, and the questions are out of sight until you let it run on.",
        "Pause",
        "The attempt is paused.",
        ReasonForm,
        services.pause_attempt,
    ),
    "resume": Act(
        "Resume",
        "The clock runs on. The time of the pause comes on top, as far as the window lets it.",
        "Resume",
        "The attempt goes on.",
        ReasonForm,
        services.resume_attempt,
    ),
    "reopen": Act(
        "Open again",
        "The answers are as they were. The marks so far are kept as an earlier revision, and the attempt is graded anew at its end.",
        "Open again",
        "The attempt is open again.",
        MinutesForm,
        services.reopen_attempt,
    ),
    "void": Act(
        "Set aside",
        "The attempt keeps its answers and has no result any more. This cannot be undone.",
        "Set aside",
        "The attempt was set aside.",
        VoidForm,
        services.void_attempt,
        is_final=True,
    ),
}


@bp.get("")
@policy(GET="attempts:read")
def attempt_list() -> ResponseReturnValue:
    """Attempts, those that run first."""
    session = current_session()
    words, state, quiz = request.args.get("q", "").strip()[:100], request.args.get("state", ""), request.args.get("quiz", "")
    chosen = AttemptState(state) if state in set(AttemptState) else None
    quizzes = {str(quiz_id): title for quiz_id, title in administration.list_quiz_choices(session)}
    quiz_id = UUID(quiz) if quiz in quizzes else None
    page = paginate(session, administration.select_attempts(words=words, quiz_id=quiz_id, state=chosen), scalars=False)
    return render_template(
        "backoffice/attempt_list.html",
        page=page,
        words=words,
        state=chosen or "",
        states=list(AttemptState),
        quiz=str(quiz_id or ""),
        quizzes=quizzes,
        work_nav=work_nav(),
    )


@bp.get("/<uuid:attempt_id>")
@policy(GET="attempts:read")
def attempt_page(attempt_id: UUID) -> ResponseReturnValue:
    """One attempt: its times with the formula, its record, its history. No answers, no keys."""
    session = current_session()
    seen = administration.describe_attempt(session, attempt_id)
    return render_template(
        "backoffice/attempt_page.html",
        seen=seen,
        attempt=seen.attempt,
        check=replay.check_chain(session, seen.attempt),
        credits=list_credits(session, attempt_id),
        acts=[(name, ACTS[name].title) for name in _possible(seen.attempt.state, seen.attempt.finish_reason)],
        is_mine=seen.attempt.learner_id == my_id(),
        work_nav=work_nav(),
    )


def _possible(state: AttemptState, finish_reason: FinishReason | None) -> list[str]:
    """The acts that the attempt's state and the viewer's rights leave."""
    names = []
    if state in {AttemptState.IN_PROGRESS, AttemptState.PAUSED, AttemptState.OVERDUE}:
        names.append("extend")
    if not me().may_manage:
        return names
    if state is AttemptState.IN_PROGRESS:
        names.append("pause")
    if state is AttemptState.PAUSED:
        names.append("resume")
    if state not in states.OPEN and states.may_become(state, AttemptState.IN_PROGRESS, finish_reason=finish_reason):
        names.append("reopen")
    return names if state is AttemptState.VOIDED else [*names, "void"]


@bp.get("/<uuid:attempt_id>/replay")
@policy(GET="attempts:read")
def replay_page(attempt_id: UUID) -> ResponseReturnValue:
    """How the answers were saved, with what they said, and what came too late."""
    session = current_session()
    attempt, quiz, learner = administration.get_attempt_for_staff(session, attempt_id)
    page: Page[AnswerOp] = paginate(session, replay.select_ops(attempt_id), size=REPLAY_SIZE)
    return render_template(
        "backoffice/attempt_replay_page.html",
        attempt=attempt,
        quiz=quiz,
        learner=learner,
        page=page,
        lines=replay.describe_ops(session, attempt_id, page.rows, shows_content=True),
        check=replay.check_chain(session, attempt),
        work_nav=work_nav(),
    )


@bp.route("/<uuid:attempt_id>/extend", methods=["GET", "POST"])
@policy(GET="attempts:extend", POST="attempts:extend")
def extend_page(attempt_id: UUID) -> ResponseReturnValue:
    return act_page(attempt_id, "extend")


@bp.route("/<uuid:attempt_id>/<any('pause', 'resume', 'reopen', 'void'):step>", methods=["GET", "POST"])
@policy(GET="attempts:manage", POST="attempts:manage")
def manage_page(attempt_id: UUID, step: str) -> ResponseReturnValue:
    return act_page(attempt_id, step)


def act_page(attempt_id: UUID, name: str) -> ResponseReturnValue:
    """Ask for the reason and what else the act needs, and do it."""
    act, status = ACTS[name], 200
    form = act.form()
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                with transaction() as session:
                    act.perform(session, attempt_id, actor=me(), now=database_now(session), **form.facts())
            except InvalidInputError as error:
                show_error(form, error)
            except ConflictError as error:
                form.form_errors.append(error.message)
                status = 409
            else:
                flash(act.done, "success")
                return redirect(url_for(".attempt_page", attempt_id=attempt_id), 303)
    attempt, quiz, learner = administration.get_attempt_for_staff(current_session(), attempt_id)
    limit = None if me().may_manage or name != "extend" else max(0, SUPPORT_MINUTES - attempt.added_seconds // 60)
    page = render_template(
        "backoffice/attempt_act_page.html",
        attempt=attempt,
        quiz=quiz,
        learner=learner,
        act=act,
        form=form,
        limit=limit,
        work_nav=work_nav(),
    )
    return page, status
