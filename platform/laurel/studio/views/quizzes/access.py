"""Access to a quiz, and what learners see of it: window, password, way through, focus log, review matrix."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.quizzes import queries, services
from laurel.quizzes.models import Quiz, QuizVersion
from laurel.quizzes.rules import Field, Phase, QuizKind, QuizSettings, ReviewMatrix, ReviewPreset
from laurel.quizzes.rules.briefing import describe_review, may_decide, settle, warn
from laurel.quizzes.rules.reviewing import ORDER, matrix_of, preset_of
from laurel.studio.forms.access import AccessForm, ReviewMatrixForm, apply_matrix, name_of
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, put_error, whose
from laurel.web.access import my_id, policy
from laurel.web.session import transaction

FIELDS = {
    Field.PAPER: "Paper with own answers",
    Field.MAX_MARKS: "What a question is worth",
    Field.MARKS: "Marks and score",
    Field.RIGHT_OR_WRONG: "Right or wrong",
    Field.OPTION_FEEDBACK: "Feedback on options",
    Field.GENERAL_FEEDBACK: "Explanation",
    Field.RIGHT_ANSWER: "Right answer",
    Field.PASSED: "Pass or fail",
    Field.BANDS: "Bands by domain",
}
PHASES = {
    Phase.DURING: "While it runs",
    Phase.JUST_AFTER: "Up to 2 minutes after",
    Phase.LATER: "Later, while open",
    Phase.CLOSED: "After it closes",
}


@bp.route("/<uuid:quiz_id>/access", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def quiz_access_page(quiz_id: UUID) -> ResponseReturnValue:
    quiz, version = find_quiz(quiz_id)
    if quiz.kind is QuizKind.PRACTICE:
        raise ConflictError("Practice stands in a lesson and is always open: there is nothing to decide about access.")
    is_sent = request.method == "POST"
    form = AccessForm() if is_sent else AccessForm(data={"base": version.token} | AccessForm.values_of(version.settings()))
    if form.validate_on_submit():
        try:
            fresh = services.make_password_hash(form.password.data) if form.password.data else None
            _save(quiz, version, form.apply(version.settings(), password_hash=fresh), base=form.base.data or "")
        except InvalidInputError as error:
            put_error(form, error)
        else:
            return _saved(quiz_id)
    page = render_template("studio/quiz_access_page.html", form=form, quiz=quiz, version=version)
    return page, 400 if form.errors else 200


@bp.route("/<uuid:quiz_id>/review", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def review_matrix_page(quiz_id: UUID) -> ResponseReturnValue:
    """The matrix as a table of boxes. A preset's button only fills it; nothing is kept before it is saved."""
    quiz, version = find_quiz(quiz_id)
    form = ReviewMatrixForm() if request.method == "POST" else ReviewMatrixForm(data={"base": version.token})
    form.offer(quiz.kind)
    preset = next((one for one in ReviewPreset if one == request.form.get("preset")), None)
    if request.method == "GET" or preset is not None:
        form.fill(settle(version.review if preset is None else matrix_of(preset), quiz.kind))
    elif form.validate_on_submit():
        _save(quiz, version, apply_matrix(version.settings(), form.matrix(quiz.kind)), base=form.base.data or "")
        return _saved(quiz_id)
    return _show(quiz, version, form, form.matrix(quiz.kind), filled_by=preset), 400 if form.errors else 200


def _show(quiz: Quiz, version: QuizVersion, form: ReviewMatrixForm, matrix: ReviewMatrix, *, filled_by: ReviewPreset | None) -> str:
    rows = [
        {
            "name": field.value,
            "label": label,
            "cells": [
                {
                    "phase": phase.value,
                    "value": name_of(field, phase),
                    "is_on": matrix.shows(field, phase),
                    "is_open": may_decide(quiz.kind, field, phase),
                }
                for phase in ORDER
            ],
        }
        for field, label in FIELDS.items()
    ]
    return render_template(
        "studio/review_matrix_page.html",
        quiz=quiz,
        form=form,
        rows=rows,
        phases=[(phase.value, PHASES[phase]) for phase in ORDER],
        presets=list(ReviewPreset),
        current=preset_of(matrix),
        filled_by=filled_by,
        summary=describe_review(matrix, quiz.kind, version.settings()),
        warnings=warn(matrix, version.settings(), quiz.kind),
    )


def _save(quiz: Quiz, version: QuizVersion, settings: QuizSettings, *, base: str) -> None:
    with transaction() as session:
        queries.get_quiz(session, quiz.id, owner_id=whose())
        now = database_now(session)
        services.save_settings(session, quiz.id, title=version.title, settings=settings, author_id=my_id(), now=now, base=base)


def _saved(quiz_id: UUID) -> ResponseReturnValue:
    flash("Saved in the draft. Publish it to give it to learners.", "success")
    return redirect(url_for(".quiz_page", quiz_id=quiz_id), 303)
