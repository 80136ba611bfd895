"""Finding what is kept around an attempt: what its browser noticed, and the request for a review."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.errors import NotFoundError
from laurel.quizzes.models import Attempt, FocusNote, Quiz, QuizVersion, ReviewRequest
from laurel.quizzes.rules import QuizKind, appealing
from laurel.quizzes.rules.focus import MOST_NOTES, FocusFacts, Noted, add_up


def logs_focus(session: Session, attempt: Attempt) -> bool:
    """Whether absences are noted in this attempt, as its learner was told before the start."""
    return bool(session.scalar(select(QuizVersion.logs_focus).where(QuizVersion.id == attempt.quiz_version_id)))


def count_focus_notes(session: Session, attempt_id: UUID) -> int:
    return session.scalar(select(func.count()).where(FocusNote.attempt_id == attempt_id)) or 0


def list_focus_notes(session: Session, attempt_id: UUID) -> list[FocusNote]:
    """What the attempt's browser noticed, the first first."""
    statement = select(FocusNote).where(FocusNote.attempt_id == attempt_id).order_by(FocusNote.second)
    return list(session.scalars(statement.limit(MOST_NOTES)))


def summarize_focus(notes: list[FocusNote]) -> FocusFacts:
    """The same, added up."""
    return add_up([Noted(note.kind, note.amount, note.slot) for note in notes])


def find_review_request(session: Session, attempt_id: UUID) -> ReviewRequest | None:
    """The request for a review of this attempt."""
    return session.scalar(select(ReviewRequest).where(ReviewRequest.attempt_id == attempt_id))


def lock_review_request(session: Session, request_id: UUID) -> ReviewRequest:
    """The request as it is now, locked until the transaction ends."""
    statement = select(ReviewRequest).where(ReviewRequest.id == request_id).with_for_update()
    request = session.scalar(statement.execution_options(populate_existing=True))
    if request is None:
        raise NotFoundError("There is no such request.")
    return request


@dataclass(frozen=True, slots=True)
class Appeal:
    """What a learner may still do about a result. `until`: the last moment to ask; `request`: the one that was made."""

    until: datetime | None
    is_open: bool
    request: ReviewRequest | None


def describe_appeal(session: Session, attempt: Attempt, kind: QuizKind, *, now: datetime) -> Appeal:
    """Whether a review of the learner's attempt can be asked for, or what became of it. One query at most."""
    ended_at = attempt.graded_at or attempt.finished_at
    until = appealing.ask_until(kind=kind, state=attempt.state, passed=attempt.passed, is_preview=attempt.is_preview, ended_at=ended_at)
    request = find_review_request(session, attempt.id) if kind is QuizKind.EXAM else None
    return Appeal(until, is_open=until is not None and now <= until and request is None, request=request)


def select_review_requests(*, is_decided: bool) -> Select[ReviewRequest, Attempt, Quiz, User]:
    """SELECT of requests with their attempt, quiz and learner: those that wait the most urgent first, those decided the latest."""
    statement = (
        select(ReviewRequest, Attempt, Quiz, User)
        .join(Attempt, Attempt.id == ReviewRequest.attempt_id)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .join(User, User.id == ReviewRequest.learner_id)
    )
    if is_decided:
        return statement.where(ReviewRequest.decided_at.is_not(None)).order_by(ReviewRequest.decided_at.desc(), ReviewRequest.id)
    return statement.where(ReviewRequest.decided_at.is_(None)).order_by(ReviewRequest.requested_at, ReviewRequest.id)


def get_review_request(session: Session, request_id: UUID) -> tuple[ReviewRequest, Attempt, Quiz, User]:
    """One request with its attempt, quiz and learner, for staff."""
    statement = (
        select(ReviewRequest, Attempt, Quiz, User)
        .join(Attempt, Attempt.id == ReviewRequest.attempt_id)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .join(User, User.id == ReviewRequest.learner_id)
    )
    row = session.execute(statement.where(ReviewRequest.id == request_id)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such request.")
    return row[0], row[1], row[2], row[3]
