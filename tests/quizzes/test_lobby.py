from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, get_template_attribute
from sqlalchemy.orm import Session
from wtforms import BooleanField, PasswordField

from laurel.quizzes import queries, services
from laurel.quizzes.models import Quiz
from laurel.quizzes.queries import describe_lobby
from laurel.quizzes.rules import AttemptState, Field, Phase, QuizKind, ReviewMatrix, ReviewPreset
from laurel.quizzes.rules.access import AccessRules, hash_exam_password
from laurel.web.forms import LaurelForm
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz


class StartForm(LaurelForm):
    honor_code = BooleanField("I agree")
    password = PasswordField("Password")


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


def test_while_an_attempt_runs_the_rules_are_those_it_was_started_on(app: Flask, session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, minutes=20), make_user(session)
    make_attempt(session, quiz, learner_id=learner.id, now=now)
    old = describe_lobby(session, quiz.id, learner.id, now=now)
    settings = replace(queries.get_published(session, quiz.id)[1].settings(), minutes=15, pass_percent=Decimal(50))
    base = queries.get_published(session, quiz.id)[1].token
    services.save_settings(session, quiz.id, title="Another", settings=settings, author_id=quiz.owner_id, now=now, base=base)
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)

    new = describe_lobby(session, quiz.id, learner.id, now=now)

    assert queries.get_published(session, quiz.id)[1].minutes == 15
    assert (new.title, new.minutes, new.pass_percent, new.rules) == (old.title, 20, old.pass_percent, old.rules)


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
        (5, {}, timedelta(hours=1), "Your result stands."),
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

    quiz, learner = make_quiz(session), make_user(session)
    for _ in range(3):
        hand_in(session, quiz, learner, now)
    queries.clear()
    describe_lobby(session, quiz.id, learner.id, now=now)
    assert queries.selects <= 5  # the quiz, the attempts, the round, the terms, the questions


def test_what_an_exam_asks_and_notes_is_said_before_it_starts(app: Flask, session: Session, now: datetime) -> None:
    kept = hash_exam_password("plum tree", salt=b"x" * 16)
    access = AccessRules(password_hash=kept, one_way=True, logs_focus=True)
    quiz = make_quiz(
        session, access=access, opens_at=now, closes_at=now + timedelta(days=1), retake_wait_hours=(24, 168), shuffle_options=True
    )
    page = show(app, session, quiz, make_user(session), now)
    for words in (
        "You cannot go back in this exam",
        "Next closes a question for good",
        "notes when you leave its page",
        "nothing is decided by it",
        "after 24 hours, then 7 days",
        "another order for each person",
        "Closes",
        'type="password"',
        "Afterwards you see pass or fail",
    ):
        assert words in page
    assert kept not in page


def test_what_an_exam_does_not_do_is_not_announced(app: Flask, session: Session, now: datetime) -> None:
    page = show(app, session, make_quiz(session), make_user(session), now)
    assert "You can go back and change answers until you hand in" in page
    for words in ("notes when you leave", "cannot go back", 'type="password"', "another order"):
        assert words not in page


@pytest.mark.parametrize(("kind", "shows_passed", "shows_marks"), [(QuizKind.EXAM, True, False), (QuizKind.GRADED, True, True)])
def test_the_list_of_attempts_says_what_its_matrix_allows(
    app: Flask, session: Session, now: datetime, kind: QuizKind, shows_passed: bool, shows_marks: bool
) -> None:
    quiz, learner = make_quiz(session, kind=kind), make_user(session)
    hand_in(session, quiz, learner, now, right=1)
    page = show(app, session, quiz, learner, now + timedelta(hours=1))
    assert ("Not passed" in page) is shows_passed
    assert ("20 %" in page) is shows_marks


def test_an_outcome_that_is_hidden_is_hidden_in_the_list_too(app: Flask, session: Session, now: datetime) -> None:
    review = ReviewMatrix(frozenset({(Field.PAPER, Phase.DURING), (Field.PASSED, Phase.CLOSED)}))
    quiz, learner = make_quiz(session, kind=QuizKind.GRADED, review=review, attempts_allowed=2), make_user(session)
    hand_in(session, quiz, learner, now)
    page = show(app, session, quiz, learner, now + timedelta(hours=1))
    assert "Handed in" in page
    assert "Not passed" not in page
    attempt = queries.list_attempts_of(session, learner.id, quiz.id)[0]
    hidden = queries.get_result(session, learner.id, attempt.id, now=now + timedelta(hours=1))
    assert (hidden.passed, hidden.may_see_passed) == (None, False)
    hand_in(session, quiz, learner, now + timedelta(hours=2))
    assert "Not passed" in show(app, session, quiz, learner, now + timedelta(hours=3))


def test_an_attempt_keeps_the_matrix_it_was_made_under(app: Flask, session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, kind=QuizKind.GRADED), make_user(session)
    hand_in(session, quiz, learner, now, right=3)
    version = queries.get_working_version(session, quiz)
    slots = [slot.spec() for slot in queries.list_slots(session, version.id)]
    strict = replace(version.settings(), review_preset=ReviewPreset.CERTIFICATION)
    services.save_draft(session, quiz.id, title="Strict", settings=strict, slots=slots, author_id=quiz.owner_id, now=now)
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)
    assert "60 %" in show(app, session, quiz, learner, now + timedelta(hours=1))


def test_what_comes_next_follows_the_version_that_is_next(session: Session, now: datetime) -> None:
    """More attempts were allowed since, so the answers stay hidden again."""
    quiz, learner = make_quiz(session, kind=QuizKind.GRADED, attempts_allowed=1), make_user(session)
    hand_in(session, quiz, learner, now)
    attempt = queries.list_attempts_of(session, learner.id, quiz.id)[0]

    def shows_answers() -> bool:
        result = queries.get_result(session, learner.id, attempt.id, now=now + timedelta(hours=1))
        return any(option.is_correct for item in result.questions if item.feedback for option in item.feedback.options.values())

    assert shows_answers()
    version = queries.get_working_version(session, quiz)
    slots = [slot.spec() for slot in queries.list_slots(session, version.id)]
    more = replace(version.settings(), attempts_allowed=2)
    services.save_draft(session, quiz.id, title="More", settings=more, slots=slots, author_id=quiz.owner_id, now=now)
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)
    assert not shows_answers()


def test_a_voided_pass_stands_in_nobodys_way(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session), make_user(session)
    hand_in(session, quiz, learner, now, right=5)
    attempt = queries.list_attempts_of(session, learner.id, quiz.id)[0]
    attempt.state = AttemptState.VOIDED
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now + timedelta(hours=1))
    assert (lobby.has_passed, lobby.obstacle) == (False, None)
