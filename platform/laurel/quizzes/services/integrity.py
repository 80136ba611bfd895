"""Noting what an exam's page noticed, and asking for a review by a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.quizzes import queries
from laurel.quizzes.events import ReviewDecided, ReviewRequested
from laurel.quizzes.models import Attempt, FocusNote, PaperSlot, ReviewRequest
from laurel.quizzes.queries import integrity
from laurel.quizzes.rules import AttemptState, appealing
from laurel.quizzes.rules.focus import KEPT_FOR, MOST_NOTES, Noted


def note_focus(session: Session, *, attempt_id: UUID, learner_id: UUID, noted: Noted | None, now: datetime) -> bool:
    """Keep what the page noticed, one row a second at most; False if nothing was kept.

    Only where the learner was told before the start, and only while the attempt runs. It never waits for a save.
    """
    attempt = queries.get_attempt_of(session, learner_id, attempt_id)
    runs = attempt.state is AttemptState.IN_PROGRESS
    if (
        noted is None
        or not runs
        or not integrity.logs_focus(session, attempt)
        or integrity.count_focus_notes(session, attempt_id) >= MOST_NOTES
    ):
        return False
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {
        "attempt_id": attempt_id,
        "second": int(now.timestamp()),
        "kind": noted.kind,
        "slot": noted.slot if _has_slot(session, attempt_id, noted.slot) else None,
        "amount": noted.amount,
        "noted_at": now,
    }
    once = insert(FocusNote).values(values).on_conflict_do_nothing(index_elements=["attempt_id", "second"])
    return session.execute(once.returning(FocusNote.second)).one_or_none() is not None


def _has_slot(session: Session, attempt_id: UUID, number: int | None) -> bool:
    if number is None or number >= 2**31:
        return False
    return session.scalar(select(PaperSlot.id).where(PaperSlot.attempt_id == attempt_id, PaperSlot.number == number)) is not None


def delete_old_focus_notes(session: Session, *, now: datetime) -> int:
    """Clear away notes three months after nobody could ask for a review any more; those of a request that waits stay."""
    ends = now - KEPT_FOR - appealing.TIME_TO_ASK
    waiting = select(ReviewRequest.attempt_id).where(ReviewRequest.decided_at.is_(None))
    ended = select(Attempt.id).where(Attempt.finished_at < ends)
    old = delete(FocusNote).where(FocusNote.noted_at < ends, FocusNote.attempt_id.in_(ended), FocusNote.attempt_id.not_in(waiting))
    return session.execute(old.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined,no-any-return]


def request_review(session: Session, *, attempt_id: UUID, learner_id: UUID, statement: str, now: datetime) -> ReviewRequest:
    """Ask a person to look at a failed exam. Asking twice changes nothing; ConflictError once the time to ask is over."""
    attempt = queries.lock_attempt_of(session, learner_id, attempt_id)
    quiz = queries.get_quiz(session, attempt.quiz_id)
    appeal = integrity.describe_appeal(session, attempt, quiz.kind, now=now)
    if appeal.request is not None:
        return appeal.request
    if appeal.until is None:
        raise ConflictError("There is nothing to review: only an exam that was not passed can be looked at again.")
    if not appeal.is_open:
        raise ConflictError("The time to ask for a review is over.")
    if not statement.strip() or len(statement) > appealing.MAX_STATEMENT:
        raise InvalidInputError(f"Say in at most {appealing.MAX_STATEMENT:,} characters what should be looked at.", field="statement")
    request = ReviewRequest(
        attempt_id=attempt_id,
        learner_id=learner_id,
        statement=statement.strip(),
        requested_at=now,
        answer_by=now + appealing.TIME_TO_ANSWER,
    )
    session.add(request)
    session.flush()
    publish(
        session,
        ReviewRequested(occurred_at=now, request_id=request.id, attempt_id=attempt_id, quiz_id=quiz.id, learner_id=learner_id),
        actor_id=learner_id,
    )
    return request


def decide_review(session: Session, *, request_id: UUID, staff_id: UUID, decision: str, now: datetime) -> ReviewRequest:
    """Answer a request, once. Nobody decides about their own exam."""
    request = integrity.lock_review_request(session, request_id)
    if request.learner_id == staff_id:
        raise ForbiddenError("This is your own exam. Somebody else has to look at it.")
    if request.decided_at is not None:
        raise ConflictError("This request has been answered already.")
    if not decision.strip() or len(decision) > appealing.MAX_STATEMENT:
        raise InvalidInputError("Write to the learner what you found and what follows.", field="decision")
    request.decided_at, request.decided_by_id, request.decision = now, staff_id, decision.strip()
    session.flush()
    publish(session, ReviewDecided(occurred_at=now, request_id=request_id, attempt_id=request.attempt_id), actor_id=staff_id)
    return request
