"""Draws under everything at once: overlapping pools, duplicate groups, what was shown and what the learner has seen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.quizzes.rules.drawing import Drawer, Place, PoolTooSmallError, Sparing, draw, find_shortage, most_shown_of_preferred

IDS = [UUID(int=number) for number in range(200)]
SEEDS = st.integers(0, 2**62)
PLACES = st.lists(
    st.tuples(st.sets(st.integers(0, 7), max_size=6), st.integers(1, 2)).map(lambda p: Place([IDS[n] for n in sorted(p[0])], p[1])),
    min_size=1,
    max_size=4,
)
GROUPS = st.dictionaries(st.sampled_from(IDS[:8]), st.sampled_from("xyz"))
SHOWN = st.dictionaries(st.sampled_from(IDS[:8]), st.integers(0, 5))
SEEN = st.sets(st.sampled_from(IDS[:8]))


def all_papers(places: Sequence[Place], groups: dict[UUID, str], taken: frozenset[UUID] = frozenset()) -> Iterator[frozenset[UUID]]:
    """Every full paper, by trying everything."""
    if not places:
        yield taken
        return
    for chosen in combinations(places[0].pool, places[0].count):
        paper = taken | set(chosen)
        units = [groups.get(question, question) for question in paper]
        if len(paper) == len(taken) + len(chosen) and len(set(units)) == len(units):
            yield from all_papers(places[1:], groups, paper)


def count_seen(paper: Sequence[UUID] | frozenset[UUID], groups: dict[UUID, str], seen: set[UUID]) -> int:
    """How many questions of the paper the learner had, or one of their group."""
    units = {groups.get(question, question) for question in seen}
    return sum(groups.get(question, question) in units for question in paper)


@settings(max_examples=300)
@given(places=PLACES, groups=GROUPS, shown=SHOWN, seen=SEEN, seed=SEEDS)
def test_a_full_paper_is_drawn_exactly_if_there_is_one_and_repeats_as_little_as_can_be(
    places: list[Place], groups: dict[UUID, str], shown: dict[UUID, int], seen: set[UUID], seed: int
) -> None:
    possible = list(all_papers(places, groups))
    try:
        drawn = draw(places, seed=seed, groups=groups, sparing=Sparing(shown=shown, seen=seen))
    except PoolTooSmallError:
        assert possible == []
        return
    assert [len(questions) for questions in drawn] == [place.count for place in places]
    assert all(set(questions) <= set(place.pool) for questions, place in zip(drawn, places, strict=True))
    paper = [question for questions in drawn for question in questions]
    assert frozenset(paper) in possible
    assert count_seen(paper, groups, seen) == min(count_seen(other, groups, seen) for other in possible)


@given(places=PLACES, groups=GROUPS)
def test_a_shortage_names_places_that_really_ask_for_more_than_there_is(places: list[Place], groups: dict[UUID, str]) -> None:
    shortage = find_shortage(places, groups=groups)
    if shortage is None:
        return
    named = [places[number] for number in shortage.places]
    units = {groups.get(question, question) for place in named for question in place.pool}
    assert shortage.needed == sum(place.count for place in named)
    assert shortage.available == len(units) < shortage.needed


@given(seed=SEEDS, groups=GROUPS, shown=SHOWN)
def test_the_same_seed_and_the_same_exposure_draw_the_same_paper(seed: int, groups: dict[UUID, str], shown: dict[UUID, int]) -> None:
    places, sparing = [Place(IDS[:30], 5), Place(IDS[5:40], 7)], Sparing(shown=shown, seen=IDS[:3])
    assert draw(places, seed=seed, groups=groups, sparing=sparing) == draw(places, seed=seed, groups=groups, sparing=sparing)


def test_a_question_moves_on_through_several_places_so_that_all_are_full() -> None:
    chain = [Place(IDS[n : n + 2], 1) for n in range(8)]
    last = Place([IDS[0]], 1)
    for seed in range(50):
        drawn = draw([*chain, last], seed=seed)
        assert drawn[-1] == [IDS[0]]
        assert [questions[0] for questions in drawn[:-1]] == IDS[1:9]


def test_what_is_left_of_a_chain_that_closes_is_named() -> None:
    shortage = find_shortage([Place(IDS[40:50], 3), Place(IDS[:3], 2), Place(IDS[1:4], 2), Place(IDS[:4], 1)])
    assert shortage is not None
    assert (shortage.places, shortage.needed, shortage.available) == ((1, 2, 3), 5, 4)


def test_a_group_gives_one_question_however_many_it_has() -> None:
    groups = dict.fromkeys(IDS[:10], "same")
    assert find_shortage([Place(IDS[:12], 3)], groups=groups) is None
    assert find_shortage([Place(IDS[:12], 4)], groups=groups) is not None
    chosen = Counter(question for seed in range(2000) for question in draw([Place(IDS[:12], 3)], seed=seed, groups=groups)[0])
    assert all(120 < chosen[question] < 290 for question in IDS[:10])  # 200 expected, each as often as its mates


def test_the_least_shown_third_is_drawn_and_the_rest_when_it_does_not_suffice() -> None:
    shown = {question: number // 10 for number, question in enumerate(IDS[:90])}
    drawer = Drawer([Place(IDS[:90], 10)], sparing=Sparing(shown=shown))
    found = Counter(question for seed in range(500) for question in drawer.draw(seed=seed)[0])
    assert set(found) == set(IDS[:30])
    crowded = Drawer([Place(IDS[:90], 80)], sparing=Sparing(shown=shown)).draw(seed=1)[0]
    assert len(crowded) == 80


@pytest.mark.parametrize(
    ("shown", "count", "limit"),
    [
        ([], 1, 0),
        ([0] * 9, 1, 0),  # a new pool: all of it
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 1, 2),  # a third
        ([0, 0, 0, 0, 0, 0, 1, 1, 1], 1, 0),  # ties go along
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 2, 3),  # twice what is drawn
        ([0, 1, 2], 3, 2),
    ],
)
def test_who_belongs_to_the_least_shown(shown: list[int], count: int, limit: int) -> None:
    assert most_shown_of_preferred(shown, count) == limit


def test_all_who_start_at_once_do_not_get_one_paper_though_the_pool_is_small() -> None:
    """The count is as old as its last refresh: a third of a pool of three papers would be one paper, the same for everybody."""
    shown = {question: number for number, question in enumerate(IDS[:60])}
    drawer = Drawer([Place(IDS[:60], 20)], sparing=Sparing(shown=shown))
    papers = [frozenset(drawer.draw(seed=seed)[0]) for seed in range(200)]
    assert len(set(papers)) == 200
    assert max(Counter(question for paper in papers for question in paper).values()) < 130  # of 200, where 100 are expected


def test_exposure_evens_out_over_many_papers() -> None:
    shown: Counter[UUID] = Counter()
    for seed in range(600):
        shown.update(draw([Place(IDS[:100], 20)], seed=seed, sparing=Sparing(shown=shown))[0])
    by_chance: Counter[UUID] = Counter(question for seed in range(600) for question in draw([Place(IDS[:100], 20)], seed=seed)[0])
    assert max(shown.values()) - min(shown.values()) <= 6
    assert max(by_chance.values()) - min(by_chance.values()) > 20
