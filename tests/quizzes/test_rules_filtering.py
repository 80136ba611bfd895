from typing import Any
from uuid import UUID

import pytest

from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules import DrawFilter, QuizKind, QuizSettings, SlotKind, SlotSpec
from laurel.quizzes.rules.filtering import BANDS, TagsMatch, check_filter
from laurel.quizzes.rules.quizzes import check_slot, source_hash

QUESTION: dict[str, Any] = {"tags": {"law", "data"}, "objective": "Name the RIGHTS of people", "difficulty": 3}


@pytest.mark.parametrize(
    ("narrowed", "admitted"),
    [
        ({}, True),
        ({"tags": ("law",)}, True),
        ({"tags": ("data", "law")}, True),
        ({"tags": ("data", "money")}, False),
        ({"tags": ("data", "money"), "tags_match": TagsMatch.ANY}, True),
        ({"tags": ("money",), "tags_match": TagsMatch.ANY}, False),
        ({"objective": "rights"}, True),
        ({"objective": "duties"}, False),
        ({"easiest": 3, "hardest": 3}, True),
        ({"easiest": 4}, False),
        ({"hardest": 2}, False),
    ],
)
def test_what_a_filter_admits(narrowed: dict[str, Any], admitted: bool) -> None:
    assert DrawFilter(**narrowed).admits(**QUESTION) is admitted
    assert DrawFilter(**narrowed).narrows is bool(narrowed)


def test_every_difficulty_lies_in_one_band() -> None:
    assert [[band.name for band in BANDS if band.holds(difficulty)] for difficulty in range(1, 6)] == [
        ["easy"],
        ["easy"],
        ["medium"],
        ["hard"],
        ["hard"],
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        DrawFilter(),
        DrawFilter(
            with_subcategories=True,
            tags=("a", "b"),
            tags_match=TagsMatch.ANY,
            objective="Say",
            easiest=2,
            hardest=4,
            spread=(3, 5, 2),
        ),
    ],
)
def test_a_filter_comes_back_as_it_was_stored(wanted: DrawFilter) -> None:
    assert DrawFilter.from_json(wanted.to_json()) == wanted


def test_a_filter_says_in_words_what_it_does() -> None:
    wanted = DrawFilter(with_subcategories=True, tags=("a", "b"), tags_match=TagsMatch.ANY, objective="Say", easiest=2, spread=(3, 0, 2))
    assert wanted.words() == ["with subcategories", "tagged a or b", "objective “Say”", "difficulty 2 to 5"]
    assert wanted.spread_words() == "3 easy, 2 hard"
    assert (DrawFilter().words(), DrawFilter().spread_words()) == ([], "")


@pytest.mark.parametrize(
    ("narrowed", "field"),
    [
        ({"tags": ("Law",)}, "tags"),
        ({"tags": ("a", "a")}, "tags"),
        ({"objective": "x" * 301}, "objective"),
        ({"easiest": 4, "hardest": 3}, "hardest"),
        ({"easiest": 0}, "hardest"),
        ({"hardest": 6}, "hardest"),
        ({"spread": (3, 5)}, "spread"),
        ({"spread": (-1, 5, 6)}, "spread"),
        ({"spread": (3, 5, 1)}, "count"),
    ],
)
def test_a_filter_that_nobody_can_mean_is_refused_with_its_field(narrowed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_filter(DrawFilter(**narrowed), count=10)
    assert refused.value.field == field


def test_a_fixed_slot_has_no_filter() -> None:
    with pytest.raises(InvalidInputError):
        check_slot(SlotSpec(kind=SlotKind.FIXED, question_id=UUID(int=1), draw_filter=DrawFilter(tags=("a",))))


def test_a_quiz_without_filters_keeps_the_hash_that_it_had_before_there_were_any() -> None:
    """Else the next start would import it again, over what its author did since."""
    slot = SlotSpec(kind=SlotKind.RANDOM, category_id=UUID(int=1), count=3)
    assert "draw_filter" not in repr(slot)
    narrowed = SlotSpec(kind=SlotKind.RANDOM, category_id=UUID(int=1), count=3, draw_filter=DrawFilter(tags=("a",)))
    plain, other = (source_hash(QuizKind.EXAM, "Exam", QuizSettings(), [one]) for one in (slot, narrowed))
    assert plain != other
