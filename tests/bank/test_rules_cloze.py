"""Gaps: their weights, their rules, and the text they stand in."""

from decimal import Decimal
from typing import Any

import pytest

from laurel.bank.rules import GradeState, QuestionKind, check_draft, grade, parse_answer, parse_body, right_answer_text
from laurel.core.errors import InvalidInputError
from laurel.core.markdown import render

KIND = QuestionKind.CLOZE
CHOICE = {
    "input": "choice",
    "body": {
        "options": [{"key": "a", "text": "one", "fraction": "1", "feedback_html": "yes"}, {"key": "b", "text": "two", "fraction": "0.5"}]
    },
}
TEXT = {"input": "text", "body": {"answers": [{"pattern": "token*"}, {"pattern": "word", "fraction": "0.25"}]}}
NUMBER = {
    "input": "number",
    "body": {"answers": [{"value": "1500", "tolerance": "10"}], "units": [{"name": "m"}, {"name": "km", "multiplier": "1000"}]},
}


def body(*weights: str) -> Any:
    """A choice, a text and a number, with these weights."""
    rows = [CHOICE, TEXT, NUMBER]
    return parse_body(KIND, {"gaps": [row | {"weight": weight} for row, weight in zip(rows, weights, strict=False)]})


EVEN = body("1", "1", "1")


@pytest.mark.parametrize(
    ("weights", "gaps", "expected"),
    [
        ("1 1 1", {"1": "a", "2": "tokens", "3": "1.5 km"}, "1"),
        ("1 1 1", {"1": "a", "2": "Token"}, "0.6666666667"),
        ("1 1 1", {"1": "a"}, "0.3333333333"),
        ("1 1 1", {"1": "b", "2": "word", "3": "1511"}, "0.25"),
        ("2 1 1", {"1": "a"}, "0.5"),
        ("2 1 1", {"1": "b"}, "0.25"),
        ("1 0.5 0.5", {"2": "tokens", "3": "1490"}, "0.5"),
        ("1 1 8", {"1": "a", "2": "tokens", "3": "many"}, "0.2"),
        ("1 1 1", {"1": "b", "2": "letters", "3": "0"}, "0.1666666667"),
    ],
)
def test_gaps_are_weighed_and_an_empty_one_stays_in_the_denominator(weights: str, gaps: dict[str, str], expected: str) -> None:
    assert grade(KIND, body(*weights.split()), {"gaps": gaps}).fraction == Decimal(expected)


def test_what_the_rules_of_the_gaps_notice_is_noticed() -> None:
    text = parse_body(KIND, {"gaps": [{"input": "text", "body": {"answers": [{"pattern": "token"}]}}]})
    assert grade(KIND, text, {"gaps": {"1": "tokn"}}).is_near_miss
    assert grade(KIND, EVEN, {"gaps": {"3": "many"}}).is_invalid


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ({"gaps": {}}, None),
        ({"gaps": {"1": "", "2": "  ", "3": None}}, None),
        ({"gaps": {"2": " tokens\n", "1": ""}}, {"gaps": {"2": "tokens"}}),
    ],
)
def test_a_gap_may_stay_empty_and_an_empty_text_is_no_answer(raw: Any, expected: Any) -> None:
    assert parse_answer(KIND, EVEN, raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        {"gaps": {"1": "z"}},
        {"gaps": {"4": "x"}},
        {"gaps": {"2": 7}},
        {"gaps": {"2": ["x"]}},
        {"gaps": {"2": "x" * 1001}},
        {"gaps": {"2": "x\x00"}},
        {"gaps": ["a"]},
        {"gaps": {}, "x": 1},
        {"1": "a"},
        "a",
    ],
)
def test_what_fits_in_no_gap_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidInputError):
        parse_answer(KIND, EVEN, raw)


def test_a_review_tells_each_gap_with_the_feedback_on_what_stands_in_it() -> None:
    parts = EVEN.review({"gaps": {"1": "a", "2": "letters"}}).parts
    assert [(part.state, part.feedback_html, part.right_text) for part in parts.values()] == [
        (GradeState.CORRECT, "yes", "one"),
        (GradeState.INCORRECT, "", "token…"),
        (GradeState.GAVE_UP, "", "1500 (1490 to 1510) m"),
    ]
    assert right_answer_text(KIND, EVEN) == "1. one; 2. token…; 3. 1500 (1490 to 1510) m"


