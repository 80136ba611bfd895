"""What a course is made of and which states it may be in."""

from dataclasses import dataclass, field
from enum import StrEnum

from laurel.core.errors import ConflictError


class CourseStatus(StrEnum):
    """A course page never dies: a retired course still says what it was."""

    COMING_SOON = "coming_soon"
    OPEN = "open"
    RETIRING = "retiring"
    RETIRED = "retired"


class LessonKind(StrEnum):
    """What a learner does in a lesson: read it, pass its graded quiz, or pass the exam."""

    READING = "reading"
    QUIZ = "quiz"
    EXAM = "exam"


NEXT: dict[CourseStatus, frozenset[CourseStatus]] = {
    CourseStatus.COMING_SOON: frozenset({CourseStatus.OPEN}),
    CourseStatus.OPEN: frozenset({CourseStatus.RETIRING, CourseStatus.RETIRED}),
    CourseStatus.RETIRING: frozenset({CourseStatus.OPEN, CourseStatus.RETIRED}),
    CourseStatus.RETIRED: frozenset(),
}


def advance(current: CourseStatus, wanted: CourseStatus) -> CourseStatus:
    """Return `wanted` if a course that is `current` may become it; raise if not."""
    if wanted is not current and wanted not in NEXT[current]:
        raise ConflictError(f"A course that is {current} cannot become {wanted}.")
    return wanted


def is_for_sale(status: CourseStatus) -> bool:
    """Whether new learners may enroll."""
    return status in {CourseStatus.OPEN, CourseStatus.RETIRING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One entry of a course's frequently asked questions."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseContent:
    """What a course page says of a course. `hue` colors the badge (0-359).

    `hours` is what is planned for a course that has no lessons yet; from then on they are counted (`CourseCard.hours`).
    """

    title: str
    mark: str = ""
    code: str
    level: int
    category: str
    outcome: str
    summary: str
    hours: int = 0
    updated_on: str
    hue: int
    languages: tuple[str, ...] = ("en",)
    for_whom: tuple[str, ...] = ()
    not_for: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    refund_days: int = 0
    next_slug: str | None = None
    faq: tuple[Question, ...] = field(default=())
