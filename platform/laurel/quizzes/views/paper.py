"""The paper: one question a page, the review before the end, and handing in. Everything works without a script."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.bank.rules import Posted, chosen_in, parse_answer, read_form_values, values_under
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.forms import AnswerForm, DismissForm, HandInForm
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries.attempts import MapEntry, content_of
from laurel.quizzes.rules import AttemptState, states
from laurel.quizzes.rules.saving import InvalidSaveError, SaveItem
from laurel.quizzes.rules.showing import show_question
from laurel.quizzes.services import SaveReply
from laurel.quizzes.views.blueprint import bp, get_settled_attempt, map_items, may_answer, show_end, surroundings
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.redirects import safe_next
from laurel.web.session import current_session, transaction
from laurel.web.urgency import urgent

NAME = "answer"
PAUSED = "The exam was paused before this arrived. It is kept below: send it again when the exam goes on."
SENT_BEFORE = "This page was sent before with another answer. What you chose now is below: send it again to save it."


@bp.get("/<uuid:attempt_id>")
@policy(GET=SIGNED_IN)
@urgent
def attempt_page(attempt_id: UUID) -> ResponseReturnValue:
    """The place to go on: the first open question, the review if there is none, the result if it is over."""
    attempt = get_settled_attempt(attempt_id)
    if attempt.state not in states.OPEN:
        return redirect(url_for(".result_page", attempt_id=attempt_id))
    if not may_answer(attempt):
        return show_end(attempt)
    entries = queries.list_map(current_session(), attempt_id)
    number = next((entry.number for entry in entries if not entry.is_answered), None)
    if number is None:
        return redirect(url_for(".review_page", attempt_id=attempt_id))
    return redirect(url_for(".question_page", attempt_id=attempt_id, number=number))


@bp.get("/<uuid:attempt_id>/questions/<int:number>")
@policy(GET=SIGNED_IN)
@urgent
def question_page(attempt_id: UUID, number: int) -> ResponseReturnValue:
    attempt = get_settled_attempt(attempt_id)
    if not may_answer(attempt):
        return show_end(attempt)
    return show_page(attempt, number)


def show_page(attempt: Attempt, number: int, *, error: str = "", posted: Posted | None = None) -> str:
    """One question; `posted` is what was sent and could not be saved."""
    session = current_session()
    slot, question = queries.get_slot(session, attempt.id, number)
    current = queries.find_answer(session, attempt.id, number)
    answer = None if current is None else current.answer
    view = show_question(content_of(question), number=number, name=NAME, answer=answer, option_order=slot.option_order)
    seq = 1 if current is None else current.seq + 1
    entries = queries.list_map(session, attempt.id)
    return render_template(
        "quizzes/question_page.html",
        view=view if posted is None else replace(view, chosen=chosen_in(view.inputs, posted)),
        slot=slot,
        seq=seq,
        total=len(entries),
        items=map_items(attempt, entries, current=number),
        form=AnswerForm(formdata=None, op_id=str(new_id()), seq=str(seq), lease=attempt.lease_token or ""),
        error=error,
        **surroundings(attempt),
    )


@bp.post("/<uuid:attempt_id>/questions/<int:number>")
@policy(POST=SIGNED_IN)
@urgent
def answer_question(attempt_id: UUID, number: int) -> ResponseReturnValue:
    """Save the page's answer, if it changed, and go where the button leads."""
    form = AnswerForm()
    try:
        with transaction() as session:
            now = database_now(session)
            reply = _save_page(session, attempt_id, number, form, now=now)
            if request.form.get("go") in {"flag", "unflag"} and (reply is None or reply.is_open):
                is_flagged = request.form["go"] == "flag"
                services.flag_slot(session, attempt_id=attempt_id, learner_id=my_id(), slot=number, is_flagged=is_flagged, now=now)
    except InvalidSaveError as error:
        return _show_again(attempt_id, number, error.message, 400)
    except services.ReusedOpError as error:
        with transaction() as session:
            services.note_reused_op(session, attempt_id=attempt_id, learner_id=my_id(), op_id=error.op_id, now=database_now(session))
        return _show_again(attempt_id, number, SENT_BEFORE, 409)
    if reply is not None and reply.state is AttemptState.PAUSED:
        attempt = queries.get_attempt_of(current_session(), my_id(), attempt_id)
        return show_page(attempt, number, error=PAUSED, posted=_posted()), 409
    if reply is not None and not reply.is_open:
        return redirect(url_for(".attempt_page", attempt_id=attempt_id), 303)
    if reply is not None and (reply.ignored or not reply.holds_lease):
        flash("This question was changed in another tab or on another device. What was saved there is kept; please check it.", "warning")
        return redirect(url_for(".question_page", attempt_id=attempt_id, number=number), 303)
    return redirect(_next_address(attempt_id, number, queries.list_map(session, attempt_id)), 303)