def test_letters_of_options_say_nothing_about_the_order_in_which_they_were_written() -> None:
    texts = ["right", "wrong", "worse", "worst"]
    one, other = (
        parse_body(KIND, {"gaps": [{"input": "choice", "body": {"options": [{"text": t} for t in order]}}]})
        for order in (texts, texts[::-1])
    )
    letters = [{option.text: option.key for option in made.gaps[0].body.options} for made in (one, other)]
    assert letters[0] == letters[1]
    assert [option.key for option in one.shown_options()] == [option.key for option in other.shown_options()]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("A [[1]] b [[2]] c [[3]].", ["1", "2", "3"]),
        ("[[3]] [[1]]\n\n- [[2]]", ["3", "1", "2"]),
        ("A [[1]] b [[2]].", ["1", "2", "3"]),
        ("Nothing.", ["1", "2", "3"]),
        ("[[1]] [[1]] [[2]] [[9]]", ["1", "2", "3"]),
        ('![a > "b" [[1]]](/x.png) [[2]] `[[3]]`', ["2", "3", "1"]),
        ("```python\nx = [[1]]\n```", ["1", "2", "3"]),
        ("| a | b |\n|---|---|\n| [[2]] | [[1]] |", ["2", "1", "3"]),
    ],
)
def test_every_gap_stands_in_the_text_once_or_behind_it(stem: str, expected: list[str]) -> None:
    html = render(stem)
    pieces = EVEN.shown_stem(html)
    assert [key for _, key in pieces if key] == expected
    joined = "".join(text + (f"[[{key}]]" if key else "") for text, key in pieces)
    assert joined.removesuffix("".join(f"[[{key}]]" for key in expected)).startswith(html.split("[[")[0])
    for text, _ in pieces:
        assert text.count('"') % 2 == 0 or "&quot;" in text  # no gap within an attribute


@pytest.mark.parametrize(
    ("stem", "message"),
    [
        ("A [[1]] and [[2]].", "Gap 3 is not in the text. Write [[3]] where it belongs."),
        ("[[1]] [[2]] [[3]] [[1]]", "[[1]] stands in the text more than once."),
        ("[[1]] [[2]] [[3]] [[4]]", "The text has [[4]], but there is no gap 4."),
    ],
)
def test_the_text_and_its_gaps_must_fit(stem: str, message: str) -> None:
    found = check_draft(stem=stem, body=EVEN, general_feedback="x", objective="x")
    assert message in [finding.message for finding in found]


@pytest.mark.parametrize(
    ("gaps", "place"),
    [
        ([CHOICE, TEXT | {"weight": "0"}], "gaps-1-weight"),
        ([TEXT | {"weight": "1001"}], "gaps-0-weight"),
        ([TEXT | {"input": "essay"}], "gaps-0-input"),
        ([TEXT | {"key": "0"}], "gaps-0-key"),
        ([TEXT | {"key": "x"}], "gaps-0-key"),
        ([TEXT | {"key": "2"}, TEXT], "gaps"),
        ([TEXT | {"body": 7}], "gaps-0-body"),
        ([TEXT, {"input": "number", "body": {"answers": [{"value": "1"}, {"value": "many"}]}}], "gaps-1-answers-1-value"),
        ([{"input": "choice", "body": {"options": [{"text": "A", "fraction": "-0.5"}]}}], "gaps-0-options-0-fraction"),
        ([{"input": "choice", "body": {"options": [{"text": str(n)} for n in range(11)]}}], "gaps-0-options"),
        ([TEXT] * 21, "gaps"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_at_its_place(gaps: list[dict[str, Any]], place: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_body(KIND, {"gaps": gaps})
    assert refused.value.field == place


def test_what_keeps_a_gap_from_learners_names_the_gap() -> None:
    made = parse_body(KIND, {"gaps": [CHOICE, {"input": "text", "body": {"answers": []}}]})
    assert [finding.message for finding in made.check()] == ["Gap 2: No answer earns the whole mark."]
    assert [finding.message for finding in parse_body(KIND, {"gaps": []}).check()] == ["The text has no gaps yet."]
