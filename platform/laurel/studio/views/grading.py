"""Grading: what waits, one answer with its rubric, and what happens to it. Nobody sees whose answer it is."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.bank.rules import plain_text
from laurel.bank.rules.essay import count_words
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.quizzes import queries, services
from laurel.quizzes.models import GradingTask
from laurel.quizzes.queries import Desk
from laurel.quizzes.rules.grading import CLAIM, is_claimed, paper_code
from laurel.quizzes.rules.scoring import shown_mark
from laurel.studio.forms.grading import GradingForm, form_for
from laurel.studio.navigation import work_nav
from laurel.web.access import my_id, policy, viewer
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("studio_grading", __name__, url_prefix="/studio/grading")
GRADE = "grading:own"
MAX_TITLE = 90


@bp.context_processor
def surroundings() -> dict[str, Any]:
    return {"work_nav": work_nav(), "paper_code": paper_code, "count_words": count_words}


def whose() -> UUID | None:
    """Whose quizzes the viewer grades: an author their own, an admin everybody's (None)."""
    person = viewer()
    return None if person is not None and person.may("grading:all") else my_id()


def find_desk(task_id: UUID) -> Desk:
    """The answer, if it is the viewer's to grade."""
    return queries.get_desk(current_session(), task_id, grader_id=my_id(), owner_id=whose())


@bp.get("")
@policy(GET=GRADE)
def grading_list_page() -> ResponseReturnValue:
    """Everything that waits, the longest first."""
    session = current_session()
    page = paginate(session, queries.list_waiting(my_id(), whose()), scalars=False)
    now = database_now(session)
    return render_template(
        "studio/grading_list_page.html",
        page=page,
        now=now,
        state_of=lambda task: state_of(task, is_mine=task.claimed_by_id == my_id(), is_held=is_claimed(task.claimed_at, now)),
        free_again_at=lambda task: task.claimed_at + CLAIM,
        title_of=title_of,
    )


def state_of(task: GradingTask, *, is_mine: bool, is_held: bool) -> str:
    """`free`, `mine`, or `taken` by another grader."""
    if not is_held:
        return "free"
    return "mine" if is_mine else "taken"


def title_of(stem_html: str) -> str:
    """The first words of a question."""
    words = " ".join(plain_text(stem_html).split())
    return words if len(words) <= MAX_TITLE else words[:MAX_TITLE].rsplit(" ", 1)[0] + " …"


@bp.post("/next")
@policy(POST=GRADE)
def claim_next() -> ResponseReturnValue:
    """Take the answer that has waited longest."""
    with transaction() as session:
        task_id = services.claim_next(session, grader_id=my_id(), owner_id=whose(), now=database_now(session))
    return _go_to(task_id)


def _go_to(task_id: UUID | None) -> ResponseReturnValue:
    if task_id is None:
        flash("Nothing else waits for you.", "info")
        return redirect(url_for(".grading_list_page"), 303)
    return redirect(url_for(".grading_page", task_id=task_id), 303)


@bp.post("/<uuid:task_id>/claim")
@policy(POST=GRADE)
def claim_task(task_id: UUID) -> ResponseReturnValue:
    """Take this answer for half an hour."""
    desk = find_desk(task_id)
    try:
        desk.require_free(my_id(), database_now(current_session()))
        with transaction() as session:
            services.claim_task(session, task_id, grader_id=my_id(), now=database_now(session))
    except ConflictError as error:
        return _show_conflict(task_id, error)
    return redirect(url_for(".grading_page", task_id=task_id), 303)


@bp.post("/<uuid:task_id>/release")
@policy(POST=GRADE)
def release_task(task_id: UUID) -> ResponseReturnValue:
    """Give the answer back: another grader, or this one later, reads it."""
    find_desk(task_id)
    with transaction() as session:
        services.release_task(session, task_id, grader_id=my_id())
    flash("Given back. It waits in the queue again.", "success")
    return redirect(url_for(".grading_list_page"), 303)


@bp.get("/<uuid:task_id>")
@policy(GET=GRADE)
def grading_page(task_id: UUID) -> ResponseReturnValue:
    """One answer: to look at while it is nobody's, with the rubric once it is the viewer's."""
    desk = find_desk(task_id)
    try:
        desk.require_free(my_id(), database_now(current_session()))
    except ConflictError as error:
        return _show_conflict(task_id, error)
    return _show(desk, form_for(desk.essay, reading=desk.reading, is_posted=False))


def _show(desk: Desk, form: GradingForm) -> str:
    now = database_now(current_session())
    claimed_at = desk.task.claimed_at
    return render_template(
        "studio/grading_page.html",
        desk=desk,
        form=form,
        is_mine=desk.is_mine(my_id(), now),
        held_until=None if claimed_at is None else claimed_at + CLAIM,
        worth=shown_mark(desk.max_mark),
        comment_hint=comment_hint(desk),
    )


def comment_hint(desk: Desk) -> str:
    """Who will read what the grader writes: the quiz's review settings decide."""
    if desk.learner_sees_comment:
        return "The learner reads it beside the points."
    if desk.learner_sees_points:
        return "The learner sees the points, not the comment. It is kept with them."
    return "The learner of this exam sees neither points nor comment. They are kept, for an appeal."


@bp.post("/<uuid:task_id>")
@policy(POST=GRADE)
def mark_answer(task_id: UUID) -> ResponseReturnValue:
    """Save the points and the comment; `go=next` goes on with the answer that has waited longest."""
    desk = find_desk(task_id)
    form = form_for(desk.essay, is_posted=True)
    if not form.validate():
        return _show(desk, form), 400
    wants_next = request.form.get("go") == "next"
    try:
        is_last, following = _save(task_id, form, wants_next=wants_next)
    except InvalidInputError as error:
        form.put_message(error)
        return _show(find_desk(task_id), form), 400
    except ConflictError as error:
        return _show_conflict(task_id, error, form=form)
    flash("Saved. The attempt is graded, and its learner will hear of it." if is_last else "Saved.", "success")
    return _go_to(following) if wants_next else redirect(url_for(".grading_list_page"), 303)


def _save(task_id: UUID, form: GradingForm, *, wants_next: bool) -> tuple[bool, UUID | None]:
    """Whether that was the attempt's last mark, and the answer to go on with if one is wanted and waits."""
    points, comment = form.read_points(), form.comment.data or ""
    with transaction() as session:
        now = database_now(session)
        is_last = services.mark_answer(session, task_id, grader_id=my_id(), owner_id=whose(), points=points, comment=comment, now=now)
        following = services.claim_next(session, grader_id=my_id(), owner_id=whose(), now=now) if wants_next else None
    return is_last, following


def _show_conflict(task_id: UUID, error: ConflictError, *, form: GradingForm | None = None) -> ResponseReturnValue:
    """409: why it is not the viewer's to grade, what they wrote if they had, and where to go on."""
    desk = find_desk(task_id)
    page = render_template(
        "studio/grading_conflict_page.html",
        desk=desk,
        message=error.message,
        form=form,
        held_until=desk.task.claimed_at + CLAIM if desk.task.claimed_at is not None and desk.task.graded_at is None else None,
    )
    return page, 409
