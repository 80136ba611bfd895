"""What a quiz is made of: its kind, its settings, and the slots of its paper."""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn
from uuid import UUID

from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.filtering import EVERYTHING, DrawFilter, check_filter
from laurel.quizzes.rules.reviewing import ReviewMatrix, ReviewPreset

MAX_MINUTES = 24 * 60
MAX_ATTEMPTS = 100
MAX_WAIT_HOURS = 24 * 366
MAX_QUESTIONS = 200
MAX_TITLE = 160
MAX_TEXT = 20_000


class QuizKind(StrEnum):
    """Practice gives feedback at once and has no end; a graded quiz ends a module; an exam leads to a credential."""

    PRACTICE = "practice"
    GRADED = "graded"
    EXAM = "exam"

    @property
    def label(self) -> str:
        return {"practice": "Practice quiz", "graded": "Graded quiz", "exam": "Exam"}[self.value]


class QuizStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class SlotKind(StrEnum):
    """A fixed slot asks one question; a random slot draws `count` of them from a category for each attempt."""

    FIXED = "fixed"
    RANDOM = "random"


class ExpiryPolicy(StrEnum):
    """What happens when the time is over."""

    AUTOSUBMIT = "autosubmit"
    GRACE_PERIOD = "grace_period"
    ABANDON = "abandon"


