"""Signs that the questions of a quiz are known, beside what chance would show: answering times, and answers that are alike."""

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from laurel.bank.queries import list_owned
from laurel.quizzes.queries.leaks import find_leak_signs
from laurel.quizzes.rules import exposing, likeness, pacing
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, title_of, whose
from laurel.studio.views.quizzes.papers import share
from laurel.web.access import policy
from laurel.web.pages import PAGE_SIZE, NoSuchPageError, Page, page_number
from laurel.web.session import current_session

MOST_PAIRS = 25
LEAST_CHANCE = 1e-9


@bp.get("/<uuid:quiz_id>/leaks")
@policy(GET=WRITE)
def leaks_page(quiz_id: UUID) -> ResponseReturnValue:
    """Look through the last attempts. A page of its own: it takes longer than others, and it names people, so it wants to be asked for."""
    session = current_session()
    quiz, version = find_quiz(quiz_id)
    number = page_number()
    signs = find_leak_signs(session, quiz.id)
    start = (number - 1) * PAGE_SIZE
    page = Page(rows=signs.lines[start : start + PAGE_SIZE], number=number, size=PAGE_SIZE, total=len(signs.lines))
    if number > page.pages:
        raise NoSuchPageError
    return render_template(
        "studio/leaks_page.html",
        quiz=quiz,
        version=version,
        signs=signs,
        page=page,
        owned=list_owned(session, {line.version.question_id for line in page.rows}, owner_id=whose()),
        most_pairs=MOST_PAIRS,
        title_of=title_of,
        share=share,
        one_in=one_in,
        exposing=exposing,
        likeness=likeness,
        pacing=pacing,
    )


def one_in(chance: float) -> str:
    """A small chance as a person reads it: `1 in 8,300`."""
    return f"1 in {1 / chance:,.0f}" if chance > LEAST_CHANCE else f"under 1 in {1 / LEAST_CHANCE:,.0f}"
