"""Random sections: adding one, changing one, and counting what its filter lets through before it is saved."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.bank.queries import list_category_paths, list_tags
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.quizzes import queries
from laurel.quizzes.models import Quiz
from laurel.quizzes.rules import SlotKind, SlotSpec
from laurel.quizzes.rules.quizzes import check_slot, replace_slot
from laurel.studio.forms.draws import DrawForm
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, put_error
from laurel.studio.views.quizzes.sections import Slots, save_sections, slots_of
from laurel.web.access import policy
from laurel.web.session import current_session


@bp.route("/<uuid:quiz_id>/draw", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def add_draw_page(quiz_id: UUID) -> ResponseReturnValue:
    """Draw a number of questions from a category, anew for each attempt."""
    quiz, version = find_quiz(quiz_id)
    form = DrawForm() if request.method == "POST" else DrawForm(formdata=None, base=version.token)
    return _handle(quiz, form, lambda slots, made: (*slots, made), heading="Add a random section")


@bp.route("/<uuid:quiz_id>/draw/<int:position>", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def edit_draw_page(quiz_id: UUID, position: int) -> ResponseReturnValue:
    """Change what a random section draws. `position` counts from 1; the form carries the state of the quiz that it belongs to."""
    quiz, version = find_quiz(quiz_id)
    slots = slots_of(current_session(), version.id)
    if not 1 <= position <= len(slots) or slots[position - 1].kind is not SlotKind.RANDOM:
        raise NotFoundError("There is no such random section.")
    if request.method == "POST":
        form = DrawForm()
    else:
        form = DrawForm(formdata=None, data={"base": version.token} | DrawForm.values_of(slots[position - 1]))
    return _handle(quiz, form, lambda slots, made: replace_slot(slots, position, made), heading=f"Change random section {position}")


def _handle(quiz: Quiz, form: DrawForm, place: Callable[[Slots, SlotSpec], Slots], *, heading: str) -> ResponseReturnValue:
    """Show the form, count what would fit, or save the section, whichever button was pressed."""
    categories = list_category_paths(current_session())
    form.category.choices = [(str(category.id), category.path) for category in categories]
    counted = None
    if form.validate_on_submit():
        try:
            made = form.slot()
            check_slot(made)
            if request.form.get("act") == "count":
                counted = queries.describe_draw(current_session(), made)
            else:
                save_sections(quiz.id, lambda slots: place(slots, made), base=form.base.data)
                flash("Saved in the draft.", "success")
                return redirect(f"{url_for('.quiz_page', quiz_id=quiz.id)}#sections", 303)
        except InvalidInputError as error:
            put_error(form, error)
    tags = list_tags(current_session(), owner_id=None)
    shown = {"quiz": quiz, "form": form, "counted": counted, "heading": heading, "tags": tags}
    return render_template("studio/draw_page.html", **shown), 400 if form.errors else 200
