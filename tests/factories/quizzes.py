"""Quizzes and attempts for tests."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind
from laurel.core import clock
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, GradingTask, Quiz, ReviewRequest
from laurel.quizzes.rules import DrawFilter, QuizKind, QuizSettings, SlotKind, SlotSpec, chain
from laurel.quizzes.rules.saving import SaveItem
from laurel.quizzes.services.integrity import request_review
from tests.factories.accounts import make_user
from tests.factories.bank import latest_version, make_category, make_question

ALL_KINDS = tuple(kind for kind in QuestionKind if kind is not QuestionKind.ESSAY)
"""The kinds that grade themselves."""
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


def drawn(category_id: UUID, count: int, *, domain: str = "", **narrowed: Any) -> SlotSpec:
    """A slot that draws from a category; `narrowed` goes to its `DrawFilter`."""
    wanted = DrawFilter(**narrowed)
    return SlotSpec(
        kind=SlotKind.RANDOM, category_id=category_id, count=count, domain=domain, domain_title=domain.title(), draw_filter=wanted
    )


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


ESSAY = {"text": "A fluent answer can be wrong.\n\nFor example: a date."}
FULL, HALF = ("4", "2"), ("2", "1")
"""Points for the essay of `tests.factories.bank`: all of them, and half."""


def make_waiting(
    session: Session,
    *,
    essays: int = 1,
    learner_id: UUID | None = None,
    owner_id: UUID | None = None,
    now: datetime | None = None,
    text: str = "",
    is_preview: bool = False,
    **settings: Any,
) -> Attempt:
    """An attempt that was handed in: one single choice, answered rightly, and essays that wait for a grader."""
    owner_id = owner_id or make_user(session, roles=["author"]).id
    kinds = [QuestionKind.SINGLE_CHOICE, *[QuestionKind.ESSAY] * essays]
    category = make_category(session)
    slots = [
        fixed(make_question(session, kind=kind, category_id=category.id, owner_id=owner_id, stem=f"Question {number}?"))
        for number, kind in enumerate(kinds, start=1)
    ]
    attempt = make_attempt(
        session,
        make_quiz(session, slots=slots, owner_id=owner_id, now=now, **settings),
        learner_id=learner_id,
        now=now,
        is_preview=is_preview,
    )
    answer(session, attempt, 1, RIGHT[QuestionKind.SINGLE_CHOICE], now=now)
    for slot in range(2, essays + 2):
        answer(session, attempt, slot, {"text": text} if text else ESSAY, now=now)
    return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now or clock.now())


def tasks_of(session: Session, attempt: Attempt) -> list[GradingTask]:
    """What of the attempt waits, or waited, for graders, by slot."""
    found = select(GradingTask).where(GradingTask.attempt_id == attempt.id).order_by(GradingTask.slot)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def make_review_request(session: Session, *, statement: str = "My connection broke.", now: datetime | None = None) -> ReviewRequest:
    """A learner's request for a review of an exam that was handed in empty."""
    attempt = make_attempt(session, make_quiz(session), now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now or clock.now())
    return request_review(session, attempt_id=attempt.id, learner_id=attempt.learner_id, statement=statement, now=now or clock.now())


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
    "ESSAY",
    "FULL",
    "HALF",
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
    "make_review_request",
    "make_waiting",
    "tasks_of",
]
