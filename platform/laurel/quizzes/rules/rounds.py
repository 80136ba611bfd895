"""Rounds: an exam may be sat again, when something outside asks for it. What led to a pass is not counted again; before that, it is."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from laurel.quizzes.rules.terms import Terms, with_more_attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Which of a learner's rounds at an exam it is.

    `opened_for`: what it is for, in the ids of whoever opened it; None for the first, which everybody has. `closes_at`: no attempt
    serves what it is for from then on. `includes_attempts` False: it brings none along. `was_passed_before`: in an earlier round.
    `counts_from`: the round from which on attempts are counted in this one. That is this one itself, if it brings its own or the exam was
    passed before; otherwise what was not used up serves here, and the counting goes on (docs/decisions/0027).
    """

    number: int = 1
    opened_for: UUID | None = None
    closes_at: datetime | None = None
    includes_attempts: bool = True
    was_passed_before: bool = False
    counts_from: int = 1

    @property
    def has_own_attempts(self) -> bool:
        """Whether the attempts that the exam itself allows serve in it."""
        return self.includes_attempts or self.counts_from < self.number

    def counts(self, round_number: int) -> bool:
        """Whether the attempts of that round are counted in this one."""
        return round_number >= self.counts_from

    def has_ended(self, now: datetime) -> bool:
        return self.closes_at is not None and now >= self.closes_at

    def is_over(self, now: datetime) -> bool:
        """Whether no attempt may start for that it has ended: who has never passed keeps those that came with the exam."""
        return self.was_passed_before and self.has_ended(now)


FIRST = Round()


def in_round(terms: Terms, present: Round, *, extra_attempts: int = 0) -> Terms:
    """The terms of a learner in this round, with `extra_attempts` besides those that it includes."""
    included = terms if present.has_own_attempts or terms.attempts is None else replace(terms, attempts=0)
    return with_more_attempts(included, extra_attempts)
