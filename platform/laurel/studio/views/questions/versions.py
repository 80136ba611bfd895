"""The versions of a question, and what changed between two of them."""

from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from laurel.bank import queries
from laurel.bank.models import QuestionVersion
from laurel.bank.rules import Comparison, compare, parts_of
from laurel.core.errors import NotFoundError
from laurel.studio.views.questions.blueprint import WRITE, bp, find_question
from laurel.web.access import policy
from laurel.web.pages import paginate
from laurel.web.session import current_session


@bp.get("/<uuid:question_id>/versions")
@policy(GET=WRITE)
def question_versions_page(question_id: UUID) -> ResponseReturnValue:
    session = current_session()
    question, latest = find_question(question_id)
    page = paginate(session, queries.list_versions(question.id), scalars=False)
    older, newer = _number("older", max(1, latest.n - 1)), _number("newer", latest.n)
    changes = None
    if older != newer:
        before, after = (queries.get_version_number(session, question.id, n) for n in (older, newer))
        changes = [found for found in _compare(before, after) if found.is_changed]
    return render_template(
        "studio/question_versions_page.html",
        question=question,
        version=latest,
        page=page,
        older=older,
        newer=newer,
        changes=changes,
    )


def _number(name: str, default: int) -> int:
    """A version number of the address."""
    text = request.args.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise NotFoundError(queries.NO_VERSION)
    return int(text)


def _compare(before: QuestionVersion, after: QuestionVersion) -> list[Comparison]:
    old, new = (parts_of(version.stem, version.typed_body(), version.general_feedback) for version in (before, after))
    return compare(old, new)
