"""Further attempts at an exam, for money: who may buy one. (specs/payments.md §9)"""

from dataclasses import dataclass
from enum import StrEnum

MAX_RETAKES = 10
"""So many attempts one person may buy for one exam: whoever needs more needs help, not another attempt."""


class RetakeObstacle(StrEnum):
    """Why a further attempt cannot be bought."""

    NO_EXAM = "no_exam"
    NOT_OWNED = "not_owned"
    PASSED = "passed"
    CLOSED = "closed"
    RUNNING = "running"
    ATTEMPTS_LEFT = "attempts_left"
    WAIT = "wait"
    TOO_MANY = "too_many"

    @property
    def message(self) -> str:
        return {
            "no_exam": "This course has no exam.",
            "not_owned": "Only who has the course can buy a further attempt at its exam.",
            "passed": "You have passed this exam. There is nothing left to prove.",
            "closed": "This exam is closed.",
            "running": "You are in the middle of an attempt. Finish it first.",
            "attempts_left": "You have an attempt left. Use it first.",
            "wait": "The waiting time after your last attempt is not over yet.",
            "too_many": "You have bought as many attempts as one person can. Write to us, we would like to help.",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetakeFacts:
    """What decides about buying a further attempt. `left` None: attempts are not limited. `bought` counts those used up, too."""

    has_exam: bool
    is_owned: bool
    has_passed: bool
    is_closed: bool
    is_running: bool
    left: int | None
    waits: bool
    bought: int


def find_retake_obstacle(facts: RetakeFacts) -> RetakeObstacle | None:
    """The first thing that stands between this person and a further attempt."""
    checks = [
        (facts.has_exam, RetakeObstacle.NO_EXAM),
        (facts.is_owned, RetakeObstacle.NOT_OWNED),
        (not facts.has_passed, RetakeObstacle.PASSED),
        (not facts.is_closed, RetakeObstacle.CLOSED),
        (not facts.is_running, RetakeObstacle.RUNNING),
        (facts.left == 0, RetakeObstacle.ATTEMPTS_LEFT),
        (not facts.waits, RetakeObstacle.WAIT),
        (facts.bought < MAX_RETAKES, RetakeObstacle.TOO_MANY),
    ]
    return next((obstacle for is_fine, obstacle in checks if not is_fine), None)
