"""Papers whose wrong answers are more alike than chance would have it. A sign for a person to follow, never a verdict.

Of two learners who both have a question wrong, chance lets some give the same wrong answer: the more, the more popular it is.
What is expected of a pair adds that up over the questions that *both* have wrong, so that two weak learners are not alike
merely because they have much wrong (error similarity analysis: Bellezza & Bellezza 1989, Teaching of Psychology 16). It is
simpler than ω and GBT and fits no model of ability, and it takes learners for independent: who learned the same wrong thing
in the same place is alike, too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias
from uuid import UUID

from laurel.quizzes.rules import chances

LEAST_SHEETS = 30
"""Over fewer attempts nobody knows which wrong answers are popular (trust, item leak signs: n ≥ 30)."""
MOST_SHEETS = 500
"""So many attempts are compared, the last ones: the pairs grow with the square."""

Sheet: TypeAlias = Mapping[UUID, str]
"""The wrong answers of one attempt, by the version of the question. Questions left empty are not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sheets, by their places: how many questions both have wrong, in how many the answers are the same, in how many chance
    would have it, and how likely chance shows as many or more."""

    first: int
    second: int
    both_wrong: int
    same: int
    expected: float
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What comparing `sheets` sheets gave. `usual`: how many wrong answers two of them have in common on average. `pairs`: those so
    much alike that among all `compared` chance would show one at most, the least likely first."""

    sheets: int
    compared: int
    usual: float
    pairs: Sequence[Pair]

    @property
    def is_judgeable(self) -> bool:
        return self.sheets >= LEAST_SHEETS


def compare(sheets: Sequence[Sheet]) -> Likeness:
    """Compare each sheet with each other."""
    compared = len(sheets) * (len(sheets) - 1) // 2
    if len(sheets) < LEAST_SHEETS:
        return Likeness(sheets=len(sheets), compared=compared, usual=0.0, pairs=())
    given: dict[UUID, Counter[str]] = {}
    for sheet in sheets:
        for question, answer in sheet.items():
            given.setdefault(question, Counter())[answer] += 1
    odds = {question: odds_of_same(counts.values()) for question, counts in given.items()}
    alike = sum(count * (count - 1) // 2 for counts in given.values() for count in counts.values())
    limit = 1 / compared
    found = (_judge(sheets, odds, *places) for places in _candidates(sheets, given, least_unusual(odds.values(), limit)))
    pairs = sorted((pair for pair in found if pair.chance <= limit), key=lambda pair: (pair.chance, pair.first, pair.second))
    return Likeness(sheets=len(sheets), compared=compared, usual=alike / compared, pairs=pairs)


def odds_of_same(counts: Iterable[int]) -> float:
    """How likely two who have a question wrong gave the same answer, if its wrong answers were given so many times each: the share
    of all pairs of theirs that did."""
    every = list(counts)
    total = sum(every)
    return sum(count * (count - 1) for count in every) / (total * (total - 1)) if total > 1 else 0.0


def least_unusual(odds: Iterable[float], limit: float) -> int:
    """How many answers a pair must have in common at least for its chance to be `limit` or less. With fewer it cannot be: the chance of
    being alike in n questions or more is no less than the product of the n smallest odds."""
    chance, count = 1.0, 0
    for share in sorted(share for share in odds if share):
        chance, count = chance * share, count + 1
        if chance <= limit:
            return count
    return count + 1


def _candidates(sheets: Sequence[Sheet], given: Mapping[UUID, Counter[str]], least: int) -> list[tuple[int, int]]:
    """The pairs that have so many wrong answers in common. A sheet is a number with a bit for each answer that others gave, too."""
    shared = [(question, answer) for question, counts in given.items() for answer, count in counts.items() if count > 1]
    bits = {one: 1 << at for at, one in enumerate(shared)}
    masks = [sum(bits.get(one, 0) for one in sheet.items()) for sheet in sheets]
    places = [at for at, mask in enumerate(masks) if mask.bit_count() >= least]
    return [(one, other) for one, other in combinations(places, 2) if (masks[one] & masks[other]).bit_count() >= least]


def _judge(sheets: Sequence[Sheet], odds: Mapping[UUID, float], one: int, other: int) -> Pair:
    first, second = sheets[one], sheets[other]
    both = first.keys() & second.keys()
    same = sum(first[question] == second[question] for question in both)
    shares = [odds[question] for question in both]
    chance = chances.at_least_among(same, shares)
    return Pair(first=one, second=other, both_wrong=len(both), same=same, expected=sum(shares), chance=chance)
