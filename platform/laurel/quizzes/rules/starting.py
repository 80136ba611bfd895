"""Whether a learner may start another attempt, and if not, why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from laurel.quizzes.rules import timing
from laurel.quizzes.rules.quizzes import QuizKind


class Obstacle(StrEnum):
    """What keeps a learner from starting."""

    PASSED = "passed"
    NO_ATTEMPTS_LEFT = "no_attempts_left"
    WAIT = "wait"
    ROUND_OVER = "round_over"
    NOT_YET_OPEN = "not_yet_open"
    CLOSED = "closed"

    @property
    def message(self) -> str:
        return {
            "passed": "You have passed this exam. There is nothing left to prove.",
            "no_attempts_left": "You have used all attempts.",
            "wait": "The waiting time after your last attempt is not over yet.",
            "round_over": "The time in which you could take this exam again is over.",
            "not_yet_open": "This has not opened yet.",
            "closed": "This is closed.",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAttempt:
    """What of an earlier attempt decides about the next one. `finished_at` None: it is still open."""

    finished_at: datetime | None
    passed: bool
    is_counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRules:
    """What of a quiz decides about starting."""

    kind: QuizKind
    attempts_allowed: int | None
    retake_wait_hours: Sequence[int]
    opens_at: datetime | None
    closes_at: datetime | None
    is_round_over: bool = False


@dataclass(frozen=True, slots=True)
class StartCheck:
    """`used` attempts count against the limit. `next_start_at`: when the wait is over, None if there is none to sit out."""

    obstacle: Obstacle | None
    used: int
    left: int | None
    next_start_at: datetime | None


def check_start(rules: StartRules, past: Sequence[PastAttempt], *, now: datetime) -> StartCheck:
    """Whether the next attempt may start at `now`, an open attempt aside. `past`: the attempts of the round that it would belong to."""
    counted = [attempt for attempt in past if attempt.is_counted]
    used = len(counted)
    left = None if rules.attempts_allowed is None else max(0, rules.attempts_allowed - used)
    ends = [attempt.finished_at for attempt in counted if attempt.finished_at is not None]
    start_at = (
        timing.next_start(last_finished_at=max(ends), finished_attempts=len(ends), wait_hours=rules.retake_wait_hours) if ends else None
    )
    waits = start_at is not None and now < start_at
    obstacle = None
    if rules.kind is QuizKind.EXAM and any(attempt.passed for attempt in past):
        obstacle = Obstacle.PASSED
    elif rules.closes_at is not None and now >= rules.closes_at:
        obstacle = Obstacle.CLOSED
    elif rules.is_round_over:
        obstacle = Obstacle.ROUND_OVER
    elif left == 0:
        obstacle = Obstacle.NO_ATTEMPTS_LEFT
    elif rules.opens_at is not None and now < rules.opens_at:
        obstacle = Obstacle.NOT_YET_OPEN
    elif waits:
        obstacle = Obstacle.WAIT
    return StartCheck(obstacle=obstacle, used=used, left=left, next_start_at=start_at if waits else None)
