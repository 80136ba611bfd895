"""Pools to draw from, and papers that were drawn."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from tests.factories.accounts import make_user
from tests.factories.bank import make_question
from tests.factories.quizzes import answer_all


def fill(session: Session, count: int, *, category_id: UUID, **facts: Any) -> list[Question]:
    owner_id = facts.pop("owner_id", None) or make_user(session, roles=["author"]).id
    return [make_question(session, kind=QuestionKind.TRUE_FALSE, category_id=category_id, owner_id=owner_id, **facts) for _ in range(count)]


def asked(session: Session, attempt: Attempt) -> list[UUID]:
    return [slot.question_id for slot in queries.list_paper(session, attempt.id)]


def finish(session: Session, attempt: Attempt, *, now: datetime) -> None:
    answer_all(session, attempt, right=0, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
