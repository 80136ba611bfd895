"""Rounds: an exam that was passed may be sat again, when something outside asks for it. What was used up before is not counted again."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from laurel.quizzes.rules.terms import Terms, with_more_attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Which of a learner's rounds at an exam it is.

    `opened_for`: what it is for, in the ids of whoever opened it; None for the first, which everybody has. `closes_at`: no attempt
    starts from then on. `includes_attempts` False: each attempt of this round is one that was bought.
    """

    number: int = 1
    opened_for: UUID | None = None
    closes_at: datetime | None = None
    includes_attempts: bool = True

    def is_over(self, now: datetime) -> bool:
        return self.closes_at is not None and now >= self.closes_at


FIRST = Round()


def in_round(terms: Terms, present: Round, *, extra_attempts: int = 0) -> Terms:
    """The terms of a learner in this round, with `extra_attempts` besides those that it includes."""
    included = terms if present.includes_attempts or terms.attempts is None else replace(terms, attempts=0)
    return with_more_attempts(included, extra_attempts)
