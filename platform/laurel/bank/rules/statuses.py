"""The life of a question."""

from collections.abc import Mapping
from enum import StrEnum

from laurel.core.errors import ConflictError


class QuestionStatus(StrEnum):
    """Where the latest version of a question stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    READY = "ready"
    RETIRED = "retired"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class QuestionTransitionError(ConflictError):
    """The question cannot take that step from where it is."""


NEXT: Mapping[QuestionStatus, frozenset[QuestionStatus]] = {
    QuestionStatus.DRAFT: frozenset({QuestionStatus.IN_REVIEW, QuestionStatus.RETIRED}),
    QuestionStatus.IN_REVIEW: frozenset({QuestionStatus.READY, QuestionStatus.DRAFT}),
    QuestionStatus.READY: frozenset({QuestionStatus.DRAFT, QuestionStatus.RETIRED}),
    QuestionStatus.RETIRED: frozenset({QuestionStatus.DRAFT}),
}


def may_become(current: QuestionStatus, wanted: QuestionStatus) -> bool:
    return wanted in NEXT[current]


def advance(current: QuestionStatus, wanted: QuestionStatus) -> QuestionStatus:
    """`wanted`, if a question that is `current` may become it."""
    if not may_become(current, wanted):
        raise QuestionTransitionError(f"A question that is {current.label.lower()} cannot become {wanted.label.lower()}.")
    return wanted


def withdraws(current: QuestionStatus, wanted: QuestionStatus) -> bool:
    """Whether the step takes a question from learners: any step out of ready, and every retirement."""
    return wanted is QuestionStatus.RETIRED or (current is QuestionStatus.READY and wanted is not QuestionStatus.READY)
