"""What happened to quizzes and attempts."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class QuizPublished(Event):
    quiz_id: UUID
    quiz_version_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptStarted(Event):
    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptSubmitted(Event):
    """`by_timer`: the time was over, and the server handed it in."""

    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID
    by_timer: bool


@dataclass(frozen=True, kw_only=True)
class GradersAsked(Event):
    """An attempt was handed in with answers that people have to read."""

    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID
    answers: int


@dataclass(frozen=True, kw_only=True)
class AnswerMarked(Event):
    """A person gave an answer its mark, or another one (`revision` 2 and on)."""

    attempt_id: UUID
    slot: int
    revision: int
    grader_id: UUID


@dataclass(frozen=True, kw_only=True)
class GradersFinished(Event):
    """The last answer that people had to read has its mark; published after `AttemptGraded`."""

    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class AttemptGraded(Event):
    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID
    passed: bool
    is_preview: bool


@dataclass(frozen=True, kw_only=True)
class AttemptAbandoned(Event):
    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class LeaseTaken(Event):
    """Another tab or device took an attempt over."""

    attempt_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewRequested(Event):
    """A learner asks a person to look at an exam that was not passed."""

    request_id: UUID
    attempt_id: UUID
    quiz_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewDecided(Event):
    request_id: UUID
    attempt_id: UUID


@dataclass(frozen=True, kw_only=True)
class SaveRefused(Event):
    """A second operation came under an id that was used with other content."""

    attempt_id: UUID
    learner_id: UUID
    op_id: UUID
