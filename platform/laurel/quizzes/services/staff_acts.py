"""What staff do to attempts: more time, a pause, going on after the end, setting aside. Each with a reason, each in the audit log."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.quizzes import queries
from laurel.quizzes.events import AttemptExtended, AttemptPaused, AttemptReopened, AttemptResumed, AttemptVoided
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries.attempts import lock_attempt, reload_attempt
from laurel.quizzes.queries.terms import terms_of_attempt
from laurel.quizzes.rules import AttemptState, FinishReason, QuizKind, announcing, states, timing
from laurel.quizzes.rules.announcing import clock_time
from laurel.quizzes.rules.staff import Staff, check_extension, check_manager, check_minutes, check_other, check_reason
from laurel.quizzes.rules.states import AttemptTransitionError
from laurel.quizzes.services.finishing import settle
from laurel.quizzes.services.outages import require_ledger
from laurel.quizzes.services.steps import advance, announce, move_deadline, times_of, whole_seconds
from laurel.quizzes.services.terms import adopt_terms

RESULT = ("finished_at", "finish_reason", "receipt", "graded_at", "earned", "possible", "passed", "is_counted")


def _take(session: Session, attempt_id: UUID, actor: Staff, reason: str, *, now: datetime) -> tuple[Attempt, str]:
    """Somebody else's attempt, locked, with what an outage owes it and what its time has brought about; and the reason."""
    attempt = lock_attempt(session, attempt_id)
    check_other(actor, attempt.learner_id)
    reason = check_reason(reason)
    if queries.get_quiz(session, attempt.quiz_id).kind is QuizKind.PRACTICE:
        raise ConflictError("This is practice. It has neither a clock nor a result.")
    require_ledger(session, attempt, now=now)
    settle(session, attempt, now=now)
    return attempt, reason


