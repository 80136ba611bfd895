"""Matching: pairs, choices that serve several stems or none, and keys that say nothing."""

from decimal import Decimal
from typing import Any

import pytest

from laurel.bank.rules import GradeState, QuestionKind, Severity, grade, parse_answer, parse_body, right_answer_text
from laurel.bank.rules.matching import pair_up
from laurel.core.errors import InvalidInputError

KIND = QuestionKind.MATCHING


def body(*, all_or_nothing: bool = False, keys: str = "xxyz") -> Any:
    """Four stems a to d with the right choices `keys`; w matches none of them."""
    stems = [{"key": key, "text": f"Stem {key}", "choice": choice} for key, choice in zip("abcd", keys, strict=True)]
    choices = [{"key": key, "text": f"Choice {key}"} for key in "wxyz"]
    return parse_body(KIND, {"stems": stems, "choices": choices, "all_or_nothing": all_or_nothing})


@pytest.mark.parametrize(
    ("pairs", "each", "all_of_them"),
    [
        ({"a": "x", "b": "x", "c": "y", "d": "z"}, "1", "1"),
        ({"a": "x", "b": "x", "c": "y", "d": "w"}, "0.75", "0"),
        ({"a": "x", "b": "x", "c": "y"}, "0.75", "0"),
        ({"a": "x"}, "0.25", "0"),
        ({"a": "x", "b": "x", "c": "x", "d": "x"}, "0.5", "0"),
        ({"a": "w", "b": "w", "c": "w", "d": "w"}, "0", "0"),
    ],
)
def test_right_pairs_by_stems_or_all_or_nothing(pairs: dict[str, str], each: str, all_of_them: str) -> None:
    assert grade(KIND, body(), {"pairs": pairs}).fraction == Decimal(each)
    assert grade(KIND, body(all_or_nothing=True), {"pairs": pairs}).fraction == Decimal(all_of_them)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ({"pairs": {}}, None),
        ({"pairs": {"a": "", "b": None}}, None),
        ({"pairs": {"b": "x", "a": ""}}, {"pairs": {"b": "x"}}),
    ],
)
def test_a_part_may_stay_empty_and_an_empty_question_is_no_answer(raw: Any, expected: Any) -> None:
    assert parse_answer(KIND, body(), raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        {"pairs": {"a": "q"}},
        {"pairs": {"q": "x"}},
        {"pairs": {"a": 1}},
        {"pairs": {"a": ["x"]}},
        {"pairs": {"a": False}},
        {"pairs": [["a", "x"]]},
        {"pairs": {"a": "x"}, "x": 1},
        {"a": "x"},
        "ax",
    ],
)
def test_what_is_no_matching_of_these_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidInputError):
        parse_answer(KIND, body(), raw)


def test_pairs_as_people_write_them_become_stems_and_choices() -> None:
    pairs = [{"text": "temperature", "match": "variety"}, {"text": "top_p", "match": "variety"}, {"text": "max_tokens", "match": "length"}]
    made = parse_body(KIND, pair_up(pairs, [{"text": "language"}]))
    assert right_answer_text(KIND, made) == "temperature → variety; top_p → variety; max_tokens → length"
    assert [choice.text for choice in made.choices] == ["variety", "length", "language"]
    assert [choice.text for choice in made.distractors()] == ["language"]


def test_keys_stay_when_words_change_and_a_shared_match_is_taken_apart() -> None:
    first = parse_body(KIND, pair_up([{"text": "A", "match": "one"}, {"text": "B", "match": "one"}], []))
    shared = first.stems[0].choice
    rows = [
        {"key": first.stems[0].key, "text": "A", "match": "One", "match_key": shared},
        {"key": first.stems[1].key, "text": "B", "match": "two", "match_key": shared},
    ]
    again = parse_body(KIND, pair_up(rows, []))
    assert [stem.key for stem in again.stems] == [stem.key for stem in first.stems]
    assert again.stems[0].choice == shared != again.stems[1].choice


def test_neither_keys_nor_the_order_of_the_list_tell_what_belongs_together() -> None:
    pairs = [{"text": f"Stem {number}", "match": match} for number, match in enumerate(["zebra", "10 apes", "ant", "9 apes"])]
    one, other = (parse_body(KIND, pair_up(rows, [{"text": "bee"}])) for rows in (pairs, pairs[::-1]))
    assert [option.key for option in one.shown_options()] == [option.key for option in other.shown_options()]
    words = {choice.key: choice.text for choice in one.choices}
    assert [words[option.key] for option in one.rendered(PLAIN).shown_options()] == ["9 apes", "10 apes", "ant", "bee", "zebra"]


PLAIN: Any = type("Plain", (), {"inline": staticmethod(str), "block": staticmethod(str)})


def test_a_review_tells_each_stem() -> None:
    parts = body().review({"pairs": {"a": "x", "b": "y"}}).parts
    assert [(part.state, part.right_text) for part in parts.values()] == [
        (GradeState.CORRECT, "Choice x"),
        (GradeState.INCORRECT, "Choice x"),
        (GradeState.GAVE_UP, "Choice y"),
        (GradeState.GAVE_UP, "Choice z"),
    ]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"stems": [{"text": "", "choice": "x"}], "choices": [{"key": "x", "text": "X"}]}, "stems-0-text"),
        ({"stems": [{"text": "A", "choice": "y"}], "choices": [{"key": "x", "text": "X"}]}, "stems-0-match"),
        ({"stems": [{"text": "A"}], "choices": []}, "stems-0-match"),
        ({"stems": [], "choices": [{"text": ""}]}, "choices-0-text"),
        ({"stems": [], "choices": [{"text": "X", "key": "X"}]}, "choices-0-key"),
        ({"stems": "abc"}, "stems"),
        ({"stems": [], "all_or_nothing": "yes"}, "all_or_nothing"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_at_its_place(data: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_body(KIND, data)
    assert refused.value.field == place


@pytest.mark.parametrize(
    ("pairs", "distractors", "severity", "message"),
    [
        ([("A", "1")], ["2"], Severity.ERROR, "A matching question needs two pairs at least."),
        ([("A", "1"), ("B", "1")], [], Severity.ERROR, "There is only one thing to choose."),
        ([("A", "one"), ("B", "two")], ["One"], Severity.ERROR, "Two choices say the same: only one of them would be right."),
        ([("A", "1"), ("a", "2")], ["3"], Severity.ERROR, "Two stems say the same."),
        ([("A", "1"), ("B", "![x](/x.png)")], ["3"], Severity.ERROR, "A choice cannot be an image"),
        ([("A", "1"), ("B", "2")], [], Severity.WARNING, "Every choice is used once, so the last pair follows from the others."),
    ],
)
def test_what_speaks_against_it(pairs: list[tuple[str, str]], distractors: list[str], severity: Severity, message: str) -> None:
    rows = [{"text": text, "match": match} for text, match in pairs]
    found = parse_body(KIND, pair_up(rows, [{"text": text} for text in distractors])).check()
    assert any(finding.severity is severity and finding.message.startswith(message) for finding in found)