def _show_again(attempt_id: UUID, number: int, message: str, status: int) -> ResponseReturnValue:
    """The question with what was sent and why it was not saved; sending it from here saves it."""
    attempt = get_settled_attempt(attempt_id)
    if not may_answer(attempt):
        return show_end(attempt)
    return show_page(attempt, number, error=message, posted=_posted()), status


def _save_page(session: Session, attempt_id: UUID, number: int, form: AnswerForm, *, now: datetime) -> SaveReply | None:
    """Save what the page holds; None if that is what is stored already."""
    op_id, seq, lease = form.read_operation()
    _slot, question = queries.get_slot(session, queries.get_attempt_of(session, my_id(), attempt_id).id, number)
    body = question.typed_body()
    try:
        answer = parse_answer(question.kind, body, read_form_values(question.kind, body, _posted()))
    except InvalidInputError as error:
        raise InvalidSaveError(f"{error.message} Nothing was saved.") from None
    current = queries.find_answer(session, attempt_id, number)
    if answer == (None if current is None else current.answer):
        return None
    item = SaveItem(op_id=op_id, slot=number, seq=seq, answer=answer)
    return services.save_answers(session, attempt_id=attempt_id, learner_id=my_id(), items=[item], lease=lease, now=now)


def _posted() -> Posted:
    """What the page's form holds as an answer."""
    return values_under(NAME, request.form.items(multi=True))


def _next_address(attempt_id: UUID, number: int, entries: list[MapEntry]) -> str:
    """Where the pressed button leads. Next after the last question is the review."""
    go, go_to = request.form.get("go", ""), request.form.get("go_to", "")
    target = {"previous": number - 1, "next": number + 1}.get(go, number)
    if go_to.isascii() and go_to.isdigit() and len(go_to) < 6:
        target = int(go_to)
    if go == "review" or target > len(entries):
        return url_for(".review_page", attempt_id=attempt_id)
    return url_for(".question_page", attempt_id=attempt_id, number=max(1, target))


@bp.get("/<uuid:attempt_id>/review")
@policy(GET=SIGNED_IN)
@urgent
def review_page(attempt_id: UUID) -> ResponseReturnValue:
    """What is unanswered and what is flagged, before anything is final."""
    return _before_the_end(attempt_id, "quizzes/review_page.html")


@bp.get("/<uuid:attempt_id>/hand-in")
@policy(GET=SIGNED_IN)
@urgent
def hand_in_page(attempt_id: UUID) -> ResponseReturnValue:
    """The second step: the learner confirms that this is the end."""
    return _before_the_end(attempt_id, "quizzes/hand_in_page.html")


def _before_the_end(attempt_id: UUID, template: str) -> ResponseReturnValue:
    attempt = get_settled_attempt(attempt_id)
    if not may_answer(attempt):
        return show_end(attempt)
    items = map_items(attempt, queries.list_map(current_session(), attempt_id))
    return render_template(
        template,
        items=items,
        unanswered=[item for item in items if not item["is_answered"]],
        flagged=[item for item in items if item["is_flagged"]],
        form=HandInForm(formdata=None),
        **surroundings(attempt),
    )


@bp.post("/<uuid:attempt_id>/submit")
@policy(POST=SIGNED_IN)
@urgent
def submit_attempt(attempt_id: UUID) -> ResponseReturnValue:
    """Hand in. Doing it twice gives the same result."""
    get_settled_attempt(attempt_id)
    with transaction() as session:
        services.submit_attempt(session, attempt_id=attempt_id, learner_id=my_id(), now=database_now(session))
    return redirect(url_for(".result_page", attempt_id=attempt_id), 303)


@bp.post("/<uuid:attempt_id>/announcements/dismiss")
@policy(POST=SIGNED_IN)
def dismiss_announcement(attempt_id: UUID) -> ResponseReturnValue:
    """Put an announcement away and go on where it stood."""
    form = DismissForm()
    with transaction() as session:
        services.dismiss_announcement(session, attempt_id, learner_id=my_id(), number=form.read_number())
    return redirect(safe_next(form.back.data, default=url_for(".attempt_page", attempt_id=attempt_id)), 303)
