"""Writing a question: the form of its kind, rearranging without a script, and a second save from a stale tab."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.bank import queries, services
from laurel.bank.models import Question, QuestionVersion
from laurel.bank.rules import Comparison, Part, QuestionDraft, QuestionKind, QuestionStatus, compare, parts_of
from laurel.bank.services import StaleQuestionError
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.studio.forms.questions import FORMS, QuestionForm
from laurel.studio.views.questions.blueprint import WRITE, bp, category_choices, find_question, whose
from laurel.studio.views.questions.preview import show_draft
from laurel.web.access import my_id, policy
from laurel.web.session import current_session, transaction

KIND_WORDS = {
    QuestionKind.SINGLE_CHOICE: "One option is right. Other options may earn part of the mark.",
    QuestionKind.MULTIPLE_RESPONSE: "Any number of options is right; five ways to grade a selection.",
    QuestionKind.TRUE_FALSE: "A statement, and feedback for both answers.",
    QuestionKind.SHORT_ANSWER: "A word or a few, matched against patterns in which * stands for anything.",
    QuestionKind.NUMERICAL: "A number with a tolerance, and units if you like.",
    QuestionKind.ESSAY: "A text that a person reads and gives points for, criterion by criterion.",
    QuestionKind.MATCHING: "Each of several things gets what fits it; choices that fit nothing make it harder.",
    QuestionKind.ORDERING: "Items are brought into their order; several ways to grade one that is not quite right.",
    QuestionKind.CLOZE: "A text with gaps to choose for, to write in, or to put a number in.",
}
Save = Callable[[Session, QuestionDraft], Question]


@bp.get("/new")
@policy(GET=WRITE)
def new_question_page() -> ResponseReturnValue:
    kinds = [(kind, url_for(".write_question_page", kind=kind.replace("_", "-")), KIND_WORDS[kind]) for kind in QuestionKind]
    return render_template("studio/new_question_page.html", kinds=kinds, has_categories=bool(category_choices()))


@bp.route("/new/<kind>", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def write_question_page(kind: str) -> ResponseReturnValue:
    form_class = FORMS[_kind_of(kind)]
    form = (
        form_class() if request.method == "POST" else form_class(data=form_class.blank() | {"category": request.args.get("category", "")})
    )

    def save(session: Session, draft: QuestionDraft) -> Question:
        return services.create_question(session, draft, author_id=my_id(), now=database_now(session))

    return _handle(form, save, question=None, version=None)


def _kind_of(slug: str) -> QuestionKind:
    kind = next((kind for kind in QuestionKind if kind.replace("_", "-") == slug), None)
    if kind is None:
        raise NotFoundError("There is no such kind of question.")
    return kind


@bp.route("/<uuid:question_id>/edit", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def edit_question_page(question_id: UUID) -> ResponseReturnValue:
    question, version = find_question(question_id)
    if question.status is QuestionStatus.RETIRED:
        raise ConflictError("A retired question is not edited. Take it back to draft first.")
    form_class = FORMS[version.kind]
    form = form_class() if request.method == "POST" else form_class(data=_fields_of(form_class, question, version))

    def save(session: Session, draft: QuestionDraft) -> Question:
        queries.get_question(session, question_id, owner_id=whose())
        now = database_now(session)
        return services.save_version(session, question_id, draft, author_id=my_id(), now=now, base_revision=form.revision)

    return _handle(form, save, question=question, version=version)


def _fields_of(form_class: type[QuestionForm], question: Question, version: QuestionVersion) -> dict[str, Any]:
    return {
        "base_revision": str(question.revision),
        "stem": version.stem,
        "general_feedback": version.general_feedback,
        "category": str(question.category_id),
        "objective": question.objective,
        "difficulty": str(question.difficulty),
        "tags": ", ".join(queries.map_tags(current_session(), [question.id]).get(question.id, ())),
        "duplicate_group": question.duplicate_group or "",
    } | form_class.fields_of(version.typed_body())


def _handle(form: QuestionForm, save: Save, *, question: Question | None, version: QuestionVersion | None) -> ResponseReturnValue:
    """Show the form, rearrange it, preview it or save it, whichever button was pressed."""
    form.offer(category_choices())
    shown: dict[str, Any] = {"question": question, "version": version}
    if request.method == "GET":
        return _page(form, **shown)
    act = request.form.get("act", "save")
    if act not in {"save", "preview"}:
        return _rearrange(form, act, **shown)
    draft = form.read_draft()
    if draft is None:
        return _page(form, **shown), 400
    if act == "preview":
        return _page(form, preview=show_draft(draft), **shown)
    return _save(form, draft, save, **shown)


def _save(form: QuestionForm, draft: QuestionDraft, save: Save, **shown: Any) -> ResponseReturnValue:
    try:
        with transaction() as session:
            saved = save(session, draft)
            words = _describe(saved)
    except StaleQuestionError as stale:
        return _show_conflict(form, stale)
    except InvalidInputError as error:
        form.put_message(error.message, error.field or "")
        return _page(form, **shown), 400
    flash(words, "success")
    return redirect(url_for(".question_page", question_id=saved.id), 303)


def _describe(question: Question) -> str:
    if question.ready_n == question.latest_n:
        return "The question is saved."
    in_use = f" Learners get version {question.ready_n} until it is ready." if question.ready_n else ""
    return f"Version {question.latest_n} is saved as a draft.{in_use}"


def _rearrange(form: QuestionForm, act: str, **shown: Any) -> ResponseReturnValue:
    try:
        changed, focus = form.rearranged(act)
    except InvalidInputError as error:
        form.put_message(error.message, "")
        return _page(form, **shown), 400
    changed.offer(category_choices())
    return _page(changed, focus=focus, **shown)


def _show_conflict(form: QuestionForm, stale: StaleQuestionError) -> ResponseReturnValue:
    """409 with what was saved meanwhile beside what was not. The form keeps everything; saving it again makes the next version."""
    question, version = find_question(stale.question_id)
    form.base_revision.data = str(question.revision)
    return _page(form, question=question, version=version, conflict=_compare_with(stale.draft, question, version)), 409


def _compare_with(draft: QuestionDraft, question: Question, version: QuestionVersion) -> Sequence[Comparison]:
    titles = {category.id: category.path for category in queries.list_category_paths(current_session())}
    saved = [
        Part("Category", titles[question.category_id]),
        Part("Difficulty", str(question.difficulty)),
        Part("Tags", ", ".join(queries.map_tags(current_session(), [question.id]).get(question.id, ()))),
        Part("Duplicate group", question.duplicate_group or ""),
        Part("Learning objective", question.objective),
        *parts_of(version.stem, version.typed_body(), version.general_feedback),
    ]
    unsaved = [
        Part("Category", titles[draft.category_id]),
        Part("Difficulty", str(draft.difficulty)),
        Part("Tags", ", ".join(draft.tags)),
        Part("Duplicate group", draft.duplicate_group),
        Part("Learning objective", draft.objective),
        *parts_of(draft.stem, draft.body, draft.general_feedback),
    ]
    return [found for found in compare(saved, unsaved) if found.is_changed]


def _page(form: QuestionForm, **shown: Any) -> str:
    nothing: dict[str, Any] = {"preview": None, "focus": "", "conflict": None}
    groups = queries.list_groups(current_session(), owner_id=whose())
    return render_template("studio/edit_question_page.html", form=form, kind=form.kind, groups=groups, **(nothing | shown))
