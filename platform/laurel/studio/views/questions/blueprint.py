"""The blueprint of the question pages, and what all of them need."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from laurel.bank import queries
from laurel.bank.models import Question, QuestionVersion
from laurel.bank.rules import plain_text
from laurel.studio.navigation import work_nav
from laurel.web.access import my_id, viewer
from laurel.web.session import current_session

bp = Blueprint("studio_questions", __name__, url_prefix="/studio/questions")
WRITE = "question:write"
PILLS = {"draft": "neutral", "in_review": "info", "ready": "ok", "retired": "neutral"}
MAX_TITLE = 90


@bp.context_processor
def surroundings() -> dict[str, Any]:
    return {"work_nav": work_nav(), "pills": PILLS, "title_of": title_of}


def whose() -> UUID | None:
    """Whose questions the viewer may see and change: an author their own, staff everybody's (None)."""
    person = viewer()
    return None if person is not None and person.is_staff else my_id()


def find_question(question_id: UUID) -> tuple[Question, QuestionVersion]:
    """The question with its latest version, if it is the viewer's to see."""
    session = current_session()
    question = queries.get_question(session, question_id, owner_id=whose())
    return question, queries.get_version_number(session, question.id, question.latest_n)


def title_of(version: QuestionVersion) -> str:
    """The first words of a question, as its name in lists and headings."""
    words = " ".join(plain_text(version.stem_html).split())
    return words if len(words) <= MAX_TITLE else words[:MAX_TITLE].rsplit(" ", 1)[0] + " …"


def category_choices() -> list[tuple[str, str]]:
    """The categories for a select field."""
    return [(str(category.id), category.path) for category in queries.list_category_paths(current_session())]