def _facts(attempt: Attempt) -> dict[str, Any]:
    """Everything about the attempt that a staff act may change, as plain values."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        return value if value is None or isinstance(value, bool) else str(value)

    return times_of(attempt) | {name: plain(getattr(attempt, name)) for name in RESULT}


def extend_attempt(session: Session, attempt_id: UUID, *, minutes: int, reason: str, actor: Staff, now: datetime) -> Attempt:
    """Give an attempt that runs, or is overdue, more time. What has ended is reopened instead."""
    attempt, reason = _take(session, attempt_id, actor, reason, now=now)
    check_extension(actor, minutes=minutes, added_seconds=attempt.added_seconds)
    if attempt.state not in {AttemptState.IN_PROGRESS, AttemptState.PAUSED, AttemptState.OVERDUE}:
        raise AttemptTransitionError("This attempt has ended. It can be given time only by opening it again.")
    before = _facts(attempt)
    attempt.added_seconds += minutes * 60
    gained = _gain(session, attempt, now=now)
    announce(attempt, announcing.extended(gained), now=now)
    event = AttemptExtended(
        occurred_at=now,
        attempt_id=attempt.id,
        learner_id=attempt.learner_id,
        reason=reason,
        minutes=minutes,
        before=before,
        after=_facts(attempt),
    )
    publish(session, event, actor_id=actor.id)
    return attempt


def _gain(session: Session, attempt: Attempt, *, now: datetime) -> timedelta:
    """Move the deadline by what was granted. Raise ConflictError where that changes nothing: no limit, or the window closes."""
    if attempt.deadline_at is None:
        raise ConflictError("This attempt has no time limit, so more time would change nothing.")
    gained = move_deadline(session, attempt, now=now)
    if gained <= timedelta(0):
        closing = f" closes at {clock_time(attempt.closes_at)}" if attempt.closes_at else " closes"
        raise ConflictError(f"The exam{closing}, so more time would change nothing. Give the learner a later close first.")
    return gained


def pause_attempt(session: Session, attempt_id: UUID, *, reason: str, actor: Staff, now: datetime) -> Attempt:
    """Stop the clock of an attempt that runs. Its questions are out of sight until it goes on."""
    check_manager(actor)
    attempt, reason = _take(session, attempt_id, actor, reason, now=now)
    before = _facts(attempt)
    if timing.is_time_over(attempt.deadline_at, now) or not advance(session, attempt, AttemptState.PAUSED, paused_at=now):
        raise AttemptTransitionError("Only an attempt that runs can be paused.")
    event = AttemptPaused(
        occurred_at=now, attempt_id=attempt.id, learner_id=attempt.learner_id, reason=reason, before=before, after=_facts(attempt)
    )
    publish(session, event, actor_id=actor.id)
    return attempt


def resume_attempt(session: Session, attempt_id: UUID, *, reason: str, actor: Staff, now: datetime) -> Attempt:
    """Let the clock run on; the time of the pause comes on top."""
    check_manager(actor)
    attempt, reason = _take(session, attempt_id, actor, reason, now=now)
    if attempt.state is not AttemptState.PAUSED or attempt.paused_at is None:
        raise AttemptTransitionError("This attempt is not paused.")
    before, length = _facts(attempt), now - attempt.paused_at
    paused = attempt.paused_seconds + whole_seconds(length)
    advance(session, attempt, AttemptState.IN_PROGRESS, origins=(AttemptState.PAUSED,), paused_seconds=paused, paused_at=None)
    move_deadline(session, attempt, now=now)
    announce(attempt, announcing.resumed(length, attempt.deadline_at), now=now)
    event = AttemptResumed(
        occurred_at=now, attempt_id=attempt.id, learner_id=attempt.learner_id, reason=reason, before=before, after=_facts(attempt)
    )
    publish(session, event, actor_id=actor.id)
    return attempt


def reopen_attempt(session: Session, attempt_id: UUID, *, minutes: int, reason: str, actor: Staff, now: datetime) -> Attempt:
    """Let an attempt that the timer ended, or that was abandoned, go on for some minutes from now.

    Its answers stay. Its marks stay as an earlier revision, its result and receipt in the audit entry. One that was passed
    is refused: what was earned is not put at stake again.
    """
    check_manager(actor)
    check_minutes(minutes)
    attempt, reason = _take(session, attempt_id, actor, reason, now=now)
    _require_reopenable(session, attempt)
    before, since = _facts(attempt), attempt.deadline_at or attempt.finished_at or now
    adopt_terms(attempt, terms_of_attempt(session, attempt))
    attempt.paused_seconds += whole_seconds(max(timedelta(0), now - since))
    attempt.added_seconds += _missing_seconds(attempt, now + timedelta(minutes=minutes))
    session.flush()
    forgotten: dict[str, Any] = dict.fromkeys(RESULT[:-1])
    if not advance(session, attempt, AttemptState.IN_PROGRESS, lease_token=None, **forgotten):
        raise AttemptTransitionError
    move_deadline(session, attempt, now=now)
    if timing.is_time_over(attempt.deadline_at, now):
        raise ConflictError("The exam has closed for this learner. Give them a later close first.")
    left = None if attempt.deadline_at is None else attempt.deadline_at - now
    announce(attempt, announcing.reopened(left), now=now)
    event = AttemptReopened(
        occurred_at=now, attempt_id=attempt.id, learner_id=attempt.learner_id, reason=reason, before=before, after=_facts(attempt)
    )
    publish(session, event, actor_id=actor.id)
    return attempt


def _missing_seconds(attempt: Attempt, end: datetime) -> int:
    """What has to come on top so that the attempt lasts until `end`, if its window lets it."""
    if attempt.limit_seconds is None or attempt.started_at is None:
        return 0
    granted = attempt.limit_seconds + attempt.added_seconds + attempt.paused_seconds + attempt.credited_seconds
    return whole_seconds(max(timedelta(0), end - attempt.started_at - timedelta(seconds=granted)))


def _require_reopenable(session: Session, attempt: Attempt) -> None:
    if not states.may_become(attempt.state, AttemptState.IN_PROGRESS, finish_reason=attempt.finish_reason) or attempt.state in states.OPEN:
        raise AttemptTransitionError("Only what the timer handed in, or what was abandoned, can be opened again.")
    if attempt.is_preview or attempt.finish_reason is FinishReason.NEW_VERSION:
        raise AttemptTransitionError("This attempt gave way to another. It cannot be opened again.")
    attempts = queries.list_attempts_of(session, attempt.learner_id, attempt.quiz_id)
    if any(other.passed and other.round_number == attempt.round_number for other in attempts):
        raise ConflictError("The learner has passed. A result that was earned is not put at stake again.")
    if any(other.state in states.OPEN for other in attempts):
        raise ConflictError("The learner has another attempt open. Only one can be.")


def void_attempt(session: Session, attempt_id: UUID, *, gives_back: bool, reason: str, actor: Staff, now: datetime) -> Attempt:
    """Set an attempt aside: it has no result and is in no statistics. `gives_back`: the learner may take another instead.

    One that was passed is refused: whether what it earned still holds is the credential's question.
    """
    check_manager(actor)
    attempt, reason = _take(session, attempt_id, actor, reason, now=now)
    if attempt.passed:
        raise ConflictError("This attempt was passed. If that was not fair, the credential is what to revoke.")
    before = _facts(attempt)
    ending: dict[str, Any] = {} if attempt.finished_at else {"finished_at": now, "finish_reason": FinishReason.STAFF}
    if not advance(session, attempt, AttemptState.VOIDED, is_counted=not gives_back, paused_at=None, **ending):
        raise AttemptTransitionError("This attempt was set aside before.")
    event = AttemptVoided(
        occurred_at=now,
        attempt_id=attempt.id,
        learner_id=attempt.learner_id,
        reason=reason,
        gives_back=gives_back,
        before=before,
        after=_facts(reload_attempt(session, attempt.id)),
    )
    publish(session, event, actor_id=actor.id)
    return attempt


def dismiss_announcement(session: Session, attempt_id: UUID, *, learner_id: UUID, number: int) -> None:
    """The candidate has read it."""
    attempt = queries.lock_attempt_of(session, learner_id, attempt_id)
    attempt.announcements = announcing.dismiss(attempt.announcements, number)
    session.flush()
