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
from laurel.quizzes.rules import AttemptState, Field, Phase, states
from laurel.quizzes.rules.page_keys import own_keys
from laurel.quizzes.rules.saving import InvalidSaveError, SaveItem
from laurel.quizzes.rules.scoring import shown_mark
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
    number = attempt.reached_slot or next((entry.number for entry in entries if not entry.is_answered), None)
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
    return show_page(attempt, number) if attempt.is_slot_open(number) else show_shut(attempt, number)


def show_shut(attempt: Attempt, number: int, *, is_refused: bool = False) -> ResponseReturnValue:
    """What stands where a question was left for good, or is not reached yet (409). `is_refused`: an answer to it was sent."""
    session = current_session()
    queries.get_slot(session, attempt.id, number)
    items = map_items(attempt, queries.list_map(session, attempt.id))
    page = render_template("quizzes/shut_page.html", number=number, items=items, is_refused=is_refused, **surroundings(attempt))
    return page, 409


def show_page(attempt: Attempt, number: int, *, error: str = "", posted: Posted | None = None) -> str:
    """One question; `posted` is what was sent and could not be saved."""
    session = current_session()
    slot, question = queries.get_slot(session, attempt.id, number)
    around = surroundings(attempt)
    fields = around["version"].review.visible(Phase.DURING, has_attempt_left=True)
    current = queries.find_answer(session, attempt.id, number)
    answer = None if current is None else current.answer
    points = shown_mark(slot.max_mark) if Field.MAX_MARKS in fields else ""
    view = show_question(content_of(question), number=number, name=NAME, answer=answer, option_order=slot.option_order, points=points)
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
        is_left_open="unanswered" in request.args,
        is_at_flag=request.args.get("at") == "flag",
        **around,
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
            if reply is None or (reply.is_open and reply.holds_lease and not reply.closed):
                _go_on(session, attempt_id, number, has_lost_answer=reply is not None and bool(reply.ignored), now=now)
    except InvalidSaveError as error:
        return _show_again(attempt_id, number, error.message, 400)
    except services.ReusedOpError as error:
        with transaction() as session:
            services.note_reused_op(session, attempt_id=attempt_id, learner_id=my_id(), op_id=error.op_id, now=database_now(session))
        return _show_again(attempt_id, number, SENT_BEFORE, 409)
    elsewhere = None if reply is None else _lead_elsewhere(attempt_id, number, reply)
    if elsewhere is not None:
        return elsewhere
    attempt, entries = queries.get_attempt_of(session, my_id(), attempt_id), queries.list_map(session, attempt_id)
    lead = _next_address if attempt.reached_slot is None else _way_ahead
    return redirect(lead(attempt, number, entries), 303)


def _lead_elsewhere(attempt_id: UUID, number: int, reply: SaveReply) -> ResponseReturnValue | None:
    """Where to go if not everything was saved as it was sent; None if it was."""
    if reply.state is AttemptState.PAUSED:
        attempt = queries.get_attempt_of(current_session(), my_id(), attempt_id)
        return show_page(attempt, number, error=PAUSED, posted=_posted()), 409
    if not reply.is_open:
        return redirect(url_for(".attempt_page", attempt_id=attempt_id), 303)
    if reply.closed:
        return show_shut(queries.get_attempt_of(current_session(), my_id(), attempt_id), number, is_refused=True)
    if reply.ignored or not reply.holds_lease:
        flash("This question was changed in another tab or on another device. What was saved there is kept; please check it.", "warning")
        return redirect(url_for(".question_page", attempt_id=attempt_id, number=number), 303)
    return None


def _way_ahead(attempt: Attempt, number: int, entries: list[MapEntry]) -> str:
    """Where the pressed button leads if nobody can go back: to the open question, or to look over the whole."""
    go = request.form.get("go")
    if go == "review" or (go in {"next", "leave"} and number == len(entries) == attempt.reached_slot):
        return url_for(".review_page", attempt_id=attempt.id)
    asks = go == "next" and attempt.reached_slot == number
    return url_for(".question_page", attempt_id=attempt.id, number=attempt.reached_slot, unanswered=1 if asks else None)


def _go_on(session: Session, attempt_id: UUID, number: int, *, has_lost_answer: bool, now: datetime) -> None:
    """What a button does besides saving and leading on: flags, and leaving a question for good where nobody can go back."""
    go = request.form.get("go", "")
    if go in {"flag", "unflag"}:
        services.flag_slot(session, attempt_id=attempt_id, learner_id=my_id(), slot=number, is_flagged=go == "flag", now=now)
    current = queries.find_answer(session, attempt_id, number)
    is_answered = current is not None and current.answer is not None
    if not has_lost_answer and (go == "leave" or (go == "next" and is_answered)):
        services.leave_slot(session, attempt_id=attempt_id, learner_id=my_id(), slot=number, now=now)


def _show_again(attempt_id: UUID, number: int, message: str, status: int) -> ResponseReturnValue:
    """The question with what was sent and why it was not saved; sending it from here saves it."""
    attempt = get_settled_attempt(attempt_id)
    if not may_answer(attempt):
        return show_end(attempt)
    return show_page(attempt, number, error=message, posted=_posted()), status


def _save_page(session: Session, attempt_id: UUID, number: int, form: AnswerForm, *, now: datetime) -> SaveReply | None:
    """Save what the page holds; None if that is what is stored already."""
    op_id, seq, lease = form.read_operation()
    slot, question = queries.get_slot(session, queries.get_attempt_of(session, my_id(), attempt_id).id, number)
    body = question.typed_body()
    try:
        raw = own_keys(question.kind, slot.option_order, read_form_values(question.kind, body, _posted()))
        answer = parse_answer(question.kind, body, raw)
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


def _next_address(attempt: Attempt, number: int, entries: list[MapEntry]) -> str:
    """Where the pressed button leads. Next after the last question is the review; a flag keeps the focus."""
    go, go_to = request.form.get("go", ""), request.form.get("go_to", "")
    target = {"previous": number - 1, "next": number + 1}.get(go, number)
    if go_to.isascii() and go_to.isdigit() and len(go_to) < 6:
        target = int(go_to)
    if go == "review" or target > len(entries):
        return url_for(".review_page", attempt_id=attempt.id)
    return url_for(".question_page", attempt_id=attempt.id, number=max(1, target), at="flag" if go in {"flag", "unflag"} else None)


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
