"""Orders: every scheme, orders that are not complete, and what a page may show."""

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from laurel.bank.rules import GradeState, QuestionKind, grade, parse_answer, parse_body, right_answer_text
from laurel.bank.rules.orders import Scheme, worth
from laurel.core.errors import InvalidInputError

KIND = QuestionKind.ORDERING
N = None


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        # absolute · all or nothing · adjacent · longest ordered · next + last · prev and next · all pairs · longest contiguous
        ([0, 1, 2, 3], "1 1 1 1 1 1 1 1"),
        ([3, 2, 1, 0], "0 0 0 0 0 0 0 0"),
        ([1, 2, 3, 0], "0 0 2/3 3/4 1/2 1/2 1/2 3/4"),
        ([3, 0, 1, 2], "0 0 2/3 3/4 1/2 1/2 1/2 3/4"),
        ([0, 2, 1, 3], "1/2 0 0 3/4 1/4 1/4 5/6 1/2"),
        ([1, 0, 3, 2], "0 0 0 1/2 0 0 2/3 1/2"),
        ([0, 1, 3, 2], "1/2 0 1/3 3/4 1/4 3/8 5/6 3/4"),
        ([0, 3, 1, 2], "1/4 0 1/3 3/4 1/4 3/8 2/3 3/4"),
        ([2, 0, 3, 1], "0 0 0 1/2 0 0 1/2 1/2"),  # 0, 1 stand in order, though 3 stands between them
        # not complete: an empty place has no neighbors
        ([0, N, N, N], "1/4 0 0 0 0 1/8 0 0"),
        ([N, N, N, 3], "1/4 0 0 0 1/4 1/8 0 0"),
        ([0, 1, N, N], "1/2 0 1/3 1/2 1/4 3/8 1/6 1/2"),
        ([0, N, 1, 2], "1/4 0 1/3 3/4 1/4 3/8 1/2 3/4"),
        ([N, 1, N, 0], "1/4 0 0 0 0 0 0 0"),
        # two items and one
        ([0, 1], "1 1 1 1 1 1 1 1"),
        ([1, 0], "0 0 0 0 0 0 0 0"),
        ([0], "1 1 1 1 1 1 1 1"),
    ],
)
def test_an_order_is_worth(places: list[int | None], expected: str) -> None:
    schemes = [
        Scheme.ABSOLUTE_POSITION,
        Scheme.ALL_OR_NOTHING,
        Scheme.ADJACENT_PAIRS,
        Scheme.LONGEST_ORDERED_SUBSET,
        Scheme.NEXT_INCLUDE_LAST,
        Scheme.PREV_NEXT,
        Scheme.ALL_PAIRS,
        Scheme.LONGEST_CONTIGUOUS,
    ]
    found = [Fraction(worth(scheme, places)).limit_denominator(100) for scheme in schemes]
    assert found == [Fraction(text) for text in expected.split()]
    assert set(schemes) == set(Scheme)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_only_the_right_order_is_worth_everything(scheme: Scheme) -> None:
    full = [order for order in permutations(range(5)) if worth(scheme, order) == 1]
    assert full == [(0, 1, 2, 3, 4)]


def ordering(*texts: str, **more: Any) -> Any:
    return parse_body(KIND, {"items": [{"key": text[0].lower(), "text": text} for text in texts]} | more)


BODY = ordering("Plan", "Write", "Test", "Revise")


def test_a_scheme_is_chosen_and_each_item_in_its_place_is_the_usual_one() -> None:
    assert BODY.scheme is Scheme.ABSOLUTE_POSITION
    assert grade(KIND, BODY, {"order": ["p", "t", "w", "r"]}).fraction == Decimal("0.5")
    assert grade(KIND, ordering("Plan", "Write", "Test", scheme="all_or_nothing"), {"order": ["p", "t", "w"]}).fraction == 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ({"order": [None, None, None, None]}, None),
        ({"order": ["p", None, None, "w"]}, {"order": ["p", None, None, "w"]}),
    ],
)
def test_an_order_need_not_be_complete_but_an_empty_one_is_no_answer(raw: Any, expected: Any) -> None:
    assert parse_answer(KIND, BODY, raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        {"order": []},
        {"order": ["p"]},
        {"order": ["p", "w", "t", "p"]},
        {"order": ["p", "w", "t", "z"]},
        {"order": ["p", "w", "t", 1]},
        {"order": ["p", "w", "t", ["r"]]},
        {"order": ["p", "w", "t", "r", None]},
        {"order": "pwtr"},
        {"order": {"p": 1}},
        {"order": ["p", "w", "t", "r"], "seq": 1},
        ["p", "w", "t", "r"],
    ],
)
def test_what_is_no_order_of_these_items_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidInputError):
        parse_answer(KIND, BODY, raw)


def test_keys_of_new_items_come_from_their_words_alone() -> None:
    texts = ["Plan", "Write", "Test", "Revise"]
    one, other = (parse_body(KIND, {"items": [{"text": text} for text in order]}) for order in (texts, texts[::-1]))
    assert {item.text: item.key for item in one.items} == {item.text: item.key for item in other.items}
    assert [option.key for option in one.shown_options()] == [option.key for option in other.shown_options()]


def test_a_key_stays_with_its_item_when_its_words_change() -> None:
    first = parse_body(KIND, {"items": [{"text": "Plan"}, {"text": "Wirte"}, {"text": "Test"}]})
    rows = first.to_json()["items"]
    again = parse_body(KIND, {"items": [rows[0], rows[1] | {"text": "Write"}, rows[2]]})
    assert [item.key for item in again.items] == [item.key for item in first.items]


def test_no_order_that_is_shown_by_itself_is_the_right_one() -> None:
    for texts in permutations(["Plan", "Write", "Test", "Revise"]):
        body = ordering(*texts)
        assert [option.key for option in body.shown_options()] != body.forbidden_order()


def test_a_review_tells_each_item_its_place_where_places_count() -> None:
    parts = BODY.review({"order": ["p", "t", None, "r"]}).parts
    assert {key: (part.state, part.right_text) for key, part in parts.items()} == {
        "p": (GradeState.CORRECT, "Place 1"),
        "w": (GradeState.GAVE_UP, "Place 2"),
        "t": (GradeState.INCORRECT, "Place 3"),
        "r": (GradeState.CORRECT, "Place 4"),
    }
    relative = ordering("Plan", "Write", "Test", scheme="all_pairs").review({"order": ["w", "p", "t"]}).parts
    assert [part.state for part in relative.values()] == [None, None, None]


def test_the_right_answer_is_the_list() -> None:
    assert right_answer_text(KIND, BODY) == "1. Plan; 2. Write; 3. Test; 4. Revise"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"items": [{"text": " "}]}, "items-0-text"),
        ({"items": [{"text": "A", "key": "A"}]}, "items-0-key"),
        ({"items": [{"text": "A", "key": "a" * 13}]}, "items-0-key"),
        ({"items": [{"text": "A"}] * 13}, "items"),
        ({"items": [], "scheme": "luck"}, "scheme"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_at_its_place(data: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_body(KIND, data)
    assert refused.value.field == place


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["Plan", "Write"], "A question about an order needs three items at least."),
        (["Plan", "Write", "plan"], "Item 3 says the same as another one."),
    ],
)
def test_what_keeps_it_from_learners(texts: list[str], message: str) -> None:
    body = parse_body(KIND, {"items": [{"text": text} for text in texts]})
    assert message in [finding.message for finding in body.check()]
