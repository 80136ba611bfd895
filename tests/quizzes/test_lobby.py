from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask, get_template_attribute
from sqlalchemy.orm import Session
from wtforms import BooleanField

from laurel.quizzes import queries, services
from laurel.quizzes.models import Quiz
from laurel.quizzes.rules import QuizKind
from laurel.web.forms import LaurelForm
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz


class StartForm(LaurelForm):
    honor_code = BooleanField("I agree")


def show(app: Flask, session: Session, quiz: Quiz, learner: Any, now: datetime) -> str:
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    with app.test_request_context("/", base_url="http://laurel.test"):
        return str(get_template_attribute("quizzes/_lobby.html", "lobby")(lobby, StartForm(), "/start"))


def hand_in(session: Session, quiz: Quiz, learner: Any, now: datetime, *, right: int = 0) -> None:
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    answer_all(session, attempt, right=right, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)


def test_before_the_first_attempt_everything_is_said_and_nothing_runs(app: Flask, session: Session, now: datetime) -> None:
    quiz = make_quiz(session, instructions="Read **well**.", honor_code="I answer <myself>.")
    page = show(app, session, quiz, make_user(session), now)
    for words in ("<strong>well</strong>", "I answer &lt;myself&gt;.", "1 h", "70 %", "3 of 3 left", "Start the exam", 'action="/start"'):
        assert words in page
    assert "Nothing starts until you press the button" in page


def test_the_real_time_is_said_when_the_window_closes_before(app: Flask, session: Session, now: datetime) -> None:
    quiz = make_quiz(session, closes_at=now + timedelta(minutes=52))
    page = show(app, session, quiz, make_user(session), now)
    assert "You will have 52 min" in page
    assert "closes at 20 November 2026, 10:22 UTC" in page


def test_a_running_attempt_is_the_only_way_on(app: Flask, session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session), make_user(session)
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    page = show(app, session, quiz, learner, now)
    assert f"/attempts/{attempt.id}" in page
    assert 'action="/start"' not in page


@pytest.mark.parametrize(
    ("right", "rules", "later", "words"),
    [
        (0, {"retake_wait_hours": (24,)}, timedelta(hours=1), "You can start again from 21 November 2026, 09:30 UTC"),
        (0, {"attempts_allowed": 1}, timedelta(hours=1), "You have used all attempts"),
        (5, {}, timedelta(hours=1), "There is nothing left to prove here"),
        (0, {"closes_at": datetime.fromisoformat("2026-11-20T09:45:00Z")}, timedelta(hours=1), "This is closed."),
    ],
)
def test_who_may_not_start_is_told_why(
    app: Flask, session: Session, now: datetime, right: int, rules: dict[str, Any], later: timedelta, words: str
) -> None:
    quiz, learner = make_quiz(session, **rules), make_user(session)
    hand_in(session, quiz, learner, now, right=right)
    page = show(app, session, quiz, learner, now + later)
    assert words in page
    assert 'action="/start"' not in page
    assert "Attempt 1" in page


def test_a_passed_quiz_may_be_taken_again_and_shows_its_score(app: Flask, session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, kind=QuizKind.GRADED), make_user(session)
    hand_in(session, quiz, learner, now, right=4)
    page = show(app, session, quiz, learner, now + timedelta(hours=1))
    assert "You have passed" in page
    assert "80 %" in page
    assert "Start another attempt" in page


def test_a_lobby_takes_few_queries(app: Flask, session: Session, now: datetime, queries: QueryCount) -> None:
    from laurel.quizzes.queries import describe_lobby

    quiz, learner = make_quiz(session), make_user(session)
    for _ in range(3):
        hand_in(session, quiz, learner, now)
    queries.clear()
    describe_lobby(session, quiz.id, learner.id, now=now)
    assert queries.selects <= 4
