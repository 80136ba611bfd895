"""A new quiz, and the settings of one."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes import queries, services
from laurel.quizzes.models import Quiz, QuizVersion
from laurel.quizzes.rules import QuizKind
from laurel.studio.forms.quizzes import GradedSettingsForm, NewQuizForm, PracticeSettingsForm
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, put_error, whose
from laurel.web.access import my_id, policy
from laurel.web.session import transaction


@bp.route("/new", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def new_quiz_page() -> ResponseReturnValue:
    form = NewQuizForm()
    if form.validate_on_submit():
        with transaction() as session:
            quiz = services.create_quiz(
                session,
                external_id=None,
                kind=QuizKind(form.kind.data),
                title=form.title.data,
                owner_id=my_id(),
                now=database_now(session),
            )
            quiz_id = quiz.id
        flash("The quiz is there. Add its questions.", "success")
        return redirect(url_for(".quiz_page", quiz_id=quiz_id), 303)
    return render_template("studio/new_quiz_page.html", form=form), 400 if form.errors else 200


@bp.route("/<uuid:quiz_id>/edit", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def edit_quiz_page(quiz_id: UUID) -> ResponseReturnValue:
    quiz, version = find_quiz(quiz_id)
    form = _form_for(quiz, version)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                queries.get_quiz(session, quiz_id, owner_id=whose())
                services.save_settings(
                    session,
                    quiz_id,
                    title=form.title.data,
                    settings=form.apply(version.settings()),
                    author_id=my_id(),
                    now=database_now(session),
                    base=form.base.data,
                )
        except InvalidInputError as error:
            put_error(form, error)
        except services.StaleQuizError:
            return _show_conflict(quiz_id, form)
        else:
            flash("Saved in the draft. Publish it to give it to learners.", "success")
            return redirect(url_for(".quiz_page", quiz_id=quiz_id), 303)
    return render_template("studio/edit_quiz_page.html", form=form, quiz=quiz, version=version, stored=[]), 400 if form.errors else 200


def _show_conflict(quiz_id: UUID, form: PracticeSettingsForm) -> ResponseReturnValue:
    """What was written, and what somebody else has stored since. The form stands on that now: saving it once more is meant."""
    quiz, version = find_quiz(quiz_id)
    form.base.data = version.token
    stored = {"title": version.title} | form.values_of(version.settings())
    differing = [(form[name].label.text, value) for name, value in stored.items() if (form[name].data or "") != (value or "")]
    return render_template("studio/edit_quiz_page.html", form=form, quiz=quiz, version=version, stored=differing), 409


def _form_for(quiz: Quiz, version: QuizVersion) -> PracticeSettingsForm:
    form_class = PracticeSettingsForm if quiz.kind is QuizKind.PRACTICE else GradedSettingsForm
    if request.method == "POST":
        return form_class()
    values = form_class.values_of(version.settings())
    return form_class(data={"title": version.title, "base": version.token} | values)
