"""How known a pool is by now: what it lasts for, and facilities that drift. Signs for a person to follow, never verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import erfc, sqrt

RECENT = timedelta(days=30)
DRIFT_WINDOW = timedelta(days=90)
MAX_SHARE = 0.30
"""A question that is on more than this share of the papers is shown too often (trust, exposure control)."""
LEAST_POOL = 3
"""A pool should hold this many times what is drawn from it."""
VIEWS_OF_A_LIFE = 250
"""After so many views a question is taken as known. An assumption, shown with what is computed from it."""
MAX_DRIFT = 0.15
LEAST_ANSWERS = 30
"""A facility over fewer answers is preliminary, and no sign of anything."""


def learners_left(shown: Sequence[int], count: int) -> int:
    """For about how many more papers a pool lasts that draws `count`, until its questions have had `VIEWS_OF_A_LIFE` each."""
    return sum(max(0, VIEWS_OF_A_LIFE - times) for times in shown) // count


def is_known(shown: int) -> bool:
    """Whether it is time to retire a question that was on so many papers."""
    return shown >= VIEWS_OF_A_LIFE


def is_pool_small(units: int, count: int) -> bool:
    return units < LEAST_POOL * count


@dataclass(frozen=True, slots=True)
class Drift:
    """The facility of one question before the window and in it, each over so many answers."""

    before: float
    answers_before: int
    lately: float
    answers_lately: int

    @property
    def change(self) -> float:
        """Above zero: it became easier."""
        return self.lately - self.before

    @property
    def is_judgeable(self) -> bool:
        return min(self.answers_before, self.answers_lately) >= LEAST_ANSWERS

    @property
    def is_notable(self) -> bool:
        return self.is_judgeable and abs(self.change) > MAX_DRIFT

    @property
    def chance(self) -> float:
        """How likely a change beyond `MAX_DRIFT` is if nothing changed: two shares of the same size, normally approximated."""
        answers = self.answers_before + self.answers_lately
        pooled = (self.before * self.answers_before + self.lately * self.answers_lately) / answers
        spread = sqrt(pooled * (1 - pooled) * (1 / self.answers_before + 1 / self.answers_lately))
        return erfc(MAX_DRIFT / spread / sqrt(2)) if spread else 0.0


def expected_by_chance(drifts: Sequence[Drift]) -> float:
    """How many of these would drift beyond the limit although nothing changed: the base rate beside which signs are read."""
    return sum(drift.chance for drift in drifts if drift.is_judgeable)
