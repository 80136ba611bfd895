"""Renewing by CPD points: what an activity is, how its points are read, and how many there are (specs/credentials.md §8, E3).

Points are counted in hundredths, as whole numbers: 7.5 points are 750.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.renewing import MAX_POINTS
from laurel.credentials.rules.text import sanitize_text

HUNDREDTHS = 100
MAX_LINE = 200
MAX_LINK = 500
MAX_NOTE = 2000
MAX_WAITING = 100
"""So many activities of one certificate wait for staff at the same time."""
WRITTEN = re.compile(r"(?:0|[1-9][0-9]{0,3})(?:[.,]([0-9]{1,2}))?")


class ActivityState(StrEnum):
    """Where an activity stands. COUNTED: its points have renewed the certificate, and never count again."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    TAKEN_BACK = "taken back"
    COUNTED = "counted"


NEXT: dict[ActivityState, frozenset[ActivityState]] = {
    ActivityState.WAITING: frozenset({ActivityState.APPROVED, ActivityState.REFUSED, ActivityState.WITHDRAWN}),
    ActivityState.APPROVED: frozenset({ActivityState.TAKEN_BACK, ActivityState.COUNTED}),
    ActivityState.REFUSED: frozenset(),
    ActivityState.WITHDRAWN: frozenset(),
    ActivityState.TAKEN_BACK: frozenset(),
    ActivityState.COUNTED: frozenset(),
}
ALIVE = (ActivityState.WAITING, ActivityState.APPROVED, ActivityState.COUNTED)
"""While one is here, the same activity is not entered a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFacts:
    """What a holder says about one activity. There is a link to it, or a note, or both."""

    title: str
    provider: str
    happened_on: date
    hundredths: int
    link: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The points of one certificate, all in hundredths. `needed` 0: it is not renewed by points."""

    needed: int
    approved: int = 0
    waiting: int = 0

    @classmethod
    def of(cls, needed_points: int, sums: Mapping[ActivityState, int]) -> "Tally":
        approved, waiting = sums.get(ActivityState.APPROVED, 0), sums.get(ActivityState.WAITING, 0)
        return cls(needed=needed_points * HUNDREDTHS, approved=approved, waiting=waiting)

    @property
    def missing(self) -> int:
        """So many are still to be approved."""
        return max(0, self.needed - self.approved)

    @property
    def is_complete(self) -> bool:
        return 0 < self.needed <= self.approved


def parse_points(text: str) -> int:
    """The points that somebody wrote, in hundredths: `7`, `7.5` or `7,50`; raises InvalidInputError."""
    written = text.strip()
    found = WRITTEN.fullmatch(written)
    if found is None:
        raise InvalidInputError(f"Enter points as a number up to {MAX_POINTS} with two decimals at most, such as 7.5.", field="points")
    whole, decimals = re.split("[.,]", written)[0], found.group(1) or ""
    hundredths = int(whole) * HUNDREDTHS + int(decimals.ljust(2, "0"))
    if not 0 < hundredths <= MAX_POINTS * HUNDREDTHS:
        raise InvalidInputError(f"Enter more than 0 and at most {MAX_POINTS} points.", field="points")
    return hundredths


def points_text(hundredths: int) -> str:
    """`7.5`, `30`, `0.25`: as it is written, without trailing zeros."""
    whole, rest = divmod(hundredths, HUNDREDTHS)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)


def fold_title(title: str) -> str:
    """The words of a title, however they are spelled, spaced and set off: what tells that two activities may be one."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(words) or title


def check_activity(facts: ActivityFacts, *, awarded_at: datetime, ends_at: datetime, now: datetime) -> ActivityFacts:
    """The activity as it is kept; raises InvalidInputError, with the field. It lies within the certificate's validity, in days of UTC."""
    tidy = replace(
        facts,
        title=_line(facts.title, "title", "Enter what it was, such as the name of the course."),
        provider=_line(facts.provider, "provider", "Enter who offered it."),
        link=_check_link(facts.link),
        note=sanitize_text(facts.note),
    )
    _check_day(facts.happened_on, first=awarded_at.date(), last=ends_at.date(), today=now.date())
    if not 0 < facts.hundredths <= MAX_POINTS * HUNDREDTHS:
        raise InvalidInputError(f"Enter more than 0 and at most {MAX_POINTS} points.", field="points")
    if len(tidy.note) > MAX_NOTE:
        raise InvalidInputError(f"Use {MAX_NOTE} characters at most.", field="note")
    if not tidy.link and not tidy.note:
        raise InvalidInputError("Give a link to it, or describe it in a note: staff need one of them.", field="link")
    return tidy


def _line(text: str, field: str, missing: str) -> str:
    line = " ".join(sanitize_text(text).split())
    if not any(letter.isalnum() for letter in line):
        raise InvalidInputError(missing, field=field)
    if len(line) > MAX_LINE:
        raise InvalidInputError(f"Use {MAX_LINE} characters at most.", field=field)
    return line


def _check_link(text: str) -> str:
    """An address on the web that a person may open, or nothing. Nobody here fetches it."""
    link = sanitize_text(text)
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and not re.search(r"\s", link)
    except ValueError:
        is_good = False
    if not is_good:
        raise InvalidInputError("Enter a whole address that begins with https:// or http://.", field="link")
    if len(link) > MAX_LINK:
        raise InvalidInputError(f"Use {MAX_LINK} characters at most.", field="link")
    return link


def _check_day(day: date, *, first: date, last: date, today: date) -> None:
    if day > today:
        raise InvalidInputError("That day is still to come. Enter it when it is over.", field="happened_on")
    if not first <= day <= last:
        days = " to ".join(f"{end.day} {end:%B %Y}" for end in (first, min(last, today)))
        raise InvalidInputError(f"Enter a day while the certificate was valid: {days}.", field="happened_on")
