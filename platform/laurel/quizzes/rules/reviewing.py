"""What a learner may see of an attempt, and when: fields × phases. Presets fill the table; an author may decide otherwise, cell by cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

JUST_AFTER = timedelta(minutes=2)


class ReviewPreset(StrEnum):
    PRACTICE = "practice"
    COURSE_QUIZ = "course_quiz"
    CERTIFICATION = "certification"

    @property
    def label(self) -> str:
        return {"practice": "Practice", "course_quiz": "Course quiz", "certification": "Certification"}[self.value]


class Phase(StrEnum):
    """When somebody looks: while the attempt runs, up to two minutes after its end, later, or when the quiz is closed."""

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


@dataclass(frozen=True, slots=True)
class ReviewMatrix:
    """The cells in which something may be seen. `answers_early`: right answers, too, while the learner has an attempt left."""

    cells: frozenset[tuple[Field, Phase]]
    answers_early: bool = False

    def shows(self, field: Field, phase: Phase) -> bool:
        return (field, phase) in self.cells

    def visible(self, phase: Phase, *, has_attempt_left: bool) -> frozenset[Field]:
        """The fields that may be seen in this phase by a learner who has an attempt left, or none."""
        fields = frozenset(field for field, when in self.cells if when is phase)
        hides_answers = has_attempt_left and phase is not Phase.DURING and not self.answers_early
        return fields - {Field.RIGHT_ANSWER} if hides_answers else fields

    def to_json(self) -> dict[str, Any]:
        fields = {field.value: [phase.value for phase in ORDER if self.shows(field, phase)] for field in Field}
        return {"fields": fields, "answers_early": self.answers_early}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The matrix again. A field or a phase that this version does not know shows nothing."""
        fields: Mapping[str, list[str]] = data["fields"]
        cells = {(field, phase) for field in Field for phase in Phase if phase.value in fields.get(field.value, [])}
        return cls(frozenset(cells), answers_early=bool(data["answers_early"]))


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


def matrix_of(preset: ReviewPreset) -> ReviewMatrix:
    """The preset's table. Practice has no last attempt to wait for, so its right answers do not."""
    cells = {(field, phase) for field, presets in TABLE.items() for phase, mark in zip(ORDER, presets[preset], strict=True) if mark == "x"}
    return ReviewMatrix(frozenset(cells), answers_early=preset is ReviewPreset.PRACTICE)


def preset_of(matrix: ReviewMatrix) -> ReviewPreset | None:
    """The preset whose table this is, None if an author decided otherwise."""
    return next((preset for preset in ReviewPreset if matrix_of(preset) == matrix), None)


def phase_of(*, finished_at: datetime | None, closes_at: datetime | None, has_attempt_left: bool, now: datetime) -> Phase:
    """The phase at `now`. A quiz that never closes counts as closed for a learner who has no attempt left.

    One that does close is open until then even for them: others may still sit it, and people talk.
    """
    if finished_at is None:
        return Phase.DURING
    is_closed = not has_attempt_left if closes_at is None else now >= closes_at
    if is_closed:
        return Phase.CLOSED
    return Phase.JUST_AFTER if now - finished_at <= JUST_AFTER else Phase.LATER
