"""A question as a learner would see it, saved or not, and what an answer to it would earn."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from laurel.bank import services
from laurel.bank.models import QuestionVersion
from laurel.bank.rules import Answer, Grade, QuestionDraft, chosen_in, grade, parse_answer, read_form_values, values_under
from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules.reviewing import Field
from laurel.quizzes.rules.showing import Content, FeedbackView, QuestionView, show_feedback, show_question
from laurel.studio.views.questions.blueprint import WRITE, bp, find_question
from laurel.web.access import policy

NAME = "answer"


@dataclass(frozen=True, slots=True)
class Check:
    """How an answer to the preview did, with what only the author needs to know."""

    feedback: FeedbackView | None
    grade: Grade
    typed: str


def show_draft(draft: QuestionDraft) -> QuestionView:
    """A draft that was not saved, as a learner would see it."""
    rendered = services.render_draft(draft)
    content = Content(body=rendered.body, stem_html=rendered.stem_html, general_feedback_html=rendered.general_feedback_html)
    return show_question(content, number=1, name="preview", answer=None, disabled=True)


@bp.route("/<uuid:question_id>/preview", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def preview_question_page(question_id: UUID) -> ResponseReturnValue:
    question, version = find_question(question_id)
    content, posted = _content_of(version), values_under(NAME, request.form.items(multi=True))
    shown: dict[str, Any] = {"question": question, "version": version, "check": None, "error": ""}
    if request.method == "GET":
        return render_template("studio/preview_question_page.html", slot=show_question(content, number=1, name=NAME, answer=None), **shown)
    try:
        answer = parse_answer(version.kind, content.body, read_form_values(version.kind, content.body, posted))
    except InvalidInputError as error:
        slot = replace(show_question(content, number=1, name=NAME, answer=None), chosen=chosen_in(content.body.inputs, posted))
        return render_template("studio/preview_question_page.html", slot=slot, **shown | {"error": error.message}), 400
    slot, shown["check"] = show_question(content, number=1, name=NAME, answer=answer), _check(content, version, answer)
    return render_template("studio/preview_question_page.html", slot=slot, **shown)


def _content_of(version: QuestionVersion) -> Content:
    return Content(body=version.typed_body(), stem_html=version.stem_html, general_feedback_html=version.general_feedback_html)


def _check(content: Content, version: QuestionVersion, answer: Answer) -> Check:
    found = grade(version.kind, content.body, answer)
    feedback = show_feedback(
        content,
        answer=answer,
        grade=found,
        mark=f"{found.fraction.quantize(Decimal('0.01')).normalize():f}",
        max_mark="1",
        fields=frozenset(Field),
        explain_all=True,
    )
    return Check(feedback=feedback, grade=found, typed=str((answer or {}).get("text", "")))
