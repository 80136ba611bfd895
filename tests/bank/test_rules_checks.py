"""What speaks against a question, its life, and what changed between two versions."""

from typing import Any

import pytest

from laurel.bank.rules import (
    Part,
    QuestionKind,
    QuestionStatus,
    QuestionTransitionError,
    Severity,
    advance,
    check_draft,
    compare,
    content_hash,
    parse_body,
)
from tests.factories.bank import BODIES, STEMS

SINGLE, MULTIPLE, SHORT, NUMBER = (
    QuestionKind.SINGLE_CHOICE,
    QuestionKind.MULTIPLE_RESPONSE,
    QuestionKind.SHORT_ANSWER,
    QuestionKind.NUMERICAL,
)


def messages(kind: QuestionKind, data: dict[str, Any], severity: Severity, **more: str) -> list[str]:
    texts = {"stem": "Why?", "general_feedback": "Because.", "objective": "Say why"} | more
    return [found.message for found in check_draft(body=parse_body(kind, data), **texts) if found.severity is severity]


def option(text: str, fraction: str = "0", feedback: str = "x") -> dict[str, str]:
    return {"text": text, "fraction": fraction, "feedback": feedback}


def answer(**fields: str) -> dict[str, str]:
    return {"fraction": "1", "feedback": "x"} | fields


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_a_complete_question_has_nothing_against_it(kind: QuestionKind) -> None:
    stem = STEMS.get(kind, "Why?")
    assert check_draft(stem=stem, body=parse_body(kind, BODIES[kind]), general_feedback="So.", objective="Say why") == []


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (SINGLE, {"options": [option("A"), option("B")]}, "No option is marked as right."),
        (SINGLE, {"options": [option("A", "1"), option("B", "1")]}, "Two options are worth the whole mark. Only one can be right here."),
        (SINGLE, {"options": [option("A", "1")]}, "A question to choose from needs two options at least."),
        (SINGLE, {"options": [option("A", "1"), option("a")]}, "Option 2 says the same as another one."),
        (MULTIPLE, {"options": [option("A"), option("B")]}, "No option is marked as right."),
        (
            MULTIPLE,
            {"policy": "weighted", "options": [option("A", "0.5"), option("B", "0.3"), option("C", "-1")]},
            "The right options earn 80 % together. It must be 100 %.",
        ),
        (SHORT, {"answers": [answer(pattern="a", fraction="0.5")]}, "No answer earns the whole mark."),
        (SHORT, {"answers": []}, "No answer earns the whole mark."),
        (NUMBER, {"answers": []}, "No answer earns the whole mark."),
        (NUMBER, {"answers": [answer(value="1")], "needs_unit": True}, "A unit is asked for, but none is listed."),
        (NUMBER, {"answers": [answer(value="1")], "units": [{"name": "m"}, {"name": "m"}]}, "Two units have the same name."),
    ],
)
def test_an_error_keeps_it_from_learners(kind: QuestionKind, data: dict[str, Any], message: str) -> None:
    assert message in messages(kind, data, Severity.ERROR)


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (SINGLE, {"options": [option("A", "1", ""), option("B")]}, "Option 1 does not say why it is right or wrong."),
        (
            SINGLE,
            {"options": [option("A very long right option", "1"), option("Short"), option("Brief")]},
            "The right option is much longer than the others: its length gives it away.",
        ),
        (SINGLE, {"options": [option("A", "1"), option("All of the above.")]}, "“All of the above.” tests reading more than knowing."),
        (MULTIPLE, {"options": [option("A", "1"), option("B", "1")]}, "Every option is right: ticking everything earns the whole mark."),
        (SHORT, {"answers": [answer(pattern="*"), answer(pattern="a")]}, "Answer 2 is never reached: an earlier one wins."),
        (SHORT, {"answers": [answer(pattern="a"), answer(pattern="A")]}, "Answer 2 is never reached: an earlier one wins."),
        (NUMBER, {"answers": [answer(value="*"), answer(value="1")]}, "Answer 2 is never reached: an earlier one accepts any number."),
        (
            NUMBER,
            {"answers": [answer(value="10", tolerance="2"), answer(value="11", fraction="0.5")]},
            "Answer 2 lies within an earlier one, which wins.",
        ),
        (QuestionKind.TRUE_FALSE, {"answer": True}, "There is no feedback for those who say true."),
    ],
)
def test_a_warning_only_says_so(kind: QuestionKind, data: dict[str, Any], message: str) -> None:
    assert message in messages(kind, data, Severity.WARNING)
    assert message not in messages(kind, data, Severity.ERROR)


def test_an_image_needs_words_wherever_it_is() -> None:
    data = {"options": [option("A ![](/a.png)", "1"), option("B ![a plot](/b.png)")]}
    found = messages(SINGLE, data, Severity.ERROR, stem="Look: ![ ](/c.png)")
    assert found == [
        "Question: an image has no text for those who cannot see it.",
        "Option A: an image has no text for those who cannot see it.",
    ]


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (QuestionStatus.DRAFT, QuestionStatus.IN_REVIEW),
        (QuestionStatus.DRAFT, QuestionStatus.RETIRED),
        (QuestionStatus.IN_REVIEW, QuestionStatus.READY),
        (QuestionStatus.IN_REVIEW, QuestionStatus.DRAFT),
        (QuestionStatus.READY, QuestionStatus.RETIRED),
        (QuestionStatus.READY, QuestionStatus.DRAFT),
        (QuestionStatus.RETIRED, QuestionStatus.DRAFT),
    ],
)
def test_a_question_may_become(current: QuestionStatus, wanted: QuestionStatus) -> None:
    assert advance(current, wanted) is wanted


def test_a_draft_is_not_ready_without_a_review() -> None:
    with pytest.raises(QuestionTransitionError, match="A question that is draft cannot become ready"):
        advance(QuestionStatus.DRAFT, QuestionStatus.READY)


def test_the_content_hash_ignores_html_and_sees_everything_else() -> None:
    one = parse_body(SINGLE, {"options": [option("A", "1"), option("B")]})
    rendered = parse_body(SINGLE, {"options": [option("A", "1") | {"html": "A"}, option("B")]})
    other_key = parse_body(SINGLE, {"options": [option("A"), option("B", "1")]})

    versions = [("Why?", one, ""), ("Why", one, ""), ("Why?", one, "x"), ("Why?", other_key, "")]
    assert content_hash("Why?", one, "") == content_hash("Why?", rendered, "")
    assert len({content_hash(*version) for version in versions}) == 4


def test_a_comparison_marks_the_words_that_changed() -> None:
    found = compare([Part("Question", "What does it predict?")], [Part("Question", "What does a model predict?"), Part("Units", "m")])

    assert [(s.text, s.is_changed) for s in found[0].before] == [("What does ", False), ("it ", True), ("predict?", False)]
    assert [(s.text, s.is_changed) for s in found[0].after] == [("What does ", False), ("a model ", True), ("predict?", False)]
    assert [(c.label, c.is_changed) for c in found] == [("Question", True), ("Units", True)]


def test_a_comparison_keeps_every_character_of_both_sides() -> None:
    old, new = " a\n\nb  c ", "a b\tc d"
    found = compare([Part("x", old)], [Part("x", new)])[0]
    assert ("".join(s.text for s in found.before), "".join(s.text for s in found.after)) == (old, new)


def test_texts_that_have_nothing_in_common_are_compared_at_once() -> None:
    found = compare([Part("x", "a b " * 5000)], [Part("x", "b a " * 5000 + "c")])[0]
    assert found.is_changed
