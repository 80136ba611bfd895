from typing import Any

import pytest
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.quizzes.rules.replaying import MAX_WORDS, in_words
from tests.factories.bank import latest_version, make_question
from tests.factories.quizzes import ALL_KINDS, RIGHT, WRONG


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("answers", [RIGHT, WRONG])
def test_every_kind_of_answer_is_said_in_words_and_differently_if_it_differs(
    session: Session, kind: QuestionKind, answers: dict[QuestionKind, Any]
) -> None:
    body = latest_version(session, make_question(session, kind=kind)).typed_body()
    said = in_words(body, answers[kind])
    other = in_words(body, (WRONG if answers is RIGHT else RIGHT)[kind])
    assert said
    assert said != other
    assert "<" not in said
    assert in_words(body, None) == "No answer"


def test_what_a_learner_wrote_at_length_is_cut(session: Session) -> None:
    body = latest_version(session, make_question(session, kind=QuestionKind.ESSAY)).typed_body()
    said = in_words(body, {"text": "word " * 1000})
    assert len(said) == MAX_WORDS + 2
    assert said.endswith(" …")


def test_parts_are_named(session: Session) -> None:
    body = latest_version(session, make_question(session, kind=QuestionKind.MATCHING)).typed_body()
    said = in_words(body, RIGHT[QuestionKind.MATCHING])
    assert said.count(": ") == said.count("; ") + 1 == 2
