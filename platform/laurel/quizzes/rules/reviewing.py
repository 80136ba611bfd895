"""What a learner may see of an attempt, and when: fields × phases, filled by presets."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

JUST_AFTER = timedelta(minutes=2)


class ReviewPreset(StrEnum):
    PRACTICE = "practice"
    COURSE_QUIZ = "course_quiz"
    CERTIFICATION = "certification"


class Phase(StrEnum):
    """When somebody looks: while the attempt runs, up to two minutes after its end, later, or when nobody can start another."""

    DURING = "during"
    JUST_AFTER = "just_after"
    LATER = "later"
    CLOSED = "closed"


class Field(StrEnum):
    """What there is to see."""

    PAPER = "paper"
    MAX_MARKS = "max_marks"
    MARKS = "marks"
    RIGHT_OR_WRONG = "right_or_wrong"
    OPTION_FEEDBACK = "option_feedback"
    GENERAL_FEEDBACK = "general_feedback"
    RIGHT_ANSWER = "right_answer"
    PASSED = "passed"
    BANDS = "bands"


ORDER = (Phase.DURING, Phase.JUST_AFTER, Phase.LATER, Phase.CLOSED)


def _row(practice: str, course_quiz: str, certification: str) -> dict[ReviewPreset, str]:
    return {ReviewPreset.PRACTICE: practice, ReviewPreset.COURSE_QUIZ: course_quiz, ReviewPreset.CERTIFICATION: certification}


# One letter for each phase of ORDER: x may be seen, - not. The table of specs/quizzes.md §5.
TABLE: Mapping[Field, Mapping[ReviewPreset, str]] = {
    Field.PAPER: _row("xxxx", "xxxx", "x---"),
    Field.MAX_MARKS: _row("xxxx", "xxxx", "x---"),
    Field.MARKS: _row("xxxx", "-xxx", "----"),
    Field.RIGHT_OR_WRONG: _row("xxxx", "-xxx", "----"),
    Field.OPTION_FEEDBACK: _row("xxxx", "-xxx", "----"),
    Field.GENERAL_FEEDBACK: _row("xxxx", "--xx", "----"),
    Field.RIGHT_ANSWER: _row("-xxx", "---x", "----"),
    Field.PASSED: _row("-xxx", "-xxx", "-xxx"),
    Field.BANDS: _row("-xxx", "-xxx", "-xxx"),
}


def phase_of(*, finished_at: datetime | None, may_start_again: bool, now: datetime) -> Phase:
    """The phase at `now`. An attempt counts as closed when its learner can start no other, so that no answer helps them."""
    if finished_at is None:
        return Phase.DURING
    if not may_start_again:
        return Phase.CLOSED
    return Phase.JUST_AFTER if now - finished_at <= JUST_AFTER else Phase.LATER


def visible(preset: ReviewPreset, phase: Phase) -> frozenset[Field]:
    """The fields that may be seen in this phase."""
    column = ORDER.index(phase)
    return frozenset(field for field, presets in TABLE.items() if presets[preset][column] == "x")
