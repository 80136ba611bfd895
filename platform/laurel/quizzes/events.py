"""What happened to quizzes and attempts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class QuizPublished(Event):
    quiz_id: UUID
    quiz_version_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptEvent(Event):
    """Something that belongs to the history of one attempt."""

    subject: ClassVar[str | None] = "attempt_id"
    attempt_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptStarted(AttemptEvent):
    quiz_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptSubmitted(AttemptEvent):
    """`by_timer`: the time was over, and the server handed it in."""

    quiz_id: UUID
    by_timer: bool


@dataclass(frozen=True, kw_only=True)
class GradersAsked(AttemptEvent):
    """An attempt was handed in with answers that people have to read."""

    quiz_id: UUID
    answers: int


@dataclass(frozen=True, kw_only=True)
class AnswerMarked(Event):
    """A person gave an answer its mark, or another one (`revision` 2 and on)."""

    subject: ClassVar[str | None] = "attempt_id"
    attempt_id: UUID
    slot: int
    revision: int
    grader_id: UUID


@dataclass(frozen=True, kw_only=True)
class GradersFinished(AttemptEvent):
    """The last answer that people had to read has its mark; published after `AttemptGraded`."""

    quiz_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptGraded(AttemptEvent):
    quiz_id: UUID
    passed: bool
    is_preview: bool


@dataclass(frozen=True, kw_only=True)
class AttemptAbandoned(AttemptEvent):
    quiz_id: UUID


@dataclass(frozen=True, kw_only=True)
class ExamRoundEvent(Event):
    """Something that belongs to one round of one learner at an exam. `opened_for`: what the round is for."""

    subject: ClassVar[str | None] = "round_id"
    round_id: UUID
    quiz_id: UUID
    learner_id: UUID
    opened_for: UUID


@dataclass(frozen=True, kw_only=True)
class ExamRoundOpened(ExamRoundEvent):
    """Who has passed an exam may sit it again."""


@dataclass(frozen=True, kw_only=True)
class ExamRoundClosed(ExamRoundEvent):
    """No attempt starts in it any more."""


@dataclass(frozen=True, kw_only=True)
class LeaseTaken(AttemptEvent):
    """Another tab or device took an attempt over."""


@dataclass(frozen=True, kw_only=True)
class SaveRefused(AttemptEvent):
    """A second operation came under an id that was used with other content."""

    op_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewRequested(AttemptEvent):
    """A learner asks a person to look at an exam that was not passed."""

    request_id: UUID
    quiz_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewDecided(Event):
    subject: ClassVar[str | None] = "attempt_id"
    request_id: UUID
    attempt_id: UUID


# ---- what staff did to an attempt, and what moved its time


@dataclass(frozen=True, kw_only=True)
class StaffAct(AttemptEvent):
    """Staff changed an attempt. `before` and `after` hold what changed."""

    reason: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AttemptExtended(StaffAct):
    minutes: int


@dataclass(frozen=True, kw_only=True)
class AttemptPaused(StaffAct):
    """Its clock stands still from now on."""


@dataclass(frozen=True, kw_only=True)
class AttemptResumed(StaffAct):
    """Its clock runs again."""


@dataclass(frozen=True, kw_only=True)
class AttemptReopened(StaffAct):
    """What the timer had ended goes on. `before` holds the result and the receipt that were."""


@dataclass(frozen=True, kw_only=True)
class AttemptVoided(StaffAct):
    """`gives_back`: the learner may take another instead."""

    gives_back: bool


@dataclass(frozen=True, kw_only=True)
class TimeCredited(AttemptEvent):
    """An outage of ours was given back."""

    outage_id: UUID
    seconds: int
    deadline_before: datetime | None
    deadline_after: datetime | None


@dataclass(frozen=True, kw_only=True)
class DeadlineMoved(AttemptEvent):
    """The terms changed while it ran. `because`: what of them, in a word or two."""

    because: str
    before: dict[str, Any]
    after: dict[str, Any]


# ---- terms


@dataclass(frozen=True, kw_only=True)
class OverrideChanged(Event):
    """`after` None: removed; `before` None: new. Exactly one of `for_learner_id` and `group_id` is there."""

    quiz_id: UUID
    for_learner_id: UUID | None
    group_id: UUID | None
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class AccommodationChanged(Event):
    """The effect only: why somebody is accommodated is nobody's business but support's."""

    subject: ClassVar[str | None] = "for_learner_id"
    for_learner_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class GroupChanged(Event):
    """`change`: made, renamed, removed, member added, member removed."""

    group_id: UUID
    change: str
    member_id: UUID | None = None


# ---- the outage ledger


@dataclass(frozen=True, kw_only=True)
class OutageNoticed(Event):
    outage_id: UUID
    kind: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class ClockSetBack(Event):
    """The database's clock went backwards: candidates gained that time, nobody lost any."""

    seconds: int
