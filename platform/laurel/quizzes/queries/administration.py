"""Attempts as staff see them: what is going on, what happened, and by whom. Never a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import has_address_with
from laurel.core.durations import in_words
from laurel.core.errors import NotFoundError
from laurel.core.events import EventRecord
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, PaperSlot, Quiz, QuizVersion
from laurel.quizzes.queries.attempts import NO_ATTEMPT
from laurel.quizzes.rules import AttemptState, QuizKind, states

MAX_HISTORY = 200
WORDS = {
    "AttemptStarted": "Started",
    "AttemptSubmitted": "Handed in",
    "GradersAsked": "Waits for people to read it",
    "AnswerMarked": "A person marked an answer",
    "AttemptGraded": "Graded",
    "GradersFinished": "The last mark was given",
    "ReviewRequested": "The learner asked for a review",
    "ReviewDecided": "The request for a review was answered",
    "AttemptAbandoned": "Ended without being handed in",
    "LeaseTaken": "Another tab or device took over",
    "SaveRefused": "A save was refused: its operation had been used before",
    "AttemptExtended": "Given more time",
    "AttemptPaused": "Paused",
    "AttemptResumed": "Resumed",
    "AttemptReopened": "Opened again",
    "AttemptVoided": "Set aside",
    "TimeCredited": "Time given back after an outage",
    "DeadlineMoved": "Terms changed",
}


def select_attempts(*, words: str = "", quiz_id: UUID | None = None, state: AttemptState | None = None) -> Select[Attempt, Quiz, User]:
    """SELECT of attempts at quizzes and exams, those that run first, then the latest. `words`: of the learner's name or addresses."""
    statement = (
        select(Attempt, Quiz, User)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .join(User, User.id == Attempt.learner_id)
        .where(Quiz.kind != QuizKind.PRACTICE, Attempt.is_preview.is_(False))
    )
    for word in words.lower().split()[:8]:
        statement = statement.where(or_(func.lower(User.name).contains(word, autoescape=True), has_address_with(word)))
    if quiz_id is not None:
        statement = statement.where(Attempt.quiz_id == quiz_id)
    if state is not None:
        statement = statement.where(Attempt.state == state)
    return statement.order_by(case((Attempt.state.in_(states.OPEN), 0), else_=1), Attempt.id.desc())


def list_quiz_choices(session: Session) -> list[tuple[UUID, str]]:
    """The quizzes and exams that somebody has attempted, by title."""
    attempted = select(Attempt.id).where(Attempt.quiz_id == Quiz.id, Attempt.is_preview.is_(False)).exists()
    statement = select(Quiz.id, Quiz.title).where(Quiz.kind != QuizKind.PRACTICE, attempted).order_by(Quiz.title).limit(200)
    return [(row[0], row[1]) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to an attempt. `actor` None: the clock, or nobody in particular."""

    at: datetime
    title: str
    actor: str | None
    detail: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffView:
    """An attempt with what staff need to judge it."""

    attempt: Attempt
    quiz: Quiz
    version: QuizVersion
    learner: User
    questions: int
    answered: int
    late: int
    last_saved_at: datetime | None
    take_overs: int
    history: Sequence[HistoryEntry]


def get_attempt_for_staff(session: Session, attempt_id: UUID) -> tuple[Attempt, Quiz, User]:
    """Anybody's attempt, for those whom a policy lets see it; practice and previews are not for staff."""
    row = session.execute(select_attempts().where(Attempt.id == attempt_id)).one_or_none()
    if row is None:
        raise NotFoundError(NO_ATTEMPT)
    return row[0], row[1], row[2]


def describe_attempt(session: Session, attempt_id: UUID) -> StaffView:
    """Everything about the attempt but its answers."""
    attempt, quiz, learner = get_attempt_for_staff(session, attempt_id)
    history, take_overs = _history(session, attempt_id)
    ops = select(func.count(AnswerOp.op_id).filter(AnswerOp.position.is_(None)), func.max(AnswerOp.received_at))
    late, last_saved_at = session.execute(ops.where(AnswerOp.attempt_id == attempt_id)).one()
    answers = session.scalars(select(CurrentAnswer).where(CurrentAnswer.attempt_id == attempt_id))
    return StaffView(
        attempt=attempt,
        quiz=quiz,
        version=session.get_one(QuizVersion, attempt.quiz_version_id),
        learner=learner,
        questions=session.scalar(select(func.count()).where(PaperSlot.attempt_id == attempt_id)) or 0,
        answered=sum(answer.answer is not None for answer in answers),
        late=late,
        last_saved_at=last_saved_at,
        take_overs=take_overs,
        history=history,
    )


def _history(session: Session, attempt_id: UUID) -> tuple[list[HistoryEntry], int]:
    """What happened, the latest first, and how often another tab or device took over."""
    statement = (
        select(EventRecord, User.name)
        .outerjoin(User, User.id == EventRecord.actor_id)
        .where(EventRecord.subject_id == attempt_id)
        .order_by(EventRecord.occurred_at.desc(), EventRecord.id.desc())
    )
    entries = [
        HistoryEntry(
            record.occurred_at, WORDS.get(record.name, record.name), actor, _detail(record.facts), str(record.facts.get("reason", ""))
        )
        for record, actor in session.execute(statement.limit(MAX_HISTORY))
    ]
    taken = select(func.count()).where(EventRecord.subject_id == attempt_id, EventRecord.name == "LeaseTaken")
    return entries, session.scalar(taken) or 0


def _detail(facts: Mapping[str, Any]) -> str:
    """The figures of an event in a few words."""
    if "minutes" in facts:
        return in_words(timedelta(minutes=facts["minutes"]))
    if "seconds" in facts:
        return in_words(timedelta(seconds=facts["seconds"]))
    if facts.get("by_timer"):
        return "By the timer"
    if facts.get("gives_back"):
        return "The learner may take another instead"
    if "because" in facts:
        return f"{facts['because'].capitalize()}: {_moved(facts['before'], facts['after'])}"
    return ""


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    ends = [datetime.fromisoformat(one["deadline_at"]) if one.get("deadline_at") else None for one in (before, after)]
    shown = [f"{end:%H:%M:%S}" if end else "no end" for end in ends]
    return f"{shown[0]} to {shown[1]}" if ends[0] != ends[1] else "the end stays"
