from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.quizzes.rules.drawing import (
    Place,
    PoolTooSmallError,
    draw,
    find_shortage,
    mix,
    order_options,
    practice_seed,
    shuffle_runs,
)

IDS = [UUID(int=number) for number in range(60)]
SEEDS = st.integers(0, 2**62)
POOLS = st.lists(
    st.tuples(st.sets(st.integers(0, 14), max_size=8), st.integers(1, 3)).map(lambda p: Place([IDS[n] for n in sorted(p[0])], p[1])),
    max_size=6,
)


def fills_by_brute_force(places: list[Place]) -> bool:
    """Hall's condition: any places together have as many questions as they ask for."""
    for mask in range(1, 2 ** len(places)):
        chosen = [place for at, place in enumerate(places) if mask >> at & 1]
        if len(set().union(*(place.pool for place in chosen))) < sum(place.count for place in chosen):
            return False
    return True


@given(places=POOLS, seed=SEEDS)
def test_a_paper_is_drawn_exactly_if_there_is_one(places: list[Place], seed: int) -> None:
    assert (find_shortage(places) is None) is fills_by_brute_force(places)
    try:
        drawn = draw(places, seed=seed)
    except PoolTooSmallError:
        assert not fills_by_brute_force(places)
        return
    assert [len(questions) for questions in drawn] == [place.count for place in places]
    assert all(set(questions) <= set(place.pool) for questions, place in zip(drawn, places, strict=True))
    everything = [question for questions in drawn for question in questions]
    assert len(set(everything)) == len(everything)


@given(seed=SEEDS)
def test_the_same_seed_draws_the_same_paper(seed: int) -> None:
    places = [Place(IDS[:20], 5), Place(IDS[10:40], 7)]
    assert draw(places, seed=seed) == draw(places, seed=seed)


def test_every_question_of_a_pool_has_the_same_chance() -> None:
    counts = Counter(question for seed in range(4000) for question in draw([Place(IDS[:10], 3)], seed=seed)[0])
    assert len(counts) == 10
    assert all(1050 < count < 1350 for count in counts.values())  # 1200 expected


def test_a_pool_that_names_a_question_twice_does_not_ask_it_twice() -> None:
    with pytest.raises(PoolTooSmallError):
        draw([Place([IDS[0], IDS[0]], 2)], seed=1)


@given(seed=SEEDS, sections=st.lists(st.sampled_from("abc"), max_size=30))
def test_questions_are_shuffled_within_their_section_only(seed: int, sections: list[str]) -> None:
    by_number = dict(enumerate(sections))
    shuffled = shuffle_runs(list(by_number), by_number, seed=seed)
    assert sorted(shuffled) == list(by_number)
    assert [by_number[number] for number in shuffled] == sections


@given(seed=SEEDS, number=st.integers(1, 50), keep_last=st.booleans())
def test_options_are_shuffled_and_the_last_stays_if_it_shall(seed: int, number: int, keep_last: bool) -> None:
    order = order_options("abcde", keep_last=keep_last, seed=seed, number=number)
    assert sorted(order) == list("abcde")
    assert order == order_options("abcde", keep_last=keep_last, seed=seed, number=number)
    if keep_last:
        assert order[-1] == "e"


def test_two_questions_of_a_paper_are_shuffled_apart() -> None:
    orders = {tuple(order_options("abcdefgh", keep_last=False, seed=7, number=number)) for number in range(1, 9)}
    assert len(orders) > 4


def test_a_practice_paper_is_the_same_for_a_learner_each_time_and_differs_between_learners() -> None:
    learners = IDS[:20]
    seeds = [practice_seed(IDS[50], learner) for learner in learners]
    assert seeds == [practice_seed(IDS[50], learner) for learner in learners]
    assert len(set(seeds)) == 20


@given(seed=SEEDS)
def test_a_slot_with_a_spread_is_mixed_and_loses_nothing(seed: int) -> None:
    assert sorted(mix(IDS[:9], seed=seed, number=3)) == IDS[:9]
    assert mix(IDS[:9], seed=seed, number=3) == mix(IDS[:9], seed=seed, number=3)


@given(seed=SEEDS, number=st.integers(1, 50))
def test_an_order_that_is_to_be_avoided_is_never_shown(seed: int, number: int) -> None:
    avoided = order_options("abc", keep_last=False, seed=seed, number=number)
    shown = order_options("abc", keep_last=False, seed=seed, number=number, avoid=avoided)
    assert sorted(shown) == ["a", "b", "c"]
    assert shown != avoided
    assert shown == order_options("abc", keep_last=False, seed=seed, number=number, avoid=avoided)
