"""The sections of a quiz: adding questions, and rearranging them without a script."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.bank.queries import QuestionFilter, list_category_paths, list_questions
from laurel.bank.rules import QuestionStatus, plain_text
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes import queries, services
from laurel.quizzes.rules import SlotSpec
from laurel.quizzes.rules.quizzes import move, remove
from laurel.studio.forms.quizzes import AddQuestionsForm
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, put_error, read_base, read_position, searched, whose
from laurel.web.access import my_id, policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session, transaction

Slots = tuple[SlotSpec, ...]


@bp.post("/<uuid:quiz_id>/sections")
@policy(POST=WRITE)
def rearrange_sections(quiz_id: UUID) -> ResponseReturnValue:
    """Move a section up or down, or remove it: `act` is `up-3`, `down-3` or `remove-3`."""
    base = read_base(quiz_id)
    verb, position = read_position(request.form.get("act", ""))

    def change(slots: Slots) -> Slots:
        return remove(slots, position) if verb == "remove" else move(slots, position, by=-1 if verb == "up" else 1)

    save_sections(quiz_id, change, base=base)
    return redirect(f"{url_for('.quiz_page', quiz_id=quiz_id)}#sections", 303)


def save_sections(quiz_id: UUID, change: Callable[[Slots], Slots], *, base: str) -> None:
    """Write the changed slots into the draft; StaleQuizError if the page was an old one."""
    with transaction() as session:
        quiz = queries.get_quiz(session, quiz_id, owner_id=whose())
        slots = slots_of(session, queries.get_working_version(session, quiz).id)
        services.save_slots(session, quiz_id, change(slots), author_id=my_id(), now=database_now(session), base=base)


def slots_of(session: Session, version_id: UUID) -> Slots:
    return tuple(slot.spec() for slot in queries.list_slots(session, version_id))


@bp.route("/<uuid:quiz_id>/questions", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def add_questions_page(quiz_id: UUID) -> ResponseReturnValue:
    """Search the bank and tick what shall be asked."""
    quiz, version = find_quiz(quiz_id)
    chosen = {"q": searched("q"), "category": searched("category")}
    page = _search(chosen)
    form = AddQuestionsForm() if request.method == "POST" else AddQuestionsForm(formdata=None, base=version.token)
    form.offer(question.id for question, _version in page.rows)
    if form.validate_on_submit() and _add(quiz_id, form):
        return redirect(f"{url_for('.quiz_page', quiz_id=quiz_id)}#sections", 303)
    shown = {
        "quiz": quiz,
        "form": form,
        "page": page,
        "chosen": chosen,
        "categories": list_category_paths(current_session()),
        "asked": {slot.question_id for slot in queries.list_slots(current_session(), version.id)},
        "words_of": _words_of,
    }
    return render_template("studio/add_questions_page.html", **shown), 400 if form.errors else 200


def _search(chosen: dict[str, str]) -> Page[Any]:
    categories = list_category_paths(current_session())
    within = next((category.ids_within for category in categories if str(category.id) == chosen["category"]), ())
    wanted = QuestionFilter(owner_id=whose(), text=chosen["q"], category_ids=within, status=QuestionStatus.READY)
    return paginate(current_session(), list_questions(wanted), scalars=False)


def _words_of(version: Any) -> str:
    return " ".join(plain_text(version.stem_html).split())


def _add(quiz_id: UUID, form: AddQuestionsForm) -> bool:
    """Append the ticked questions; a message on the form and False if it cannot be."""
    try:
        save_sections(quiz_id, lambda slots: (*slots, *form.slots()), base=form.base.data)
    except InvalidInputError as error:
        put_error(form, error)
        return False
    flash("Added to the draft.", "success")
    return True
