"""Short answers: patterns, case, order, near misses."""

from decimal import Decimal
from typing import Any

import pytest

from laurel.bank.rules import GradeState, QuestionKind, grade, parse_answer, parse_body, right_answer_text
from laurel.bank.rules.patterns import is_near_miss, matches
from laurel.core.errors import InvalidInputError

KIND = QuestionKind.SHORT_ANSWER


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("token", "token", True),
        ("token", "  token\n", True),
        ("token", "Token", True),
        ("token", "tokens", False),
        ("*token*", "the tokens", True),
        ("*token*", "token", True),
        ("token*", "a token", False),
        ("*", "anything", True),
        ("a*c", "ac", True),
        ("a*c", "abbc", True),
        ("a*c", "abcd", False),
        ("a*a", "a", False),
        ("*ab*ab*", "abab", True),
        ("*ab*ab*", "abxb", False),
        ("a*b*c", "acb", False),
        (r"2\*3", "2*3", True),
        (r"2\*3", "2xx3", False),
        (r"\**", "*bold", True),
        (r"\**", "bold", False),
        (r"C:\temp", r"C:\temp", True),
        (r"a\\*", r"a\*", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("caf\u00e9", "cafe\u0301", True),
        ("cafe\u0301*", "caf\u00e9s", True),
        ("STRASSE", "straße", True),
        ("few-shot *", "few-shot", False),
        ("few-shot *", "few-shot prompting", True),
    ],
)
def test_a_pattern_matches(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text, case_sensitive=False) is expected


@pytest.mark.parametrize(("pattern", "text", "expected"), [("JSON", "json", False), ("JSON", "JSON", True), ("*J*", "j", False)])
def test_case_counts_where_the_author_says_so(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text, case_sensitive=True) is expected


def test_a_hostile_pattern_takes_no_longer_than_the_text_is() -> None:
    assert not matches("*a" * 500 + "b", "a" * 1000, case_sensitive=False)


def body(*answers: tuple[str, str], **more: Any) -> Any:
    return parse_body(KIND, {"answers": [{"pattern": p, "fraction": f} for p, f in answers]} | more)


@pytest.mark.parametrize(
    ("text", "expected", "matched"),
    [("hallucination", "1", 0), ("hallucinations", "0.5", 1), ("Hallucinating", "0.5", 1), ("lie", "0.1", 2), ("dream", "0", None)],
)
def test_the_first_answer_that_matches_wins(text: str, expected: str, matched: int | None) -> None:
    found = grade(KIND, body(("hallucination", "1"), ("hallucinat*", "0.5"), ("l*", "0.1")), {"text": text})
    assert (found.fraction, found.matched) == (Decimal(expected), matched)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("token", "tokn", True),
        ("token", "tokens", True),
        ("token", "tokin", True),
        ("token", "token", False),
        ("token", "toekn", False),
        ("token", "tkns", False),
        ("token*", "tokn", False),
        ("Token", "tokn", True),
    ],
)
def test_a_near_miss_is_one_character_off(pattern: str, text: str, expected: bool) -> None:
    assert is_near_miss(pattern, text, case_sensitive=False) is expected


def test_a_near_miss_is_flagged_and_earns_nothing() -> None:
    found = grade(KIND, body(("token", "1")), {"text": "tokn"})
    assert (found.fraction, found.state, found.is_near_miss) == (0, GradeState.INCORRECT, True)


@pytest.mark.parametrize("raw", [None, {"text": None}, {"text": ""}, {"text": " \n\t "}])
def test_a_blank_text_is_no_answer(raw: Any) -> None:
    assert parse_answer(KIND, body(("*", "1")), raw) is None


@pytest.mark.parametrize(
    "raw", [{"text": 4}, {"text": ["a"]}, {"text": "a\x00b"}, {"text": "\ud800"}, {"text": "x" * 1001}, {"value": "a"}, "a"]
)
def test_what_is_not_a_short_text_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidInputError):
        parse_answer(KIND, body(("*", "1")), raw)


def test_the_text_is_kept_as_it_was_typed() -> None:
    assert parse_answer(KIND, body(("*", "1")), {"text": " </script>{{7*7}} "}) == {"text": "</script>{{7*7}}"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([("*hallucinat*", "1"), ("hallucination", "1")], "hallucination"),
        ([("*hallucinat*", "1")], "…hallucinat…"),
        ([("lie", "0.5"), (r"2\*3", "1")], "2*3"),
        ([("lie", "0.5")], ""),
    ],
)
def test_the_right_answer_is_shown_without_stars_if_there_is_one(answers: list[tuple[str, str]], expected: str) -> None:
    assert right_answer_text(KIND, body(*answers)) == expected


def test_the_feedback_is_that_of_the_answer_that_matched() -> None:
    one = body(("a", "1"), feedback_otherwise_html="<p>Think.</p>")
    assert one.review({"text": "b"}).feedback_html == "<p>Think.</p>"
    assert one.review({"text": "a"}).feedback_html == ""
