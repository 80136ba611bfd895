"""Which papers are more alike than chance would have it, and how likely that is."""

from itertools import combinations, product
from math import prod
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.quizzes.rules import chances, likeness
from laurel.quizzes.rules.likeness import Sheet

QUESTIONS = [UUID(int=number) for number in range(1, 41)]
odds_lists = st.lists(st.floats(0, 1), max_size=7)


@pytest.mark.parametrize(
    ("count", "of", "share", "chance"),
    [(0, 10, 0.3, 1), (1, 1, 0.25, 0.25), (2, 2, 0.5, 0.25), (1, 3, 0.5, 0.875), (3, 2, 0.9, 0), (5, 5, 1, 1), (1, 9, 0, 0)],
)
def test_a_binomial_chance(count: int, of: int, share: float, chance: float) -> None:
    assert chances.at_least(count, of, share) == pytest.approx(chance, abs=1e-12)


@settings(max_examples=50)
@given(odds_lists, st.integers(0, 8))
def test_chances_that_differ_are_what_counting_every_outcome_gives(odds: list[float], count: int) -> None:
    counted = sum(
        prod(share if hit else 1 - share for share, hit in zip(odds, hits, strict=True))
        for hits in product((True, False), repeat=len(odds))
        if sum(hits) >= count
    )
    assert chances.at_least_among(count, odds) == pytest.approx(counted, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 40), st.floats(0, 1), st.integers(0, 45))
def test_equal_chances_are_binomial(of: int, share: float, count: int) -> None:
    assert chances.at_least_among(count, [share] * of) == pytest.approx(chances.at_least(count, of, share), abs=1e-9)


def test_the_smallest_chances_stay_exact() -> None:
    assert chances.at_least_among(20, [0.01] * 20) == pytest.approx(1e-40)


@pytest.mark.parametrize(
    ("counts", "odds"),
    [([], 0), ([1], 0), ([2], 1), ([1, 1], 0), ([2, 1], 1 / 3), ([10, 10], 90 / 190), ([30], 1)],
)
def test_the_odds_of_the_same_wrong_answer_follow_from_how_popular_each_is(counts: list[int], odds: float) -> None:
    assert likeness.odds_of_same(counts) == pytest.approx(odds)


@settings(max_examples=50)
@given(odds_lists, st.floats(1e-6, 0.5))
def test_a_pair_with_fewer_answers_in_common_cannot_be_unusual(odds: list[float], limit: float) -> None:
    least = likeness.least_unusual(odds, limit)
    for count in range(1, least):
        for some in combinations([share for share in odds if share], count):
            assert chances.at_least_among(count, some) > limit * (1 - 1e-9)


def sheets_by_chance(count: int, *, seed: int = 7, questions: int = 40, wrong: float = 0.4) -> list[dict[UUID, str]]:
    """Sheets of learners who know nothing of each other: of three wrong answers to each question one is the most popular."""
    dice = Random(seed)  # noqa: S311
    return [
        {question: dice.choices("bcd", weights=(5, 3, 2))[0] for question in QUESTIONS[:questions] if dice.random() < wrong}
        for _ in range(count)
    ]


def test_two_who_copied_stand_out_and_nobody_else_does() -> None:
    sheets = sheets_by_chance(60)
    sheets[41] = dict(sheets[5])
    found = likeness.compare(sheets)
    assert [(pair.first, pair.second) for pair in found.pairs] == [(5, 41)]
    pair = found.pairs[0]
    assert pair.both_wrong == pair.same == len(sheets[5])
    assert pair.expected == pytest.approx(0.38 * pair.same, rel=0.15)  # 5, 3 and 2 of ten: .25 + .09 + .04
    assert pair.chance < 1e-5 < 1 / found.compared
    assert found.compared == 60 * 59 // 2


def test_two_weak_learners_are_not_alike_merely_because_they_have_much_wrong() -> None:
    sheets = sheets_by_chance(58, wrong=0.2) + sheets_by_chance(2, seed=8, wrong=1.0)
    assert likeness.compare(sheets).pairs == []


def test_chance_shows_about_as_much_as_is_said() -> None:
    found = [likeness.compare(sheets_by_chance(40, seed=seed)) for seed in range(10)]
    assert sum(len(one.pairs) for one in found) <= 10 + 3 * 10**0.5


@pytest.mark.parametrize("count", [0, 1, 29])
def test_few_attempts_are_not_compared(count: int) -> None:
    found = likeness.compare([{QUESTIONS[0]: "b", QUESTIONS[1]: "c"}] * count)
    assert not found.is_judgeable
    assert (found.sheets, list(found.pairs), found.usual) == (count, [], 0)


def test_where_all_are_wrong_in_the_same_way_nobody_is_unusual() -> None:
    found = likeness.compare([dict.fromkeys(QUESTIONS, "b")] * 30)
    assert (list(found.pairs), found.usual) == ([], 40)
    assert list(likeness.compare([{}] * 30).pairs) == []


sheet_lists = st.lists(st.dictionaries(st.sampled_from(QUESTIONS[:6]), st.sampled_from("bcd")), min_size=30, max_size=34)


@settings(max_examples=20, deadline=None)
@given(sheet_lists, st.randoms(use_true_random=False))
def test_over_all_pairs_as_much_is_expected_as_is_found(sheets: list[Sheet], dice: Random) -> None:
    counts = {question: [sum(sheet.get(question) == answer for sheet in sheets) for answer in "bcd"] for question in QUESTIONS[:6]}
    pairs = list(combinations(sheets, 2))
    same = sum(len(one.items() & other.items()) for one, other in pairs)
    expected = sum(likeness.odds_of_same(counts[question]) for one, other in pairs for question in one.keys() & other.keys())
    found = likeness.compare(sheets)
    assert expected == pytest.approx(same)
    assert found.usual == pytest.approx(same / len(pairs))
    assert all(pair.chance <= 1 / found.compared and pair.same <= pair.both_wrong for pair in found.pairs)

    names = dict(zip("bcd", dice.sample("xyz", k=3), strict=True))  # what an answer is called changes nothing
    renamed = likeness.compare([{question: names[answer] for question, answer in sheet.items()} for sheet in sheets])
    assert renamed == found
