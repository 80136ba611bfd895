"""The time and the attempts that one learner has at a quiz: their own override, their groups', the quiz's; and what was accommodated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any

from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules.quizzes import MAX_ATTEMPTS, MAX_MINUTES

ALWAYS = datetime.min.replace(tzinfo=UTC)
"""Opens: before every moment, so there is nothing to wait for."""
NEVER = datetime.max.replace(tzinfo=UTC)
"""Closes: after every moment."""
LEAST_MULTIPLIER, MOST_MULTIPLIER = Decimal(1), Decimal(4)
MAX_EXTRA_MINUTES = 8 * 60


class ReasonCategory(StrEnum):
    """Why somebody is accommodated, as coarse as it can be: what is kept is the effect. Only support and above see it."""

    DISABILITY = "disability"
    HEALTH = "health"
    LANGUAGE = "language"
    TECHNICAL = "technical"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "disability": "Disability",
            "health": "Health",
            "language": "Not their first language",
            "technical": "Equipment or connection",
            "other": "Something else",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizTerms:
    """What a quiz grants everybody. `minutes` and `attempts` None: no limit."""

    minutes: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    attempts: int | None
    wait_hours: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What was set otherwise for a learner or for a group. None: not set; `minutes` and `attempts` 0: no limit; ALWAYS and NEVER."""

    minutes: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    attempts: int | None = None
    waives_wait: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a learner is accommodated with, in every quiz that has a limit. `expires_at` None: for good."""

    multiplier: Decimal = Decimal(1)
    extra_minutes: int = 0
    hides_timer: bool = False
    expires_at: datetime | None = None

    def is_valid_at(self, moment: datetime) -> bool:
        return self.expires_at is None or moment < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a learner has. `multiplier` None: nothing was multiplied, for want of a limit or of a profile, or an override set the limit."""

    limit: timedelta | None
    multiplier: Decimal | None
    extra: timedelta
    opens_at: datetime | None
    closes_at: datetime | None
    attempts: int | None
    wait_hours: Sequence[int]
    hides_timer: bool

    @property
    def minutes(self) -> int | None:
        """The limit in whole minutes, as a page says it."""
        return None if self.limit is None else int(self.limit.total_seconds() // 60)


def resolve(quiz: QuizTerms, *, own: Override | None, groups: Sequence[Override], profile: Profile | None) -> Terms:
    """Field by field: the learner's own override, else the most generous of their groups', else what the quiz says.

    The profile stretches the quiz's limit; a limit that an override sets is meant as it stands.
    """
    minutes = _choose("minutes", own, groups, _most)
    attempts = _choose("attempts", own, groups, _most)
    opens_at = _choose("opens_at", own, groups, min) or quiz.opens_at
    closes_at = _choose("closes_at", own, groups, max) or quiz.closes_at
    limit, multiplier, extra = _limit(quiz.minutes, minutes, profile)
    return Terms(
        limit=limit,
        multiplier=multiplier,
        extra=extra,
        opens_at=None if opens_at == ALWAYS else opens_at,
        closes_at=None if closes_at == NEVER else closes_at,
        attempts=quiz.attempts if attempts is None else attempts or None,
        wait_hours=() if _choose("waives_wait", own, groups, max) else tuple(quiz.wait_hours),
        hides_timer=profile is not None and profile.hides_timer,
    )


def _choose(field: str, own: Override | None, groups: Sequence[Override], best: Callable[[list[Any]], Any]) -> Any:
    mine = None if own is None else getattr(own, field)
    if mine is not None:
        return mine
    given = [value for group in groups if (value := getattr(group, field)) is not None]
    return best(given) if given else None


def _most(counts: list[int]) -> int:
    """The most generous of some limits: 0, which is none, beats all."""
    return 0 if 0 in counts else max(counts)


def _limit(base: int | None, override: int | None, profile: Profile | None) -> tuple[timedelta | None, Decimal | None, timedelta]:
    nothing = timedelta(0)
    if override is not None:
        return (timedelta(minutes=override) if override else None), None, nothing
    if base is None or profile is None:
        return (None if base is None else timedelta(minutes=base)), None, nothing
    extra = timedelta(minutes=profile.extra_minutes)
    seconds = int((base * 60 * profile.multiplier).to_integral_value(ROUND_CEILING))
    return timedelta(seconds=seconds) + extra, profile.multiplier, extra


def with_more_attempts(terms: Terms, count: int) -> Terms:
    """The terms of a learner who was given `count` attempts besides those that they have."""
    return terms if terms.attempts is None else replace(terms, attempts=terms.attempts + count)


def keep_generous(began: QuizTerms, published: QuizTerms) -> QuizTerms:
    """For an attempt that runs: a newly published version may give time, it takes none that the learner began with."""
    minutes, closes_at = (began.minutes, published.minutes), (began.closes_at, published.closes_at)
    return QuizTerms(
        minutes=None if None in minutes else max(m for m in minutes if m is not None),
        closes_at=None if None in closes_at else max(c for c in closes_at if c is not None),
        opens_at=published.opens_at,
        attempts=published.attempts,
        wait_hours=published.wait_hours,
    )


def check_override(override: Override) -> None:
    """Raise InvalidInputError, with the field, for an override that sets nothing or what no quiz could have."""
    if override == Override():
        raise InvalidInputError("Set at least one thing that is to be different.", field="minutes")
    if override.minutes is not None and not 0 <= override.minutes <= MAX_MINUTES:
        raise InvalidInputError(f"The time is between 1 and {MAX_MINUTES} minutes; 0 stands for no limit.", field="minutes")
    if override.attempts is not None and not 0 <= override.attempts <= MAX_ATTEMPTS:
        raise InvalidInputError(f"Allow between 1 and {MAX_ATTEMPTS} attempts; 0 stands for no limit.", field="attempts")
    if override.opens_at and override.closes_at and override.opens_at >= override.closes_at:
        raise InvalidInputError("It closes after it opens.", field="closes_at")


def check_profile(profile: Profile) -> None:
    """Raise InvalidInputError, with the field, for a profile that changes nothing or more than it may."""
    if not LEAST_MULTIPLIER <= profile.multiplier <= MOST_MULTIPLIER or profile.multiplier != round(profile.multiplier, 2):
        raise InvalidInputError("The time is multiplied by a number between 1 and 4, for example 1.25.", field="multiplier")
    if not 0 <= profile.extra_minutes <= MAX_EXTRA_MINUTES:
        raise InvalidInputError(f"Add between 0 and {MAX_EXTRA_MINUTES} minutes.", field="extra_minutes")
    if profile.multiplier == 1 and not profile.extra_minutes and not profile.hides_timer:
        raise InvalidInputError("This would change nothing. Multiply the time, add minutes, or hide the timer.", field="multiplier")
