"""What an order is worth beside the right one. Each scheme takes places (0 for the item that comes first in the key, and None
where nothing was put) and the number n of items, two at least.

The schemes and their names are those of Moodle's ordering question (`question/type/ordering/question.php`, `grade_response`),
so that imported questions are worth what they were worth; `adjacent_pairs` is its RELATIVE_NEXT_EXCLUDE_LAST. An order that
has nothing in some of its places, which Moodle does not know, has no neighbors there.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import combinations, pairwise

from laurel.bank.rules.grades import ONE, ZERO

Places = Sequence[int | None]


class Scheme(StrEnum):
    """How an order is graded."""

    ABSOLUTE_POSITION = "absolute_position"
    ALL_OR_NOTHING = "all_or_nothing"
    ADJACENT_PAIRS = "adjacent_pairs"
    LONGEST_ORDERED_SUBSET = "longest_ordered_subset"
    NEXT_INCLUDE_LAST = "next_include_last"
    PREV_NEXT = "prev_next"
    ALL_PAIRS = "all_pairs"
    LONGEST_CONTIGUOUS = "longest_contiguous"

    @property
    def label(self) -> str:
        return {
            Scheme.ABSOLUTE_POSITION: "Each item in its place",
            Scheme.ALL_OR_NOTHING: "All or nothing",
            Scheme.ADJACENT_PAIRS: "Each item followed by the right one",
            Scheme.LONGEST_ORDERED_SUBSET: "The most items that are in order among themselves",
            Scheme.NEXT_INCLUDE_LAST: "Each item followed by the right one, and the last one last",
            Scheme.PREV_NEXT: "Each item between the right two",
            Scheme.ALL_PAIRS: "Each two items in order",
            Scheme.LONGEST_CONTIGUOUS: "The longest run of the key that is in order",
        }[self]

    @property
    def judges_places(self) -> bool:
        """Whether an item is right or wrong by its place alone."""
        return self in {Scheme.ABSOLUTE_POSITION, Scheme.ALL_OR_NOTHING}


def _absolute_position(places: Places, n: int) -> Decimal:
    """k/n, k items standing at their place."""
    return Decimal(sum(place == at for at, place in enumerate(places))) / n


def _all_or_nothing(places: Places, n: int) -> Decimal:
    return ONE if list(places) == list(range(n)) else ZERO


def _right_neighbors(places: Places) -> int:
    """How many items are followed at once by the one that follows them in the key."""
    return sum(one is not None and other == one + 1 for one, other in pairwise(places))


def _adjacent_pairs(places: Places, n: int) -> Decimal:
    """Right neighbors / (n − 1)."""
    return Decimal(_right_neighbors(places)) / (n - 1)


def _next_include_last(places: Places, n: int) -> Decimal:
    """(right neighbors + 1 if the last item is last) / n."""
    return Decimal(_right_neighbors(places) + (places[-1] == n - 1)) / n


def _prev_next(places: Places, n: int) -> Decimal:
    """For each item whether the one before it is right and whether the one behind it is, the ends counting as neighbors:
    (2 · right neighbors + 1 if the first is first + 1 if the last is last) / 2n."""
    ends = (places[0] == 0) + (places[-1] == n - 1)
    return Decimal(2 * _right_neighbors(places) + ends) / (2 * n)


def _all_pairs(places: Places, n: int) -> Decimal:
    """Pairs of items in their order / (n(n − 1)/2)."""
    placed = [place for place in places if place is not None]
    return Decimal(2 * sum(one < other for one, other in combinations(placed, 2))) / (n * (n - 1))


def _longest_ordered_subset(places: Places, n: int) -> Decimal:
    """LIS/n, LIS being the length of the longest increasing subsequence; 0 where it is below 2."""
    tails: list[int] = []
    for place in places:
        if place is not None:
            at = bisect_left(tails, place)
            tails[at : at + 1] = [place]
    return _share(len(tails), n)


def _longest_contiguous(places: Places, n: int) -> Decimal:
    """The longest run i, i+1, … of the key whose items come in this order, whatever stands between them / n; 0 where it is below 2."""
    length: dict[int, int] = {}
    for place in places:
        if place is not None:
            length[place] = length.get(place - 1, 0) + 1
    return _share(max(length.values(), default=0), n)


def _share(count: int, n: int) -> Decimal:
    return Decimal(count) / n if count > 1 else ZERO


SCHEMES: Mapping[Scheme, Callable[[Places, int], Decimal]] = {
    Scheme.ABSOLUTE_POSITION: _absolute_position,
    Scheme.ALL_OR_NOTHING: _all_or_nothing,
    Scheme.ADJACENT_PAIRS: _adjacent_pairs,
    Scheme.LONGEST_ORDERED_SUBSET: _longest_ordered_subset,
    Scheme.NEXT_INCLUDE_LAST: _next_include_last,
    Scheme.PREV_NEXT: _prev_next,
    Scheme.ALL_PAIRS: _all_pairs,
    Scheme.LONGEST_CONTIGUOUS: _longest_contiguous,
}


def worth(scheme: Scheme, places: Places) -> Decimal:
    """The fraction that an order earns under a scheme."""
    n = len(places)
    return SCHEMES[scheme](places, n) if n > 1 else _all_or_nothing(places, n)
