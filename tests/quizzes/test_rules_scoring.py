from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.quizzes.rules.scoring import Band, Mark, Score, band_of, results_by_domain, score_of, shown_mark

D = Decimal
MARKS = st.lists(
    st.tuples(st.decimals(-1, 1, places=10), st.decimals("0.01", 100, places=2)).map(lambda m: Mark(m[0] * m[1], m[1])),
    min_size=1,
    max_size=60,
)


@pytest.mark.parametrize(
    ("earned", "possible", "pass_percent", "passes"),
    [
        ("35", "50", "70", True),
        ("34.9999", "50", "70", False),
        ("0", "0", "0", False),  # a quiz with no questions passes nobody
        ("0", "10", "0", True),
        ("10", "10", "100", True),
        ("9.9999", "10", "100", False),
        ("2", "3", "66.67", False),
        ("2", "3", "66.66", True),
    ],
)
def test_passing_is_decided_by_the_unrounded_score(earned: str, possible: str, pass_percent: str, passes: bool) -> None:
    assert Score(D(earned), D(possible)).reaches(D(pass_percent)) is passes


@given(denominator=st.integers(2, 12), data=st.data(), places=st.sampled_from([10, 28]))
def test_whoever_is_just_at_the_pass_mark_passes_although_no_decimal_says_a_third(
    denominator: int, data: st.DataObject, places: int
) -> None:
    numerator = data.draw(st.integers(1, denominator - 1))
    groups = data.draw(st.integers(1, 6))  # of questions that earn a whole number together
    part = round(D(numerator) / denominator, places)
    marks = [Mark(part, D(1))] * (denominator * groups) + [Mark(D(0), D(1))] * data.draw(st.integers(0, 40))
    earned = numerator * groups
    pass_percent = D(100) * earned / len(marks)
    if pass_percent == round(pass_percent, 2):
        assert score_of(marks).reaches(pass_percent)
        assert score_of(marks).shown(pass_percent) == pass_percent
    assert not score_of([*marks[1:], Mark(D(0), D(1))]).reaches(pass_percent)


@pytest.mark.parametrize(
    ("earned", "possible", "pass_percent", "shown"),
    [
        ("6.9999", "10", "70", "69.99"),  # half-up would say 70.00, which was not reached
        ("69.995", "100", "70", "69.99"),
        ("69.994", "100", "70", "69.99"),
        ("70", "100", "70", "70.00"),
        ("2", "3", "50", "66.67"),
        ("1", "3", "50", "33.33"),
        ("66.665", "100", "50", "66.67"),
        ("0", "5", "70", "0.00"),
    ],
)
def test_a_score_is_never_shown_rounded_up_to_the_pass_mark(earned: str, possible: str, pass_percent: str, shown: str) -> None:
    assert str(Score(D(earned), D(possible)).shown(D(pass_percent))) == shown


@given(earned=st.decimals(0, 100, places=10), pass_percent=st.decimals(0, 100, places=2))
def test_what_is_shown_and_whether_it_passed_never_contradict_each_other(earned: Decimal, pass_percent: Decimal) -> None:
    score = Score(earned, D(100))
    assert (score.shown(pass_percent) >= pass_percent) is score.reaches(pass_percent)
    assert abs(score.shown(pass_percent) - score.percent) < D("0.01")


@given(marks=MARKS)
def test_a_score_lies_between_nothing_and_everything(marks: list[Mark]) -> None:
    score = score_of(marks)
    assert 0 <= score.earned <= score.possible


@given(marks=MARKS, pass_percent=st.decimals(0, 100, places=2))
def test_the_order_of_the_questions_does_not_matter(marks: list[Mark], pass_percent: Decimal) -> None:
    assert score_of(marks).reaches(pass_percent) is score_of(marks[::-1]).reaches(pass_percent)


def test_negative_marks_reduce_the_sum_but_not_below_nothing() -> None:
    assert score_of([Mark(D(1), D(1)), Mark(D("-0.5"), D(1))]).earned == D("0.5")
    assert score_of([Mark(D(-1), D(1)), Mark(D("0.5"), D(1))]).earned == 0


def test_only_domains_of_five_questions_are_reported() -> None:
    big = [Mark(D(1), D(1), "big", "Big")] * 5
    small = [Mark(D(1), D(1), "small", "Small")] * 4
    nameless = [Mark(D(1), D(1))] * 9
    found = results_by_domain([*big, *small, *nameless], D(70))
    assert [(result.domain, result.questions, result.score.earned) for result in found] == [("big", 5, D(5))]


@pytest.mark.parametrize(
    ("earned", "band"),
    [
        (100, Band.STRONG),
        (85, Band.STRONG),
        (84, Band.PASSED),
        (70, Band.PASSED),
        (69, Band.NEAR),
        (55, Band.NEAR),
        (54, Band.WEAK),
        (0, Band.WEAK),
    ],
)
def test_bands_are_coarse(earned: int, band: Band) -> None:
    assert band_of(Score(D(earned), D(100)), D(70)) is band


def test_a_band_is_strong_only_above_a_high_pass_mark() -> None:
    assert band_of(Score(D(88), D(100)), D(90)) is Band.NEAR
    assert band_of(Score(D(90), D(100)), D(90)) is Band.STRONG


@pytest.mark.parametrize(
    ("mark", "shown"),
    [("1", "1"), ("0.5000", "0.5"), ("0.3333333333", "0.33"), ("0", "0"), ("-0.25", "-0.25"), ("10", "10"), ("100", "100")],
)
def test_a_mark_is_shown_without_trailing_zeros(mark: str, shown: str) -> None:
    assert shown_mark(D(mark)) == shown