PRESETS = {
    QuizKind.PRACTICE: ReviewPreset.PRACTICE,
    QuizKind.GRADED: ReviewPreset.COURSE_QUIZ,
    QuizKind.EXAM: ReviewPreset.CERTIFICATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSpec:
    """One slot of a quiz as its author lays it out.

    Fixed: `question_id`, and `question_version_id` if it is pinned, else the version that is ready when an attempt starts.
    Random: `category_id`, `count`, and what narrows the draw.
    """

    kind: SlotKind
    question_id: UUID | None = None
    question_version_id: UUID | None = None
    category_id: UUID | None = None
    count: int = 1
    domain: str = ""
    domain_title: str = ""
    max_mark: Decimal = Decimal(1)
    draw_filter: DrawFilter = attribute(default=EVERYTHING, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizSettings:
    """Everything about a quiz but its title and its questions.

    `minutes` and `attempts_allowed` None: unlimited. `retake_wait_hours[n]` is the wait after attempt n + 1, the last one
    again after all further ones. `review_preset` None: that of the quiz's kind. `review`: what the author decided instead of it.
    """

    instructions: str = ""
    honor_code: str = ""
    minutes: int | None = None
    pass_percent: Decimal = Decimal(0)
    attempts_allowed: int | None = None
    retake_wait_hours: tuple[int, ...] = ()
    shuffle_questions: bool = False
    shuffle_options: bool = False
    review_preset: ReviewPreset | None = None
    expiry_policy: ExpiryPolicy = ExpiryPolicy.AUTOSUBMIT
    grace_seconds: int = 0
    allow_negative: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    review: ReviewMatrix | None = dataclasses.field(default=None, repr=False)
    access: AccessRules = dataclasses.field(default=AccessRules(), repr=False)


def default_settings(kind: QuizKind) -> QuizSettings:
    """What a new quiz of this kind begins with; its author changes what does not fit."""
    if kind is QuizKind.PRACTICE:
        return QuizSettings()
    if kind is QuizKind.GRADED:
        return QuizSettings(pass_percent=Decimal(70))
    return QuizSettings(
        honor_code="I answer these questions myself and without help, and I will not pass them on.",
        minutes=60,
        pass_percent=Decimal(70),
        attempts_allowed=3,
        retake_wait_hours=(24, 7 * 24, 14 * 24),
        shuffle_questions=True,
        shuffle_options=True,
    )


def source_hash(kind: QuizKind, title: str, settings: QuizSettings, slots: Sequence[SlotSpec]) -> str:
    """The same exactly if an importer reads the same quiz again. What says nothing of a later subject hashes as before there was one."""
    said = repr((kind.value, title, settings, tuple(slots)))
    filters = {number: slot.draw_filter for number, slot in enumerate(slots) if slot.draw_filter != EVERYTHING}
    said += repr(filters) if filters else ""
    if settings.review is not None or settings.access != AccessRules():
        said += repr((settings.review and settings.review.to_json(), settings.access))
    return hashlib.sha256(said.encode()).hexdigest()


def _refuse(message: str, field: str) -> NoReturn:
    raise InvalidInputError(message, field=field)


def check_title(title: str) -> str:
    """The title without space around it."""
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE:
        _refuse(f"Give the quiz a title of at most {MAX_TITLE} characters.", "title")
    return title


def check_settings(settings: QuizSettings, kind: QuizKind) -> None:
    """Raise InvalidInputError, with the field, for settings that no quiz of this kind can have."""
    if settings.minutes is not None and not 1 <= settings.minutes <= MAX_MINUTES:
        _refuse(f"The time is between 1 and {MAX_MINUTES} minutes. Leave it empty for no limit.", "minutes")
    if not 0 <= settings.pass_percent <= 100:
        _refuse("The pass mark is between 0 and 100 percent.", "pass_percent")
    if settings.pass_percent != round(settings.pass_percent, 2):
        _refuse("The pass mark has two decimal places at most.", "pass_percent")
    if settings.attempts_allowed is not None and not 1 <= settings.attempts_allowed <= MAX_ATTEMPTS:
        _refuse(f"Allow between 1 and {MAX_ATTEMPTS} attempts. Leave it empty for no limit.", "attempts_allowed")
    if len(settings.retake_wait_hours) > MAX_ATTEMPTS or any(not 0 <= hours <= MAX_WAIT_HOURS for hours in settings.retake_wait_hours):
        _refuse("A waiting time is between 0 hours and a year.", "retake_wait_hours")
    for field in ("instructions", "honor_code"):
        if len(getattr(settings, field)) > MAX_TEXT or "\x00" in getattr(settings, field):
            _refuse(f"This text may have {MAX_TEXT:,} characters.", field)
    if settings.opens_at and settings.closes_at and settings.opens_at >= settings.closes_at:
        _refuse("The quiz closes after it opens.", "closes_at")
    if kind is QuizKind.PRACTICE and (settings.minutes or settings.attempts_allowed):
        _refuse("A practice quiz has no time limit and no limit on attempts.", "minutes")


def check_slot(slot: SlotSpec) -> None:
    """Raise InvalidInputError for a slot that is neither fixed nor random."""
    if slot.kind is SlotKind.FIXED and (slot.question_id is None or slot.category_id is not None or slot.count != 1):
        _refuse("A fixed slot asks exactly one question.", "question_id")
    if slot.kind is SlotKind.RANDOM and (slot.category_id is None or slot.question_id is not None):
        _refuse("A random slot needs a category.", "category_id")
    if slot.kind is SlotKind.FIXED and slot.draw_filter != EVERYTHING:
        _refuse("Only a random slot narrows what it draws.", "category_id")
    if not 1 <= slot.count <= MAX_QUESTIONS:
        _refuse(f"Draw between 1 and {MAX_QUESTIONS} questions.", "count")
    if not 0 < slot.max_mark <= 1000:
        _refuse("A question is worth more than 0 and at most 1,000 points.", "max_mark")
    check_filter(slot.draw_filter, count=slot.count)


def move(slots: tuple[SlotSpec, ...], position: int, *, by: int) -> tuple[SlotSpec, ...]:
    """The slots with the one at `position` (from 1) moved up (`by` −1) or down (1). At the end it stays where it is."""
    other = position + by
    if not (1 <= position <= len(slots) and 1 <= other <= len(slots)):
        return slots
    moved = list(slots)
    moved[position - 1], moved[other - 1] = moved[other - 1], moved[position - 1]
    return tuple(moved)


def replace_slot(slots: tuple[SlotSpec, ...], position: int, slot: SlotSpec) -> tuple[SlotSpec, ...]:
    """The slots with another one at `position` (from 1)."""
    return tuple(slot if number == position else old for number, old in enumerate(slots, start=1))


def remove(slots: tuple[SlotSpec, ...], position: int) -> tuple[SlotSpec, ...]:
    """The slots without the one at `position` (from 1)."""
    return tuple(slot for number, slot in enumerate(slots, start=1) if number != position)
