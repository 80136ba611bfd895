"""Essays as their learner sees them: writing, waiting for a person, and what may be seen of the result."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.bank.rules import QuestionKind
from laurel.catalog.queries import list_lessons
from laurel.core.clock import now
from laurel.core.ids import new_id
from laurel.learning.services import finish_lesson
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.rules import QuizKind
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_question
from tests.factories.learning import make_classroom
from tests.factories.quizzes import ESSAY, fixed, make_attempt, make_quiz, make_waiting, tasks_of
from tests.factories.quizzes import answer as save
from tests.quizzes.pages import current, post_answer, sign_in_as, url
from tests.studio.question_forms import text_of

SECRETS = ("A model continues text", "Be generous with spelling", "Names the risk", "Named and explained", "Any that fits")


@pytest.fixture
def my_essay(session: Session, sign_in: SignIn) -> Attempt:
    """A running exam of one essay, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session, kinds=[QuestionKind.ESSAY]))
    sign_in_as(session, sign_in, attempt)
    return attempt


def words_of(answer: Any) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def mark_all(session: Session, attempt: Attempt, *, points: tuple[str, ...] = ("2", "1.5"), comment: str = "Go <on>.") -> None:
    admin = make_user(session, roles=["admin"])
    for task in tasks_of(session, attempt):
        services.mark_answer(session, task.id, grader_id=admin.id, owner_id=None, points=points, comment=comment, now=now())
    session.commit()


def test_an_essay_is_written_without_a_script_and_keeps_its_lines(client: FlaskClient, session: Session, my_essay: Attempt) -> None:
    page = client.get(url(my_essay, "/questions/1")).text
    assert 'maxlength="15000"' in page
    assert "Write 50 to 300 words. There is room for 15,000 characters." in page
    assert "Write for somebody who has never used a model." in page
    answer = post_answer(client, my_essay, 1, answer="One.\r\n\r\n</textarea><script>two</script>", go="next")
    assert answer.location == url(my_essay, "/review")
    assert current(session, my_essay) == {"text": "One.\n\n</textarea><script>two</script>"}
    again = client.get(url(my_essay, "/questions/1")).text
    assert ">One.\n\n&lt;/textarea&gt;&lt;script&gt;two&lt;/script&gt;</textarea>" in again


def test_a_text_that_is_too_long_is_kept_in_the_page_and_says_why(client: FlaskClient, session: Session, my_essay: Attempt) -> None:
    text = "a" * 15_001
    answer = post_answer(client, my_essay, 1, answer=text, go="next")
    assert answer.status_code == 400
    assert "This is too long: 15,000 characters are allowed." in answer.text
    assert f">{text}</textarea>" in answer.text
    assert current(session, my_essay) is None


@pytest.mark.parametrize(("length", "status"), [(15_000, 200), (15_001, 400), (17_000, 413)])
def test_the_longest_essay_fits_into_one_save(
    client: FlaskClient, session: Session, my_essay: Attempt, csrf: Callable[..., str], length: int, status: int
) -> None:
    """Of characters that take four bytes each."""
    item = {"op_id": str(new_id()), "slot": 1, "seq": 1, "answer": {"text": "\U0001f33f" * length}, "client_ts": ""}
    body = json.dumps({"items": [item], "lease": None}, ensure_ascii=False).encode()
    headers = {"X-CSRFToken": csrf(), "Content-Type": "application/json"}
    assert client.patch(url(my_essay, "/answers"), data=body, headers=headers).status_code == status
    assert (current(session, my_essay) is not None) == (status == 200)


def test_no_page_of_a_running_or_waiting_exam_holds_anything_of_the_key(
    client: FlaskClient, session: Session, my_essay: Attempt, csrf: Callable[..., str]
) -> None:
    post_answer(client, my_essay, 1, answer="Mine", go="review")
    pages = [client.get(url(my_essay, place)).text for place in ("/questions/1", "/review", "/hand-in")]
    client.post(url(my_essay, "/submit"), data={"csrf_token": csrf()})
    pages += [client.get(url(my_essay, "/result")).text, client.get(url(my_essay, "/questions/1")).text]
    for page in pages:
        for secret in SECRETS:
            assert secret not in page


def test_after_handing_in_a_person_reads_and_there_is_no_score_yet(
    client: FlaskClient, session: Session, my_essay: Attempt, csrf: Callable[..., str]
) -> None:
    post_answer(client, my_essay, 1, answer="Mine", go="review")
    answer = client.post(url(my_essay, "/submit"), data={"csrf_token": csrf()})
    page = text_of(client.get(answer.location))
    assert "A person is reading your answers. There is no score yet" in page
    for word in ("You passed", "Not passed", "Your score", "You can try again"):
        assert word not in page
    assert "Receipt" in page
    twice = client.post(url(my_essay, "/submit"), data={"csrf_token": csrf()})
    assert twice.location == answer.location


