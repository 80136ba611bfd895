"""Quizzes and attempts for tests."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind
from laurel.core import clock
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.rules import QuizKind, QuizSettings, SlotKind, SlotSpec, chain
from laurel.quizzes.rules.saving import SaveItem
from tests.factories.accounts import make_user
from tests.factories.bank import latest_version, make_category, make_question

ALL_KINDS = tuple(QuestionKind)
SIMPLE_KINDS = ALL_KINDS[:5]
"""The kinds that have one answer: what a quiz is made of unless a test asks for more."""
RIGHT: dict[QuestionKind, dict[str, Any]] = {
    QuestionKind.SINGLE_CHOICE: {"choice": "a"},
    QuestionKind.MULTIPLE_RESPONSE: {"choices": ["a", "b"]},
    QuestionKind.TRUE_FALSE: {"value": False},
    QuestionKind.SHORT_ANSWER: {"text": "hallucination"},
    QuestionKind.NUMERICAL: {"text": "4096"},
    QuestionKind.MATCHING: {"pairs": {"s1": "cx", "s2": "cm"}},
    QuestionKind.ORDERING: {"order": ["ib", "ia", "ic"]},
    QuestionKind.CLOZE: {"gaps": {"1": "b", "2": "tokens", "3": "0.75"}},
}
WRONG: dict[QuestionKind, dict[str, Any]] = {
    QuestionKind.SINGLE_CHOICE: {"choice": "b"},
    QuestionKind.MULTIPLE_RESPONSE: {"choices": ["c"]},
    QuestionKind.TRUE_FALSE: {"value": True},
    QuestionKind.SHORT_ANSWER: {"text": "nonsense"},
    QuestionKind.NUMERICAL: {"text": "1"},
    QuestionKind.MATCHING: {"pairs": {"s1": "cb", "s2": "cb"}},
    QuestionKind.ORDERING: {"order": ["ia", "ic", "ib"]},
    QuestionKind.CLOZE: {"gaps": {"1": "a", "2": "letters", "3": "7"}},
}


def fixed(question: Question, *, domain: str = "", max_mark: str = "1") -> SlotSpec:
    """A slot that asks this question."""
    return SlotSpec(kind=SlotKind.FIXED, question_id=question.id, domain=domain, domain_title=domain.title(), max_mark=Decimal(max_mark))


def drawn(category_id: UUID, count: int, *, domain: str = "") -> SlotSpec:
    """A slot that draws from a category."""
    return SlotSpec(kind=SlotKind.RANDOM, category_id=category_id, count=count, domain=domain, domain_title=domain.title())


def make_quiz(
    session: Session,
    *,
    kind: QuizKind = QuizKind.EXAM,
    kinds: Sequence[QuestionKind] = SIMPLE_KINDS,
    slots: Sequence[SlotSpec] | None = None,
    owner_id: UUID | None = None,
    title: str = "Prompt exam",
    now: datetime | None = None,
    **settings: Any,
) -> Quiz:
    """A published quiz of one fixed question of each simple kind, of the given kinds, or of the given slots.

    An exam takes an hour and asks for 70 percent; there are three attempts and no wait.
    """
    owner_id = owner_id or make_user(session, roles=["author"]).id
    if slots is None:
        category = make_category(session)
        slots = [fixed(make_question(session, kind=one, category_id=category.id, owner_id=owner_id)) for one in kinds]
    if kind is QuizKind.EXAM:
        settings = {"minutes": 60, "attempts_allowed": 3, "pass_percent": Decimal(70)} | settings
    elif kind is QuizKind.GRADED:
        settings = {"pass_percent": Decimal(70)} | settings
    return services.import_quiz(
        session,
        external_id=f"quiz-{new_id()}",
        kind=kind,
        title=title,
        owner_id=owner_id,
        slots=slots,
        settings=QuizSettings(**settings),
        now=now or clock.now(),
    )


def make_attempt(session: Session, quiz: Quiz, *, learner_id: UUID | None = None, now: datetime | None = None, **facts: Any) -> Attempt:
    """A running attempt, its honor code accepted."""
    return services.start_attempt(
        session,
        quiz_id=quiz.id,
        learner_id=learner_id or make_user(session).id,
        home_path="/learn",
        honor_code_accepted=True,
        browser_session_token=None,
        now=now or clock.now(),
        **facts,
    )


def answer(
    session: Session, attempt: Attempt, slot: int, value: Any, *, seq: int = 1, now: datetime | None = None, lease: str | None = None
) -> services.SaveReply:
    """Save one answer as the attempt's learner."""
    item = SaveItem(op_id=new_id(), slot=slot, seq=seq, answer=value)
    return services.save_answers(
        session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=[item], lease=lease, now=now or clock.now()
    )


def answer_all(session: Session, attempt: Attempt, *, right: int | None = None, now: datetime | None = None) -> None:
    """Answer every question, the first `right` of them (all, unless said) rightly."""
    for slot in queries.list_paper(session, attempt.id):
        kind = queries.get_slot(session, attempt.id, slot.number)[1].kind
        answer(session, attempt, slot.number, (RIGHT if right is None or slot.number <= right else WRONG)[kind], now=now)


def links_of(session: Session, attempt: Attempt) -> list[tuple[chain.Link, str | None]]:
    """The saved answers as links of the chain, each with the hash that is stored."""
    return [
        (
            chain.Link(
                op_id=op.op_id,
                position=op.position or 0,
                slot=op.slot,
                seq=op.seq,
                answer=op.answer,
                client_ts=op.client_ts,
                received_at=op.received_at,
            ),
            op.hash,
        )
        for op in queries.list_ops(session, attempt.id)
    ]


__all__ = [
    "ALL_KINDS",
    "RIGHT",
    "SIMPLE_KINDS",
    "WRONG",
    "answer",
    "answer_all",
    "drawn",
    "fixed",
    "latest_version",
    "links_of",
    "make_attempt",
    "make_quiz",
]
