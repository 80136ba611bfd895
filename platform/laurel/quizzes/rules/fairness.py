"""How equal the papers of one quiz are: what an average learner would score on each. Estimates, nobody's score, hence floats."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, pstdev
from uuid import UUID

from laurel.quizzes.rules.exposing import LEAST_ANSWERS

FACILITY_OF_DIFFICULTY = {1: 0.90, 2: 0.80, 3: 0.65, 4: 0.50, 5: 0.35}
"""What is taken for the facility of a question that too few have answered. An assumption, shown as one."""
FAR = 0.5
"""A paper whose expected score is more than this many σ from the mean is not equal to the others (trust §4.1)."""
LEAST_FOR_SIGMA = 30


@dataclass(frozen=True, slots=True)
class Facility:
    """The mean share of the mark that a question earns. `answers` 0: assumed from its difficulty."""

    value: float
    answers: int

    @property
    def is_measured(self) -> bool:
        return self.answers > 0


def facility_of(difficulty: int, *, mean: float | None, answers: int) -> Facility:
    """The measured facility where enough have answered, else what its difficulty suggests."""
    if mean is None or answers < LEAST_ANSWERS:
        return Facility(FACILITY_OF_DIFFICULTY[difficulty], 0)
    return Facility(min(1.0, max(0.0, mean)), answers)


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a paper: its facility and what it is worth."""

    facility: float
    worth: float


def expected_score(paper: Sequence[Item]) -> float:
    """The score, from 0 to 1, that an average learner would have on this paper."""
    return sum(item.facility * item.worth for item in paper) / sum(item.worth for item in paper)


def assumed_sigma(paper: Sequence[Item]) -> float:
    """How much scores on one paper would spread if all learners were equally good: luck alone, so rather too small than too large."""
    luck = sum(item.facility * (1 - item.facility) * item.worth**2 for item in paper)
    return sqrt(luck) / sum(item.worth for item in paper)


@dataclass(frozen=True, slots=True)
class Forms:
    """How the expected scores of many papers lie. `sigma`: by how much learners' scores spread, measured or assumed."""

    scores: Sequence[float]
    sigma: float
    is_sigma_measured: bool

    @property
    def mean(self) -> float:
        return fmean(self.scores)

    @property
    def spread(self) -> float:
        return pstdev(self.scores)

    @property
    def far(self) -> int:
        """How many papers lie more than `FAR` σ from the mean."""
        mean = self.mean
        return sum(abs(score - mean) > FAR * self.sigma for score in self.scores)


def compare_forms(papers: Sequence[Sequence[Item]], *, scores: Sequence[float]) -> Forms:
    """The forms of `papers`; `scores` are those that learners really had, which give σ where there are enough of them."""
    is_measured = len(scores) >= LEAST_FOR_SIGMA
    sigma = pstdev(scores) if is_measured else fmean(assumed_sigma(paper) for paper in papers)
    return Forms([expected_score(paper) for paper in papers], sigma, is_measured)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram: values from `start` up to `end`, and how many there are."""

    start: float
    end: float
    count: int


def histogram(values: Sequence[float], *, width: float) -> list[Bar]:
    """Bars of equal width over all values, without a gap; the edges are multiples of `width`."""
    counts = Counter(int(value / width + 1e-9) for value in values)
    if not counts:
        return []
    return [Bar(at * width, (at + 1) * width, counts[at]) for at in range(min(counts), max(counts) + 1)]


def count_together(papers: Iterable[Sequence[UUID]], groups: Mapping[UUID, str]) -> int:
    """How many pairs of one duplicate group stand on a paper together, over all papers."""
    found = 0
    for paper in papers:
        sizes = Counter(groups[question] for question in paper if question in groups)
        found += sum(size * (size - 1) // 2 for size in sizes.values())
    return found
