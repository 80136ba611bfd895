"""A question's steps, previews and versions in the studio."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind, QuestionStatus
from tests.factories.bank import make_question
from tests.studio.question_forms import HOME, fill_in, look_again, read_form, text_of


def step(desk: FlaskClient, question: Question, status: str, **changes: str) -> Any:
    page = desk.get(f"{HOME}/{question.id}").get_data(as_text=True)
    fields = read_form(page, "base_revision") | {"status": status} | changes
    return desk.post(f"{HOME}/{question.id}/status", data=fields, follow_redirects=True)


def test_a_question_walks_from_draft_to_ready_and_is_retired(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id, status=QuestionStatus.DRAFT)
    session.commit()

    for status, words in [
        ("in_review", "The question is in review. Learners do not get it."),
        ("ready", "Learners get version 1 from now on."),
        ("retired", "The question is retired. Quizzes no longer draw it."),
        ("draft", "The question is a draft again. Learners do not get it."),
    ]:
        assert words in text_of(step(desk, question, status))
        look_again(session, question)
        assert question.status == status


def test_a_question_without_a_key_is_told_why_it_is_not_ready(session: Session, desk: FlaskClient, author: User) -> None:
    body = {"options": [{"text": "A"}, {"text": "B"}]}
    question = make_question(session, owner_id=author.id, status=QuestionStatus.IN_REVIEW, body=body)
    session.commit()

    page = text_of(step(desk, question, "ready"))

    look_again(session, question)
    assert "This question is not ready for learners: No option is marked as right." in page
    assert question.status is QuestionStatus.IN_REVIEW


@pytest.mark.parametrize(
    ("status", "changes", "code"),
    [("ready", {}, 409), ("flying", {}, 400), ("in_review", {"base_revision": "99"}, 409), ("in_review", {"base_revision": "x"}, 400)],
)
def test_a_step_that_cannot_be_taken_changes_nothing(
    session: Session, desk: FlaskClient, author: User, status: str, changes: dict[str, str], code: int
) -> None:
    question = make_question(session, owner_id=author.id, status=QuestionStatus.DRAFT)
    session.commit()

    assert step(desk, question, status, **changes).status_code == code

    look_again(session, question)
    assert question.status is QuestionStatus.DRAFT


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (QuestionKind.MATCHING, {"answer-s1": "cx", "answer-s2": "cb"}, "0.5 of 1"),
        (QuestionKind.ORDERING, {"answer-ib": "1", "answer-ia": "2", "answer-ic": "3"}, "1 of 1"),
        (QuestionKind.ORDERING, {"answer-ib": "", "answer-ia": ""}, "Not answered"),
        (QuestionKind.CLOZE, {"answer-1": "b", "answer-2": "tokens", "answer-3": "0.9"}, "0.5 of 1"),
        (QuestionKind.CLOZE, {"answer-3": "many"}, "What stands in a gap for a number is not a number"),
        (QuestionKind.SINGLE_CHOICE, ["a"], "1 of 1"),
        (QuestionKind.SINGLE_CHOICE, ["b"], "0 of 1"),
        (QuestionKind.SINGLE_CHOICE, [], "Not answered"),
        (QuestionKind.MULTIPLE_RESPONSE, ["a", "b"], "1 of 1"),
        (QuestionKind.TRUE_FALSE, ["false"], "1 of 1"),
        (QuestionKind.SHORT_ANSWER, ["hallucinations"], "0.5 of 1"),
        (QuestionKind.SHORT_ANSWER, ["hallucinatio"], "0.5 of 1"),
        (QuestionKind.SHORT_ANSWER, ["halucination"], "One character away from an accepted answer"),
        (QuestionKind.NUMERICAL, ["4,096"], "1 of 1"),
        (QuestionKind.NUMERICAL, ["4,09"], "“4,09” is not a number that Laurel reads"),
        (QuestionKind.NUMERICAL, ["<script>"], "“&lt;script&gt;” is not a number"),
    ],
)
def test_a_preview_says_what_an_answer_would_earn(
    session: Session, desk: FlaskClient, author: User, kind: QuestionKind, values: Any, words: str
) -> None:
    question = make_question(session, kind=kind, owner_id=author.id)
    session.commit()
    path = f"{HOME}/{question.id}/preview"
    token = read_form(desk.get(path).get_data(as_text=True), "csrf_token")["csrf_token"]

    fields = values if isinstance(values, dict) else {"answer": values}
    response = desk.post(path, data={"csrf_token": token, **fields})

    assert response.status_code == 200
    assert words in text_of(response)


@pytest.mark.parametrize("values", [["z"], ["a\x00"], ["x" * 9999]])
def test_a_preview_refuses_what_the_question_did_not_offer(session: Session, desk: FlaskClient, author: User, values: list[str]) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    path = f"{HOME}/{question.id}/preview"
    token = read_form(desk.get(path).get_data(as_text=True), "csrf_token")["csrf_token"]
    assert desk.post(path, data={"csrf_token": token, "answer": values}).status_code == 400


def test_a_preview_says_what_is_wrong_and_keeps_what_was_chosen(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, kind=QuestionKind.ORDERING, owner_id=author.id)
    session.commit()
    path = f"{HOME}/{question.id}/preview"
    token = read_form(desk.get(path).get_data(as_text=True), "csrf_token")["csrf_token"]

    response = desk.post(path, data={"csrf_token": token, "answer-ib": "2", "answer-ia": "2"})

    assert response.status_code == 400
    assert "Two items are in place 2. Give each item a place of its own." in text_of(response)
    assert text_of(response).count('value="2" selected') == 2


def test_the_learners_view_holds_no_key(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    page = text_of(desk.get(f"{HOME}/{question.id}/preview"))
    assert "The next token" in page
    assert "Given the tokens before it." not in page


def test_versions_are_listed_and_compared(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    fill_in(desk, f"{HOME}/{question.id}/edit", stem="What does a small model predict?", right="b", without=())

    page = text_of(desk.get(f"{HOME}/{question.id}/versions"))

    assert "<del>language </del>" in page
    assert "<ins>small </ins>" in page
    assert "Credit of option A" in page
    assert "Arun Adeyemi" in page
    assert "Feedback on option A" not in page  # it did not change


@pytest.mark.parametrize(("query", "code"), [("older=1&newer=1", 200), ("older=1&newer=99", 404), ("older=-1", 404), ("older=abc", 404)])
def test_a_comparison_needs_versions_that_exist(session: Session, desk: FlaskClient, author: User, query: str, code: int) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    assert desk.get(f"{HOME}/{question.id}/versions?{query}").status_code == code
