"""Single choice, multiple response, true or false: one table for each rule."""

from decimal import Decimal
from typing import Any

import pytest

from laurel.bank.rules import Body, GradeState, QuestionKind, grade, parse_answer, parse_body, right_answer_text
from laurel.core.errors import InvalidInputError

SINGLE, MULTIPLE, TRUE_FALSE = QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_RESPONSE, QuestionKind.TRUE_FALSE


def options(*fractions: str) -> dict[str, Any]:
    return {"options": [{"text": f"Option {number}", "fraction": fraction} for number, fraction in enumerate(fractions)]}


def fraction(kind: QuestionKind, body: Body, raw: Any, **how: Any) -> Decimal:
    return grade(kind, body, parse_answer(kind, body, raw), **how).fraction


@pytest.mark.parametrize(
    ("choice", "allow_negative", "expected", "state"),
    [
        ("a", False, "1", GradeState.CORRECT),
        ("b", False, "0", GradeState.INCORRECT),
        ("c", False, "0.5", GradeState.PARTIALLY_CORRECT),
        ("d", False, "0", GradeState.INCORRECT),
        ("d", True, "-0.25", GradeState.INCORRECT),
        ("", True, "0", GradeState.GAVE_UP),
        (None, True, "0", GradeState.GAVE_UP),
    ],
)
def test_the_chosen_option_gives_its_fraction(choice: str | None, allow_negative: bool, expected: str, state: GradeState) -> None:
    body = parse_body(SINGLE, options("1", "0", "0.5", "-0.25"))

    found = grade(SINGLE, body, parse_answer(SINGLE, body, {"choice": choice}), allow_negative=allow_negative)

    assert (found.fraction, found.state) == (Decimal(expected), state)


def test_the_grade_of_a_single_choice_names_the_chosen_option() -> None:
    body = parse_body(SINGLE, options("0", "1"))
    assert grade(SINGLE, body, {"choice": "b"}).matched == 1


@pytest.mark.parametrize(
    ("value", "expected", "state"),
    [(True, 1, GradeState.CORRECT), (False, 0, GradeState.INCORRECT), (None, 0, GradeState.GAVE_UP)],
)
def test_true_or_false_is_worth_all_or_nothing(value: bool | None, expected: int, state: GradeState) -> None:
    body = parse_body(TRUE_FALSE, {"answer": True})
    found = grade(TRUE_FALSE, body, parse_answer(TRUE_FALSE, body, {"value": value}))
    assert (found.fraction, found.state) == (expected, state)


# Keys are a and b.
POLICIES = [
    ("all_or_nothing", 4, "ab", "1"),
    ("all_or_nothing", 4, "a", "0"),
    ("all_or_nothing", 4, "abc", "0"),
    ("all_or_nothing", 4, "cd", "0"),
    ("net_correct", 4, "ab", "1"),
    ("net_correct", 4, "a", "0.5"),
    ("net_correct", 4, "abc", "0.5"),
    ("net_correct", 4, "ac", "0"),
    ("net_correct", 4, "cd", "0"),
    ("each_decision", 4, "ab", "1"),
    ("each_decision", 4, "a", "0.75"),
    ("each_decision", 4, "abc", "0.75"),
    ("each_decision", 4, "ac", "0.5"),
    ("each_decision", 4, "cd", "0"),
    ("each_decision", 4, "abcd", "0.5"),
    ("halves", 5, "ab", "1"),
    ("halves", 5, "a", "0.5"),
    ("halves", 5, "abc", "0.5"),
    ("halves", 5, "abcd", "0.25"),
    ("halves", 5, "ac", "0.25"),
    ("halves", 5, "acd", "0"),
    ("halves", 4, "ac", "0"),  # two errors, but fewer than five options
    ("halves", 4, "a", "0.5"),
    ("halves", 3, "abc", "0.5"),
    ("halves", 2, "a", "0"),  # one error, but fewer than three options
]


@pytest.mark.parametrize(("policy", "count", "chosen", "expected"), POLICIES)
def test_a_selection_is_graded_by_its_policy(policy: str, count: int, chosen: str, expected: str) -> None:
    body = parse_body(MULTIPLE, options("1", "1", *["0"] * (count - 2)) | {"policy": policy})
    assert fraction(MULTIPLE, body, {"choices": list(chosen)}) == Decimal(expected)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("a", "0.5"), ("ab", "0.75"), ("abc", "0.25"), ("c", "0"), ("d", "0"), ("ad", "0.5"), ("abe", "1")],
)
def test_weights_are_added_and_clamped(chosen: str, expected: str) -> None:
    body = parse_body(MULTIPLE, options("0.5", "0.25", "-0.5", "0", "0.5") | {"policy": "weighted"})
    assert fraction(MULTIPLE, body, {"choices": list(chosen)}, allow_negative=True) == Decimal(expected)


