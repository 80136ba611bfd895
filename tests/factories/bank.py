"""Questions for tests."""

from collections.abc import Mapping
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank import queries, services
from laurel.bank.models import Question, QuestionCategory, QuestionVersion
from laurel.bank.rules import QuestionDraft, QuestionKind, QuestionStatus, parse_body
from laurel.core.clock import now
from tests.factories.accounts import make_user

_numbers = count(1)

BODIES: Mapping[QuestionKind, dict[str, Any]] = {
    QuestionKind.SINGLE_CHOICE: {
        "options": [
            {"text": "The next token", "fraction": "1", "feedback": "Given the tokens before it."},
            {"text": "The next fact", "feedback": "It knows words, not facts."},
            {"text": "The next user", "feedback": "It does not know who comes."},
            {"text": "The next model", "feedback": "That is decided elsewhere."},
        ]
    },
    QuestionKind.MULTIPLE_RESPONSE: {
        "options": [
            {"text": "A role", "fraction": "1", "feedback": "It sets the tone."},
            {"text": "An example", "fraction": "1", "feedback": "It shows the form."},
            {"text": "A password", "feedback": "Never."},
            {"text": "A wish of good luck", "feedback": "It changes nothing."},
        ]
    },
    QuestionKind.TRUE_FALSE: {"answer": False, "feedback_true": "It is not.", "feedback_false": "Right."},
    QuestionKind.SHORT_ANSWER: {
        "answers": [
            {"pattern": "hallucination", "fraction": "1", "feedback": "Right."},
            {"pattern": "*hallucinat*", "fraction": "0.5", "feedback": "Write the noun alone."},
        ],
        "feedback_otherwise": "Think of seeing what is not there.",
    },
    QuestionKind.NUMERICAL: {
        "answers": [{"value": "4096", "tolerance": "0", "fraction": "1", "feedback": "Right."}],
        "feedback_otherwise": "Count again.",
    },
    QuestionKind.MATCHING: {
        "stems": [
            {"key": "s1", "text": "temperature", "choice": "cx", "feedback": "It flattens or sharpens the choice."},
            {"key": "s2", "text": "max_tokens", "choice": "cm", "feedback": "It cuts the answer off."},
        ],
        "choices": [
            {"key": "cm", "text": "How long the answer may be"},
            {"key": "cx", "text": "How varied the words are"},
            {"key": "cb", "text": "What language it is in"},
        ],
    },
    QuestionKind.ORDERING: {
        "items": [
            {"key": "ib", "text": "Say what a good answer is", "feedback": "Before anything is written."},
            {"key": "ia", "text": "Write the prompt", "feedback": "Now that you know what for."},
            {"key": "ic", "text": "Run it on ten cases", "feedback": "One case proves little."},
        ]
    },
    QuestionKind.CLOZE: {
        "gaps": [
            {
                "input": "choice",
                "body": {
                    "options": [{"key": "b", "text": "text", "fraction": "1", "feedback": "Word by word."}, {"key": "a", "text": "facts"}]
                },
            },
            {"input": "text", "body": {"answers": [{"pattern": "token*", "feedback": "Right."}], "feedback_otherwise": "Think of pieces."}},
            {"input": "number", "weight": "2", "body": {"answers": [{"value": "0.75", "tolerance": "0.05"}]}},
        ]
    },
    QuestionKind.ESSAY: {
        "instructions": "Write for somebody who has never used a model.",
        "min_words": "50",
        "max_words": "300",
        "model_answer": "A model continues text: it can be *wrong*.",
        "grader_notes": "Be generous with spelling.",
        "criteria": [
            {
                "name": "Names the risk",
                "points": "4",
                "description": "That a fluent answer can be wrong.",
                "levels": [
                    {"points": "4", "text": "Named and explained"},
                    {"points": "2", "text": "Named"},
                    {"points": "0", "text": "Missing"},
                ],
            },
            {"name": "Gives an example", "points": "2", "description": "Any that fits."},
        ],
    },
}
STEMS = {QuestionKind.CLOZE: "A model writes [[1]] by [[2]], about [[3]] of a word at a time."}
STEM = "What does a language model predict?"


def make_category(session: Session, *, slug: str | None = None, title: str = "Foundations") -> QuestionCategory:
    return services.create_category(session, slug=slug or f"category-{next(_numbers)}", title=title)


def make_draft(
    category_id: UUID,
    *,
    kind: QuestionKind = QuestionKind.SINGLE_CHOICE,
    stem: str | None = None,
    body: Mapping[str, Any] | None = None,
    general_feedback: str = "It continues text.",
    objective: str = "Say what a language model predicts",
    difficulty: int = 2,
    tags: tuple[str, ...] = (),
    duplicate_group: str = "",
) -> QuestionDraft:
    return QuestionDraft(
        category_id=category_id,
        stem=stem or STEMS.get(kind, STEM),
        body=parse_body(kind, body or BODIES[kind]),
        general_feedback=general_feedback,
        objective=objective,
        difficulty=difficulty,
        tags=tags,
        duplicate_group=duplicate_group,
    )


def make_question(
    session: Session,
    *,
    kind: QuestionKind = QuestionKind.SINGLE_CHOICE,
    category_id: UUID | None = None,
    owner_id: UUID | None = None,
    status: QuestionStatus = QuestionStatus.READY,
    external_id: str | None = None,
    **draft: Any,
) -> Question:
    """A question in its first version: ready for learners unless `status` says otherwise. `draft` goes to `make_draft`."""
    category_id = category_id or make_category(session).id
    owner_id = owner_id or make_user(session, roles=["author"]).id
    question = services.create_question(
        session, make_draft(category_id, kind=kind, **draft), author_id=owner_id, now=now(), external_id=external_id
    )
    if status is not QuestionStatus.DRAFT:
        question.status = status
        question.ready_n = question.latest_n if status is QuestionStatus.READY else None
        session.flush()
    return question


def latest_version(session: Session, question: Question) -> QuestionVersion:
    """The newest version of a question, ready or not."""
    return queries.get_version_number(session, question.id, question.latest_n)
