"""Letting somebody who has passed an exam sit it again, and taking that back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.quizzes import queries
from laurel.quizzes.events import ExamRoundClosed, ExamRoundOpened
from laurel.quizzes.models import ExamRound
from laurel.quizzes.queries.rounds import find_latest_round
from laurel.quizzes.rules import states
from laurel.quizzes.services.starting import OpenAttemptError


class RoundUnderWayError(ConflictError):
    """The learner sits this exam for something else at present. If both counted anew, they could begin in turns for ever."""

    message = "You are taking this exam again for something else already. Pass it first, or let its time end."


def open_round(
    session: Session, *, quiz_id: UUID, learner_id: UUID, opened_for: UUID, closes_at: datetime, includes_attempts: bool, now: datetime
) -> ExamRound:
    """Let the learner sit the exam again until `closes_at`, with attempts counted anew.

    Said again for the same thing before that is passed, it is the same round, and what is granted grows and never shrinks. Raises
    RoundUnderWayError while they may sit it for another thing, and OpenAttemptError while an attempt of another round runs: it would
    pass for the wrong thing. No attempt is locked: whoever calls may hold what grading waits for.
    """
    lock_user(session, learner_id)
    attempts = queries.list_attempts_of(session, learner_id, quiz_id)
    latest = find_latest_round(session, learner_id, quiz_id)
    number = 1 if latest is None else latest.number
    if latest is not None and not any(attempt.passed for attempt in attempts if attempt.round_number == number):
        if latest.opened_for == opened_for:
            return _grant_more(session, latest, closes_at=closes_at, includes_attempts=includes_attempts)
        if now < latest.closes_at:
            raise RoundUnderWayError
    running = next((attempt for attempt in attempts if attempt.state in states.OPEN), None)
    if running is not None:
        raise OpenAttemptError(running.id)
    opened = ExamRound(
        learner_id=learner_id,
        quiz_id=quiz_id,
        number=number + 1,
        opened_for=opened_for,
        opened_at=now,
        closes_at=closes_at,
        includes_attempts=includes_attempts,
    )
    session.add(opened)
    session.flush()
    publish(
        session,
        ExamRoundOpened(occurred_at=now, round_id=opened.id, quiz_id=quiz_id, learner_id=learner_id, opened_for=opened_for),
        actor_id=learner_id,
    )
    return opened


def _grant_more(session: Session, found: ExamRound, *, closes_at: datetime, includes_attempts: bool) -> ExamRound:
    found.closes_at = max(found.closes_at, closes_at)
    found.includes_attempts = found.includes_attempts or includes_attempts
    session.flush()
    return found


def close_rounds(session: Session, *, opened_for: UUID, now: datetime) -> None:
    """Let no attempt start any more in the rounds that were opened for this. One that runs goes on. Told twice, it changes nothing."""
    still_open = select(ExamRound).where(ExamRound.opened_for == opened_for, ExamRound.closes_at > now).order_by(ExamRound.id)
    for found in session.scalars(still_open.with_for_update()):
        found.closes_at = now
        session.flush()
        publish(
            session,
            ExamRoundClosed(occurred_at=now, round_id=found.id, quiz_id=found.quiz_id, learner_id=found.learner_id, opened_for=opened_for),
        )
