"""The blueprint of the quiz pages, and what all of them need."""

from typing import Any
from uuid import UUID

from flask import Blueprint, request

from laurel.bank.rules import plain_text
from laurel.core.errors import InvalidInputError
from laurel.quizzes import queries
from laurel.quizzes.models import Quiz, QuizVersion
from laurel.studio.forms.quizzes import ActForm
from laurel.studio.navigation import work_nav
from laurel.web.access import my_id, viewer
from laurel.web.forms import LaurelForm
from laurel.web.session import current_session

bp = Blueprint("studio_quizzes", __name__, url_prefix="/studio/quizzes")
WRITE = "question:write"
MAX_TITLE = 90
PILLS = {"draft": "neutral", "published": "ok", "archived": "neutral"}


@bp.context_processor
def surroundings() -> dict[str, Any]:
    return {"work_nav": work_nav(), "pills": PILLS}


def whose() -> UUID | None:
    """Whose quizzes the viewer may see and change: an author their own, staff everybody's (None)."""
    person = viewer()
    return None if person is not None and person.is_staff else my_id()


def find_quiz(quiz_id: UUID) -> tuple[Quiz, QuizVersion]:
    """The quiz with the version that its author works on, if it is the viewer's to see."""
    session = current_session()
    quiz = queries.get_quiz(session, quiz_id, owner_id=whose())
    return quiz, queries.get_working_version(session, quiz)


def read_base(quiz_id: UUID) -> str:
    """The state of the viewer's quiz that the page showed when its button was pressed."""
    find_quiz(quiz_id)
    form = ActForm()
    if not form.validate_on_submit() or not form.base.data:
        raise InvalidInputError("The page is damaged. Reload it and try again.")
    return str(form.base.data)


def put_error(form: LaurelForm, error: InvalidInputError) -> None:
    """The message beside its field, or on top."""
    if error.field not in form:
        form.form_errors.append(error.message)
        return
    field = form[error.field]
    field.errors = [*field.errors, error.message]


def read_position(act: str) -> tuple[str, int]:
    """`up-3` as ("up", 3)."""
    verb, _, text = act.partition("-")
    if verb not in {"up", "down", "remove"} or not (text.isascii() and text.isdigit() and len(text) < 5):
        raise InvalidInputError("There is no such button.")
    return verb, int(text)


def searched(name: str) -> str:
    """A word of the address, cut to what a search takes."""
    return request.args.get(name, "").replace("\0", " ").strip()[:200]


def title_of(stem_html: str) -> str:
    """The first words of a question."""
    words = " ".join(plain_text(stem_html).split())
    return words if len(words) <= MAX_TITLE else words[:MAX_TITLE].rsplit(" ", 1)[0] + " …"