def test_a_graded_exam_says_passed_and_nothing_of_points_or_comment(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    attempt = make_waiting(session)
    mark_all(session, attempt, points=("4", "2"))
    sign_in_as(session, sign_in, attempt)
    page = client.get(url(attempt, "/result")).text
    assert "You passed" in page
    for secret in (*SECRETS, "Go &lt;on&gt;", "points", "A fluent answer"):
        assert secret not in page


def test_a_graded_quiz_shows_points_comment_and_text(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    attempt = make_waiting(session, kind=QuizKind.GRADED, now=now() - timedelta(hours=1))
    mark_all(session, attempt)
    sign_in_as(session, sign_in, attempt)
    answer = client.get(url(attempt, "/result"))
    page = text_of(answer)
    assert "A fluent answer can be wrong.\n\nFor example: a date." in answer.text
    assert "Part of the points 0.58 of 1" in words_of(answer)
    assert "2 of 4 points" in words_of(answer)
    assert "1.5 of 2 points" in words_of(answer)
    assert "Go &lt;on&gt;." in page
    assert "A model continues text" not in page  # the right answer waits until nobody can start another attempt
    assert "Be generous" not in page


def test_the_result_of_a_paper_without_essays_takes_no_query_more(
    client: FlaskClient, session: Session, sign_in: SignIn, queries: QueryCount
) -> None:
    attempt = make_attempt(session, make_quiz(session))
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now())
    sign_in_as(session, sign_in, attempt)
    client.get(url(attempt, "/result"))
    assert not [statement for statement in queries.statements if "manual_marks" in statement and "SELECT" in statement]


def ask_for_an_essay(session: Session, quiz: Quiz) -> None:
    """Publish the quiz anew, with an essay and nothing else."""
    services.save_draft(
        session,
        quiz.id,
        title=quiz.title,
        settings=queries.get_published(session, quiz.id)[1].settings(),
        slots=[fixed(make_question(session, kind=QuestionKind.ESSAY))],
        author_id=quiz.owner_id,
        now=now(),
    )
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now())


def test_practice_keeps_the_essay_and_shows_what_to_compare_it_with(session: Session, sign_in: SignIn, csrf: Callable[..., str]) -> None:
    room = make_classroom(session)
    ask_for_an_essay(session, room.practice)
    client = sign_in(room.learner)
    lesson = f"/learn/{room.course.slug}/lesson-1"
    assert not [secret for secret in SECRETS if secret in client.get(lesson).text]
    token = csrf(lesson)

    empty = client.post(f"{lesson}/check", data={"csrf_token": token, "slot": "1", "question-1": " \r\n "})
    assert (empty.status_code, "Choose or write an answer first." in empty.text) == (400, True)
    saved = client.post(f"{lesson}/check", data={"csrf_token": token, "slot": "1", "question-1": "My view.\r\nIn two lines."})
    assert saved.location == f"{lesson}#question-1-result"
    page = client.get(lesson).text
    assert "My view.\nIn two lines." in page
    assert "Compare for yourself" in page
    assert [secret for secret in SECRETS if secret not in page] == ["Be generous with spelling"]
    assert "0 of 1" not in page
    assert "Try again" in page


def test_the_lobby_and_my_learning_say_that_a_person_is_reading(app: Flask, session: Session, sign_in: SignIn) -> None:
    room = make_classroom(session, lessons=1)
    ask_for_an_essay(session, room.quiz)
    finish_lesson(session, room.enrollment.id, lesson_id=list_lessons(session, room.course.id)[0].id, now=now())
    attempt = make_attempt(session, room.quiz, learner_id=room.learner.id)
    save(session, attempt, 1, ESSAY)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now())
    client = sign_in(get_user(session, room.learner.id))
    session.commit()

    lobby, home = client.get(f"/learn/{room.course.slug}/quiz").text, client.get("/learn").text
    assert "Attempt 1 is being read" in lobby
    assert "Being read" in lobby
    assert "Start another attempt" in lobby
    assert "Prompt exam: handed in" in home
    assert url(attempt, "/result") in home

    mark_all(session, attempt, points=("4", "2"))
    assert "Prompt exam: handed in" not in client.get("/learn").text
    lobby = client.get(f"/learn/{room.course.slug}/quiz").text
    assert "being read" not in lobby
    assert "You have passed" in lobby


def test_the_author_of_a_preview_hears_that_nobody_reads_it(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    attempt = make_waiting(session, is_preview=True)
    sign_in_as(session, sign_in, attempt)
    assert "a preview is read by nobody" in client.get(url(attempt, "/result")).text
