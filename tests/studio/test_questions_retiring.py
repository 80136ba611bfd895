"""Before a question is withdrawn its author is told who asks for it, and what stands still without it."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import Question, QuestionCategory
from laurel.bank.rules import QuestionStatus
from laurel.core.clock import now
from laurel.quizzes.models import QuestionUsage, Quiz
from laurel.quizzes.queries.papers import PaperImpossibleError
from tests.conftest import QueryCount
from tests.factories.quizzes import drawn, make_attempt, make_quiz
from tests.quizzes.papers import fill
from tests.studio.question_forms import HOME, look_again, read_form, text_of


@pytest.fixture
def pool(session: Session, author: User, category: QuestionCategory) -> list[Question]:
    return fill(session, 4, category_id=category.id, owner_id=author.id)


def exam_of(session: Session, author: User, category: QuestionCategory, count: int, **facts: Any) -> Quiz:
    made = make_quiz(session, slots=[drawn(category.id, count)], **{"owner_id": author.id} | facts)
    session.commit()
    return made


def step(desk: FlaskClient, question: Question, status: str, **fields: str) -> Any:
    page = desk.get(f"{HOME}/{question.id}").get_data(as_text=True)
    shown = read_form(page, "base_revision")
    return desk.post(f"{HOME}/{question.id}/status", data=shown | {"status": status} | fields, follow_redirects=True)


def test_the_page_says_which_quizzes_draw_it_and_what_they_have_left(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory, pool: list[Question]
) -> None:
    mine = exam_of(session, author, category, 1, title="Mine")
    theirs = exam_of(session, author, category, 2, title="Theirs", owner_id=None)
    page = text_of(desk.get(f"{HOME}/{pool[0].id}"))
    assert f'<a href="/studio/quizzes/{mine.id}">Mine</a>' in page
    assert "draws 1 of 4, and of 3 without it" in page
    assert "Theirs" in page
    assert str(theirs.id) not in page  # it is another author's
    assert page.count("Small pool</span>") == 1  # 3 are three times 1, and not three times 2
    assert "accepts_stop" not in page


def test_what_no_quiz_draws_is_retired_as_before(session: Session, desk: FlaskClient, pool: list[Question]) -> None:
    session.commit()
    assert "No published quiz draws it." in text_of(desk.get(f"{HOME}/{pool[0].id}"))
    assert "The question is retired." in text_of(step(desk, pool[0], "retired"))


@pytest.mark.parametrize("status", ["retired", "draft"])
def test_a_step_that_stops_an_exam_has_to_be_meant(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory, pool: list[Question], status: str
) -> None:
    quiz = exam_of(session, author, category, 4, title="Final exam")
    page = text_of(desk.get(f"{HOME}/{pool[0].id}"))
    assert "Too few</span>" in page
    assert "Without this question nobody can start it." in page
    assert "although nobody can start “Final exam” then" in page

    answer = step(desk, pool[0], status)
    assert answer.status_code == 400
    assert f'id="accepts-{status}-error"' in answer.text
    assert answer.text.count("Nothing was changed. Tick this if you mean it") == 1
    look_again(session, pool[0])
    assert (pool[0].status, pool[0].ready_n) == (QuestionStatus.READY, 1)
    make_attempt(session, quiz)
    session.rollback()

    assert step(desk, pool[0], status, accepts_stop="y").status_code == 200
    look_again(session, pool[0])
    assert (pool[0].status, pool[0].ready_n) == (QuestionStatus(status), None)
    with pytest.raises(PaperImpossibleError):
        make_attempt(session, quiz)


def test_a_step_that_takes_nothing_from_learners_asks_nothing(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory, pool: list[Question]
) -> None:
    exam_of(session, author, category, 4)
    pool[0].status = QuestionStatus.DRAFT  # a newer version is being written, and learners go on with the one before
    session.commit()
    assert "The question is in review." in text_of(step(desk, pool[0], "in_review"))
    assert step(desk, pool[0], "draft").status_code == 200
    assert step(desk, pool[0], "retired").status_code == 400


def test_a_question_that_was_on_many_papers_is_to_be_retired(session: Session, desk: FlaskClient, pool: list[Question]) -> None:
    for question, shown in ((pool[0], 250), (pool[1], 249)):
        session.add(QuestionUsage(question_id=question.id, shown=shown, people=9, shown_recently=9, counted_at=now()))
    session.commit()
    assert "Known: retire it" in text_of(desk.get(f"{HOME}/{pool[0].id}"))
    assert "Known: retire it" not in text_of(desk.get(f"{HOME}/{pool[1].id}"))


@pytest.mark.parametrize("quizzes", [1, 6])
def test_the_page_takes_a_steady_number_of_queries(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory, pool: list[Question], queries: QueryCount, quizzes: int
) -> None:
    for number in range(quizzes):
        exam_of(session, author, category, 1 + number % 4, title=f"Exam {number}")
    queries.clear()
    assert desk.get(f"{HOME}/{pool[0].id}").status_code == 200
    assert queries.selects <= 15
