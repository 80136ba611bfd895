"""The list of questions, one question with what stands against it, and the steps of its life."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import get_user
from laurel.bank import queries, services
from laurel.bank.models import Question, QuestionVersion
from laurel.bank.queries import CategoryPath, QuestionFilter
from laurel.bank.rules import QuestionKind, QuestionStatus, may_become
from laurel.bank.rules.essay import Essay
from laurel.bank.services import NotReadyError
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes.queries.retiring import Use, list_uses
from laurel.quizzes.queries.usage import map_usage
from laurel.quizzes.rules import exposing
from laurel.studio.forms.questions import StepForm
from laurel.studio.views.questions.blueprint import WRITE, bp, find_question, whose
from laurel.studio.views.questions.keys import key_rows
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

MAX_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A button of the question page: where it leads, what to ask before, and which quizzes nobody could start after it."""

    status: QuestionStatus
    label: str
    confirm: str = ""
    stops: Sequence[Use] = ()


STEPS = {
    QuestionStatus.IN_REVIEW: Step(QuestionStatus.IN_REVIEW, "Send to review"),
    QuestionStatus.READY: Step(QuestionStatus.READY, "Make ready"),
    QuestionStatus.DRAFT: Step(QuestionStatus.DRAFT, "Back to draft"),
    QuestionStatus.RETIRED: Step(
        QuestionStatus.RETIRED, "Retire", "Quizzes no longer draw it. Attempts that have it keep it, and you can take it back to draft."
    ),
}


@bp.get("")
@policy(GET=WRITE)
def question_list_page() -> ResponseReturnValue:
    session = current_session()
    categories = queries.list_category_paths(session)
    wanted, chosen = _read_filter(categories)
    page = paginate(session, queries.list_questions(wanted), scalars=False)
    return render_template(
        "studio/question_list_page.html",
        page=page,
        counts=queries.count_by_status(session, wanted),
        chosen=chosen,
        categories=categories,
        category_names={category.id: category.path for category in categories},
        kinds=list(QuestionKind),
        tags=queries.list_tags(session, owner_id=whose()),
        tags_of=queries.map_tags(session, [question.id for question, _ in page.rows]),
    )


def _read_filter(categories: Sequence[CategoryPath]) -> tuple[QuestionFilter, dict[str, str]]:
    """The filter that the address asks for, and its fields as the page shows them; what is not on offer is left out."""
    found = {category.id: category.ids_within for category in categories}
    category_id = next((one for one in found if str(one) == request.args.get("category")), None)
    kind = next((one for one in QuestionKind if one == request.args.get("kind")), None)
    status = next((one for one in QuestionStatus if one == request.args.get("status")), None)
    text, objective, tag = (request.args.get(name, "").replace("\0", " ").strip()[:MAX_SEARCH] for name in ("q", "objective", "tag"))
    wanted = QuestionFilter(
        owner_id=whose(),
        text=text,
        objective=objective,
        tag=" ".join(tag.casefold().split()),
        category_ids=found[category_id] if category_id else (),
        kind=kind,
        status=status,
    )
    shown = {"q": text, "objective": objective, "tag": tag, "category": str(category_id or "")}
    shown |= {"kind": kind or "", "status": status or ""}
    return wanted, shown


@bp.get("/<uuid:question_id>")
@policy(GET=WRITE)
def question_page(question_id: UUID) -> ResponseReturnValue:
    question, version = find_question(question_id)
    return _show(question, version, StepForm(formdata=None, base_revision=question.revision))


def _show(question: Question, version: QuestionVersion, form: StepForm) -> str:
    session = current_session()
    body = version.typed_body()
    uses = list_uses(session, question)
    return render_template(
        "studio/question_page.html",
        question=question,
        version=version,
        owner=get_user(session, question.owner_id),
        category=next(path for path in queries.list_category_paths(session) if path.id == question.category_id),
        findings=services.check_version(version, question),
        keys=key_rows(body),
        essay=body if isinstance(body, Essay) else None,
        steps=_list_steps(question, uses),
        tags=queries.map_tags(session, [question.id]).get(question.id, []),
        usage=map_usage(session, [question.id]).get(question.id),
        uses=uses,
        may_open=lambda use: whose() in (None, use.owner_id),
        groupmates=queries.list_groupmates(session, question, owner_id=whose()),
        exposing=exposing,
        form=form,
    )


def _list_steps(question: Question, uses: Sequence[Use]) -> list[Step]:
    """The steps that are possible now, the one forward first."""
    broken = [use for use in uses if use.breaks]
    return [
        replace(step, stops=broken if question.is_withdrawn_by(status) else ())
        for status, step in STEPS.items()
        if may_become(question.status, status)
    ]


@bp.post("/<uuid:question_id>/status")
@policy(POST=WRITE)
def change_status(question_id: UUID) -> ResponseReturnValue:
    """Take a step. One that keeps learners from starting a quiz has to be told that this is meant."""
    question, version = find_question(question_id)  # someone else's is not there, whatever was sent
    form = StepForm()
    if not form.validate_on_submit():
        raise InvalidInputError("That is not a step of this question. Nothing was changed.")
    status = QuestionStatus(form.status.data)
    if question.is_withdrawn_by(status) and not form.accepts_stop.data and _is_needed(question):
        form.accepts_stop.errors = ["Nothing was changed. Tick this if you mean it, or add questions to the pool first."]
        return _show(question, version, form), 400
    try:
        with transaction() as session:
            question = services.set_status(
                session,
                question_id,
                status,
                changed_by_id=my_id(),
                now=database_now(session),
                base_revision=form.base_revision.data,
            )
            words = _describe(question)
    except NotReadyError as error:
        flash(error.message, "error")
    else:
        flash(words, "success")
    return redirect(url_for(".question_page", question_id=question_id), 303)


def _is_needed(question: Question) -> bool:
    """Whether a published quiz cannot be started without the question."""
    return any(use.breaks for use in list_uses(current_session(), question))


def _describe(question: Question) -> str:
    if question.status is QuestionStatus.READY:
        return f"Learners get version {question.ready_n} from now on."
    if question.status is QuestionStatus.RETIRED:
        return "The question is retired. Quizzes no longer draw it."
    in_use = f" Learners go on with version {question.ready_n}." if question.ready_n else " Learners do not get it."
    return f"The question is {'a draft again' if question.status is QuestionStatus.DRAFT else 'in review'}.{in_use}"