@pytest.mark.parametrize("policy", ["all_or_nothing", "weighted", "net_correct", "each_decision", "halves"])
def test_an_empty_selection_is_worth_nothing_even_where_no_option_is_right(policy: str) -> None:
    body = parse_body(MULTIPLE, options("0", "0", "0") | {"policy": policy})
    found = grade(MULTIPLE, body, parse_answer(MULTIPLE, body, {"choices": []}))
    assert (found.fraction, found.state) == (0, GradeState.GAVE_UP)


def test_thirds_that_add_up_to_nearly_everything_are_correct() -> None:
    body = parse_body(MULTIPLE, options("0.333333333", "0.333333333", "0.333333333", "0") | {"policy": "weighted"})
    assert grade(MULTIPLE, body, {"choices": ["a", "b", "c"]}).state is GradeState.CORRECT


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (SINGLE, {"choice": "z"}),
        (SINGLE, {"choice": ["a", "b"]}),
        (SINGLE, {"choice": 1}),
        (SINGLE, {"choice": float("nan")}),
        (SINGLE, {"choice": "a", "deadline_at": "2099"}),
        (SINGLE, {"choices": ["a"]}),
        (SINGLE, "a"),
        (SINGLE, []),
        (SINGLE, {}),
        (MULTIPLE, {"choices": "a"}),
        (MULTIPLE, {"choices": ["a", "z"]}),
        (MULTIPLE, {"choices": ["a", 2]}),
        (MULTIPLE, {"choices": [["a"]]}),
        (MULTIPLE, {"choices": ["a"] * 11}),
        (MULTIPLE, {"choice": "a"}),
        (TRUE_FALSE, {"value": "true"}),
        (TRUE_FALSE, {"value": 1}),
        (TRUE_FALSE, {"value": True, "x": 1}),
        (TRUE_FALSE, True),
    ],
)
def test_what_the_question_could_not_have_asked_for_is_refused(kind: QuestionKind, raw: Any) -> None:
    body = parse_body(kind, {"answer": True} | options("1", "0"))
    with pytest.raises(InvalidInputError):
        parse_answer(kind, body, raw)


def test_choices_are_kept_sorted_and_once() -> None:
    body = parse_body(MULTIPLE, options("1", "0", "0"))
    assert parse_answer(MULTIPLE, body, {"choices": ["c", "a", "c"]}) == {"choices": ["a", "c"]}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"options": [{"text": " "}]}, "options-0-text"),
        ({"options": [{"text": "A", "fraction": "1.5"}]}, "options-0-fraction"),
        ({"options": [{"text": "A", "fraction": "-1.5"}]}, "options-0-fraction"),
        ({"options": [{"text": "A", "fraction": "half"}]}, "options-0-fraction"),
        ({"options": [{"text": "A", "fraction": 0.5}]}, "options-0-fraction"),
        ({"options": [{"text": "A", "fraction": "0.33333333333"}]}, "options-0-fraction"),
        ({"options": [{"text": "A"}, {"text": "B\x00"}]}, "options-1-text"),
        ({"options": [{"text": "A"}, {"text": "B", "feedback": "\ud800"}]}, "options-1-feedback"),
        ({"options": [{"text": "A" * 2001}]}, "options-0-text"),
        ({"options": [{"text": "A", "key": "k"}]}, "options-0-key"),
        ({"options": [{"text": "A", "key": "a"}, {"text": "B", "key": "a"}]}, "options"),
        ({"options": [{"text": "A"}] * 11}, "options"),
        ({"options": "abc"}, "options"),
        ({"options": [], "policy": "random"}, "policy"),
        ({"options": [], "keep_last": "yes"}, "keep_last"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_at_its_place(data: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_body(MULTIPLE, data)
    assert refused.value.field == place


def test_the_right_answer_of_a_selection_names_every_key_in_plain_words() -> None:
    body = parse_body(
        MULTIPLE,
        {
            "options": [
                {"text": "`x`", "html": "<code>x &amp; y</code>", "fraction": "1"},
                {"text": "B"},
                {"text": "C", "html": "C", "fraction": "1"},
            ]
        },
    )
    assert right_answer_text(MULTIPLE, body) == "x & y; C"


def test_a_review_tells_for_each_option_whether_it_is_right_and_was_chosen() -> None:
    body = parse_body(MULTIPLE, options("1", "0"))
    review = body.review({"choices": ["b"]})
    assert [(o.is_correct, o.is_chosen) for o in review.options.values()] == [(True, False), (False, True)]
