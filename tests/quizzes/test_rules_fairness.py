from itertools import pairwise
from math import sqrt
from statistics import pstdev
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.quizzes.rules import exposing, fairness
from laurel.quizzes.rules.exposing import Drift
from laurel.quizzes.rules.fairness import Facility, Item

IDS = [UUID(int=number) for number in range(9)]


@pytest.mark.parametrize(
    ("mean", "answers", "found"),
    [
        (None, 0, Facility(0.65, 0)),
        (0.4, 29, Facility(0.65, 0)),  # too few
        (0.4, 30, Facility(0.4, 30)),
        (-0.1, 30, Facility(0.0, 30)),  # negative marking
    ],
)
def test_a_facility_is_measured_where_enough_have_answered(mean: float | None, answers: int, found: Facility) -> None:
    assert fairness.facility_of(3, mean=mean, answers=answers) == found
    assert found.is_measured is (found.answers > 0)


def test_a_harder_question_is_taken_to_have_a_lower_facility() -> None:
    assumed = [fairness.facility_of(difficulty, mean=None, answers=0).value for difficulty in range(1, 6)]
    assert assumed == sorted(assumed, reverse=True)


def test_the_expected_score_weighs_questions_by_their_points() -> None:
    assert fairness.expected_score([Item(0.5, 1), Item(1.0, 3)]) == pytest.approx(0.875)


def test_luck_alone_is_the_binomial_spread() -> None:
    assert fairness.assumed_sigma([Item(0.5, 1)] * 25) == pytest.approx(sqrt(0.25 / 25))
    assert fairness.assumed_sigma([Item(0.5, 4)] * 25) == pytest.approx(sqrt(0.25 / 25))
    assert fairness.assumed_sigma([Item(1, 1)]) == 0


def test_papers_far_from_the_mean_are_counted_by_the_spread_of_learners() -> None:
    papers = [[Item(0.60, 1)]] * 9 + [[Item(0.40, 1)]]
    measured = fairness.compare_forms(papers, scores=[0.5, 0.7] * 15)
    assert (measured.is_sigma_measured, measured.sigma, measured.far) == (True, pytest.approx(0.1), 1)  # 0.18 from the mean of 0.58
    assert measured.spread == pytest.approx(pstdev(measured.scores))
    assumed = fairness.compare_forms(papers, scores=[0.5, 0.7] * 14)
    assert (assumed.is_sigma_measured, assumed.far) == (False, 0)
    assert assumed.sigma == pytest.approx(0.9 * sqrt(0.24) + 0.1 * sqrt(0.24))


@given(st.lists(st.floats(0, 1), max_size=50))
def test_a_histogram_counts_everything_once_and_has_no_gap(values: list[float]) -> None:
    bars = fairness.histogram(values, width=0.05)
    assert sum(bar.count for bar in bars) == len(values)
    assert all(one.end == pytest.approx(other.start) for one, other in pairwise(bars))
    assert not bars or (bars[0].count and bars[-1].count)


def test_a_value_on_an_edge_belongs_to_the_bar_that_starts_there() -> None:
    assert [(round(bar.start, 2), bar.count) for bar in fairness.histogram([0.15, 0.29999, 0.3], width=0.05)] == [
        (0.15, 1),
        (0.2, 0),
        (0.25, 1),
        (0.3, 1),
    ]


def test_pairs_of_a_group_are_counted() -> None:
    groups = {IDS[0]: "a", IDS[1]: "a", IDS[2]: "a", IDS[3]: "b"}
    assert fairness.count_together([[IDS[0], IDS[3], IDS[4]], [IDS[5]]], groups) == 0
    assert fairness.count_together([[IDS[0], IDS[1], IDS[2]], [IDS[0], IDS[1]]], groups) == 4


@pytest.mark.parametrize(
    ("shown", "count", "left"),
    [([0] * 30, 10, 750), ([250] * 30, 10, 0), ([300] * 10 + [200] * 10, 10, 50), ([], 1, 0)],
)
def test_a_pool_lasts_until_its_questions_are_known(shown: list[int], count: int, left: int) -> None:
    assert exposing.learners_left(shown, count) == left


@pytest.mark.parametrize(("units", "count", "small"), [(30, 10, False), (29, 10, True)])
def test_a_pool_should_hold_three_papers(units: int, count: int, small: bool) -> None:
    assert exposing.is_pool_small(units, count) is small


@pytest.mark.parametrize(
    ("drift", "notable"),
    [
        (Drift(0.5, 100, 0.7, 100), True),
        (Drift(0.7, 100, 0.5, 100), True),
        (Drift(0.5, 100, 0.6, 100), False),
        (Drift(0.5, 29, 0.9, 100), False),
        (Drift(0.5, 100, 0.9, 29), False),
    ],
)
def test_a_facility_drifted_if_it_changed_much_and_enough_answered(drift: Drift, notable: bool) -> None:
    assert drift.is_notable is notable


def test_the_base_rate_is_what_chance_would_show() -> None:
    few, many = Drift(0.5, 30, 0.5, 30), Drift(0.5, 3000, 0.5, 3000)
    assert few.chance == pytest.approx(0.2453, abs=1e-3)  # z = .15 / sqrt(.25 · 2 / 30) = 1.162
    assert many.chance < 1e-6
    assert exposing.expected_by_chance([few, few, many, Drift(0.5, 5, 0.9, 5)]) == pytest.approx(2 * few.chance)
    assert Drift(1.0, 50, 1.0, 50).chance == 0
