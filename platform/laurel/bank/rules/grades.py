"""What an answer is worth."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

ALMOST_ONE = Decimal("0.999999")
ALMOST_ZERO = Decimal("0.000001")
TEN_PLACES = Decimal("1e-10")
ZERO = Decimal(0)
ONE = Decimal(1)


class GradeState(StrEnum):
    """How an answer did, in words. A question that nobody answered is `gave_up`, never `incorrect`; `needs_grading`: a person has
    to read it."""

    CORRECT = "correct"
    PARTIALLY_CORRECT = "partially_correct"
    INCORRECT = "incorrect"
    GAVE_UP = "gave_up"
    NEEDS_GRADING = "needs_grading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a kind's own rule says, before negative marks are dealt with."""

    fraction: Decimal
    matched: int | None = None
    is_near_miss: bool = False
    is_invalid: bool = False
    needs_grader: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The share of the mark that an answer earns.

    `matched` is the index of the option that was chosen (single choice) or of the answer that matched (short answer,
    numerical). `is_near_miss` is for a human to look at; `is_invalid` says that the text is not a number at all.
    """

    fraction: Decimal
    state: GradeState
    matched: int | None = None
    is_near_miss: bool = False
    is_invalid: bool = False


GAVE_UP = Grade(fraction=ZERO, state=GradeState.GAVE_UP)
NEEDS_GRADING = Grade(fraction=ZERO, state=GradeState.NEEDS_GRADING)


def grade_of(judgement: Judgement, *, allow_negative: bool) -> Grade:
    """The grade of a judgement: never above 1, below 0 only where the quiz enables negative marks, and with ten places, which is what
    the databases keep. What needs a grader has none yet."""
    if judgement.needs_grader:
        return NEEDS_GRADING
    fraction = min(judgement.fraction, ONE) if allow_negative else min(max(judgement.fraction, ZERO), ONE)
    fraction = fraction.quantize(TEN_PLACES, ROUND_HALF_UP).normalize() + ZERO
    return Grade(
        fraction=fraction,
        state=state_of(fraction),
        matched=judgement.matched,
        is_near_miss=judgement.is_near_miss,
        is_invalid=judgement.is_invalid,
    )


def state_of(fraction: Decimal) -> GradeState:
    """The state of an answered question."""
    if fraction >= ALMOST_ONE:
        return GradeState.CORRECT
    return GradeState.INCORRECT if fraction <= ALMOST_ZERO else GradeState.PARTIALLY_CORRECT
