"""What a page shows of an essay besides its question: how much to write, and later what it earned, as far as that may be seen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from laurel.bank.rules import Body
from laurel.bank.rules.essay import MAX_LENGTH, Essay
from laurel.bank.rules.reading import write_number
from laurel.quizzes.rules.reviewing import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What somebody who writes an essay must know. None of it is a key."""

    instructions_html: str
    length_asked: str
    min_words: int | None
    max_words: int | None
    max_length: int = MAX_LENGTH


@dataclass(frozen=True, slots=True)
class Reading:
    """What a grader made of an answer: the points of each criterion in order, and words to the learner."""

    points: Sequence[Decimal]
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricLine:
    """One criterion. `points` is "" where nobody gave any, or they may not be seen; `level` is what the level reached says."""

    name: str
    description: str
    points: str
    max_points: str
    level: str
    levels: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricView:
    """An essay's criteria, grading and model answer as its learner may see them."""

    lines: Sequence[RubricLine]
    comment: str
    model_html: str


def writing_of(body: Body) -> Writing | None:
    """How to write this answer; None for a question that is no essay."""
    if not isinstance(body, Essay):
        return None
    return Writing(
        instructions_html=body.instructions_html, length_asked=body.length_asked, min_words=body.min_words, max_words=body.max_words
    )


def show_rubric(body: Body, reading: Reading | None, *, fields: Collection[Field], explain_all: bool) -> RubricView | None:
    """What of an essay's grading may be seen; None for a question that is no essay.

    Points belong to the marks, the comment to the general feedback, what the criteria say to the feedback on the answer, and the
    model answer to the right answer. `explain_all` (practice) shows criteria and model answer: nobody else compares them.
    """
    if not isinstance(body, Essay):
        return None
    explains = Field.OPTION_FEEDBACK in fields
    sees_points = reading is not None and Field.MARKS in fields
    shows_model = Field.RIGHT_ANSWER in fields or (explain_all and explains)
    lines = [
        RubricLine(
            name=criterion.name,
            description=criterion.description if explains else "",
            points=write_number(reading.points[at]) if reading is not None and sees_points else "",
            max_points=write_number(criterion.points),
            level=criterion.level_of(reading.points[at]) if reading is not None and sees_points and explains else "",
            levels=[(write_number(level.points), level.text) for level in criterion.levels] if explains and reading is None else [],
        )
        for at, criterion in enumerate(body.criteria)
    ]
    return RubricView(
        lines=lines if sees_points or (explain_all and explains) else [],
        comment=reading.comment if reading is not None and Field.GENERAL_FEEDBACK in fields else "",
        model_html=body.model_answer_html if shows_model else "",
    )
