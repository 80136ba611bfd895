"""Marks, scores, passing, and how they are shown. Decimal all the way; rounding is for the eye only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum

TWO_PLACES = Decimal("0.01")
WRITING_ERROR = Decimal("0.000001")
"""No decimal says a third: three of them, or three as the database keeps them, fall short of one by less than this. What a learner
really misses is far more."""
LEAST_FOR_BAND = 5
"""A domain with fewer questions says nothing about a learner and too much about its questions."""
NEAR = Decimal(15)
STRONG = Decimal(85)


@dataclass(frozen=True, slots=True)
class Mark:
    """What one question earned of what it could, and the part of the blueprint it belongs to."""

    earned: Decimal
    possible: Decimal
    domain: str = ""
    domain_title: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """Σ mark of Σ max, the sum never below 0."""

    earned: Decimal
    possible: Decimal

    def reaches(self, pass_percent: Decimal) -> bool:
        """Whether the unrounded score reaches the pass mark. A quiz with no questions passes nobody."""
        return self.possible > 0 and (self.earned + WRITING_ERROR) * 100 >= pass_percent * self.possible

    @property
    def percent(self) -> Decimal:
        """The unrounded percentage."""
        return self.earned * 100 / self.possible if self.possible else Decimal(0)

    def shown(self, pass_percent: Decimal) -> Decimal:
        """The percentage for the eye: half-up to two places, but never up to a pass mark that was not reached."""
        rounded = self.percent.quantize(TWO_PLACES, ROUND_HALF_UP)
        if rounded >= pass_percent and not self.reaches(pass_percent):
            return self.percent.quantize(TWO_PLACES, ROUND_DOWN)
        return rounded


def score_of(marks: Iterable[Mark]) -> Score:
    marks = list(marks)
    return Score(
        earned=max(Decimal(0), sum((mark.earned for mark in marks), Decimal(0))),
        possible=sum((mark.possible for mark in marks), Decimal(0)),
    )


class Band(StrEnum):
    """How a learner did in a domain, coarse enough to give no question away."""

    STRONG = "strong"
    PASSED = "passed"
    NEAR = "near"
    WEAK = "weak"

    @property
    def label(self) -> str:
        return {"strong": "Strong", "passed": "At the pass mark", "near": "Just below the pass mark", "weak": "Needs work"}[self.value]

    @property
    def level(self) -> int:
        """1 to 4, for a bar of four parts."""
        return {"strong": 4, "passed": 3, "near": 2, "weak": 1}[self.value]


@dataclass(frozen=True, slots=True)
class DomainResult:
    """One domain's part of a result."""

    domain: str
    title: str
    questions: int
    score: Score
    band: Band


def band_of(score: Score, pass_percent: Decimal) -> Band:
    if score.reaches(max(STRONG, pass_percent)):
        return Band.STRONG
    if score.reaches(pass_percent):
        return Band.PASSED
    return Band.NEAR if score.reaches(pass_percent - NEAR) else Band.WEAK


def results_by_domain(marks: Sequence[Mark], pass_percent: Decimal) -> list[DomainResult]:
    """The domains with at least five questions, in the order in which the paper first names them."""
    groups: dict[str, list[Mark]] = {}
    for mark in marks:
        if mark.domain:
            groups.setdefault(mark.domain, []).append(mark)
    return [
        DomainResult(domain, group[0].domain_title or domain, len(group), score_of(group), band_of(score_of(group), pass_percent))
        for domain, group in groups.items()
        if len(group) >= LEAST_FOR_BAND
    ]


def shown_mark(mark: Decimal) -> str:
    """`1`, `0.5`, `0.33`: two places at most, half-up, no trailing zeros."""
    return f"{mark.quantize(TWO_PLACES, ROUND_HALF_UP).normalize() + 0:f}"
