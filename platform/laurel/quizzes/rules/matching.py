"""Giving every place of a paper its units without giving one twice: a matching, found exactly by augmenting paths.

A unit is a question, or a whole duplicate group, of which one question may be asked. As the groups do not overlap, "no question
twice and at most one of a group" is "no unit twice", and the paper a b-matching of places and units (Kuhn 1955, with breadth
first search). Along an augmenting path, who holds something goes on holding something: so what was won from the preferred
units is kept when the others are let in, and of those no more are taken than a full paper needs.
"""

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from random import Random

Unit = Hashable


@dataclass(frozen=True, slots=True)
class Want:
    """A place that takes `count` units. `tiers` are what it can take, the preferred first, no unit twice; all wants have as many."""

    count: int
    tiers: Sequence[Sequence[Unit]]

    @property
    def slack(self) -> int:
        return sum(len(tier) for tier in self.tiers) - self.count


@dataclass(frozen=True, slots=True)
class Shortage:
    """Places (by number) that ask for `needed` units together, where there are but `available` (Hall's condition, violated)."""

    places: tuple[int, ...]
    needed: int
    available: int


def fill(wants: Sequence[Want], dice: Random) -> dict[Unit, int] | Shortage:
    """Every unit that is taken with the number of its place, in the order in which they were taken; or why it cannot be done."""
    return _Filling(wants, dice).run()


class _Filling:
    def __init__(self, wants: Sequence[Want], dice: Random) -> None:
        self.wants = wants
        self.dice = dice
        self.holder: dict[Unit, int] = {}
        self.missing = [want.count for want in wants]
        self.admitted: list[list[Sequence[Unit]]] = [[] for _ in wants]
        self.decks: list[list[list[Unit]]] = [[] for _ in wants]
        """What of the admitted tiers was not looked at yet, to be dealt in random order."""

    def run(self) -> dict[Unit, int] | Shortage:
        order = sorted(range(len(self.wants)), key=lambda place: (self.wants[place].slack, place))
        shortage = None
        for tier in range(max((len(want.tiers) for want in self.wants), default=0)):
            self._admit(tier)
            shortage = self._serve(order)
            if shortage is None:
                return self.holder
        return shortage or self.holder

    def _admit(self, tier: int) -> None:
        for place, want in enumerate(self.wants):
            self.admitted[place].append(want.tiers[tier])
            self.decks[place].append(list(want.tiers[tier]))

    def _serve(self, order: Sequence[int]) -> Shortage | None:
        """Give every place what it misses, as far as there is; returns the first shortage."""
        shortage = None
        for place in order:
            while self.missing[place]:
                stuck = self._give(place)
                if stuck is not None:
                    shortage = shortage or stuck
                    break
                self.missing[place] -= 1
        return shortage

    def _give(self, place: int) -> Shortage | None:
        """One more unit for `place`: a free one, or one whose holder finds itself another, directly or through others again."""
        handed: dict[int, tuple[Unit, int]] = {}  # place → the unit that it would give up, and to whom
        waiting, reached = deque([place]), {place}
        while waiting:
            asked = waiting.popleft()
            unit = self._deal(asked)
            if unit is not None:
                self._pass_on(unit, asked, handed)
                return None
            for unit in self._all_of(asked):
                other = self.holder[unit]
                if other not in reached:
                    reached.add(other)
                    handed[other] = unit, asked
                    waiting.append(other)
        units = {unit for each in reached for tier in self.admitted[each] for unit in tier}
        return Shortage(tuple(sorted(reached)), sum(self.wants[each].count for each in reached), len(units))

    def _deal(self, place: int) -> Unit | None:
        """A free unit for `place`, at random among the most preferred that there are. A unit that is held stays held."""
        for deck in self.decks[place]:
            while deck:
                at = int(self.dice.random() * len(deck))
                deck[at], deck[-1] = deck[-1], deck[at]
                unit = deck.pop()
                if unit not in self.holder:
                    return unit
        return None

    def _all_of(self, place: int) -> list[Unit]:
        units = [unit for tier in self.admitted[place] for unit in tier]
        return self.dice.sample(units, k=len(units))

    def _pass_on(self, unit: Unit, place: int, handed: dict[int, tuple[Unit, int]]) -> None:
        self.holder[unit] = place
        while place in handed:
            given, to = handed[place]
            self.holder[given] = to
            place = to
