from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.mail import Mail
from laurel.quizzes import handlers, services
from laurel.quizzes.events import AttemptSubmitted, ReviewDecided
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.rules import QuizKind
from laurel.quizzes.services.integrity import decide_review
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz, make_review_request


def hand_in(session: Session, quiz: Quiz, now: datetime, **facts: bool) -> tuple[Attempt, AttemptSubmitted]:
    attempt = make_attempt(session, quiz, learner_id=make_user(session, name="Grace <Hopper>").id, now=now, **facts)
    answer_all(session, attempt, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now + timedelta(minutes=5))
    event = AttemptSubmitted(occurred_at=now, attempt_id=attempt.id, quiz_id=quiz.id, learner_id=attempt.learner_id, by_timer=False)
    return attempt, event


def test_the_receipt_of_an_exam_is_mailed_once(app: Flask, session: Session, now: datetime) -> None:
    attempt, event = hand_in(session, make_quiz(session, title="Exam & more"), now)
    handlers.email_exam_receipt(session, event)
    handlers.email_exam_receipt(session, event)
    mail = session.scalars(select(Mail)).one()
    assert mail.subject == "Handed in: Exam & more"
    assert "Receipt:   " + str(attempt.receipt) in mail.text
    assert "20 November 2026, 09:35 UTC" in mail.text
    assert "5 saved in all" in mail.text
    assert f"http://laurel.test/attempts/{attempt.id}/result" in mail.text
    assert "Grace &lt;Hopper&gt;" in str(mail.html)


@pytest.mark.parametrize(("kind", "is_preview"), [(QuizKind.GRADED, False), (QuizKind.EXAM, True)])
def test_quizzes_and_previews_send_no_mail(app: Flask, session: Session, now: datetime, kind: QuizKind, is_preview: bool) -> None:
    _, event = hand_in(session, make_quiz(session, kind=kind), now, is_preview=is_preview)
    handlers.email_exam_receipt(session, event)
    assert session.scalars(select(Mail)).all() == []


def test_who_asked_for_a_review_hears_once_that_it_is_answered_and_not_what(app: Flask, session: Session, now: datetime) -> None:
    request = make_review_request(session, now=now)
    decide_review(session, request_id=request.id, staff_id=make_user(session).id, decision="Question 3 is right.", now=now)
    event = ReviewDecided(occurred_at=now, request_id=request.id, attempt_id=request.attempt_id)
    for _ in range(2):
        handlers.email_review_answer(session, event)
    mail = session.scalars(select(Mail)).one()
    assert mail.subject == "Your exam was looked at again: Prompt exam"
    assert f"http://laurel.test/attempts/{request.attempt_id}/result" in mail.text
    assert "Question 3" not in mail.text + str(mail.html)
