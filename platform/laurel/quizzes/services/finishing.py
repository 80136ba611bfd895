"""Ending attempts: handed in by the learner or by the timer, graded, or abandoned. Each step is one guarded UPDATE."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.queries import get_versions
from laurel.bank.rules import GradeState, grade
from laurel.core.bus import publish
from laurel.quizzes import queries
from laurel.quizzes.events import AttemptAbandoned, AttemptGraded, AttemptSubmitted, GradersAsked
from laurel.quizzes.models import Attempt, PaperSlot, QuizVersion, SlotMark
from laurel.quizzes.queries.attempts import find_last_revision, lock_attempt
from laurel.quizzes.rules import AttemptState, FinishReason, Mark, QuizKind, chain, scoring, states, timing
from laurel.quizzes.rules.quizzes import ExpiryPolicy
from laurel.quizzes.rules.states import AttemptTransitionError
from laurel.quizzes.services.claiming import put_in_queue
from laurel.quizzes.services.outages import credit_outages, must_wait, require_ledger
from laurel.quizzes.services.steps import advance

log = logging.getLogger("laurel.quizzes")


def submit_attempt(session: Session, *, attempt_id: UUID, learner_id: UUID, now: datetime) -> Attempt:
    """Hand the attempt in and grade it. Telling it again changes nothing and gives the same receipt.

    After the deadline it counts as handed in by the timer, at the deadline. AttemptTransitionError for an attempt that was
    abandoned or voided, or is paused; UnavailableError in the seconds after an outage in which its time may yet come back.
    """
    attempt = queries.lock_attempt_of(session, learner_id, attempt_id)
    if timing.is_time_over(attempt.deadline_at, now):
        require_ledger(session, attempt, now=now)
    settle(session, attempt, now=now)
    by_timer = timing.is_time_over(attempt.deadline_at, now) and attempt.state is not AttemptState.OVERDUE
    _hand_in(session, attempt, by_timer=by_timer, now=now)
    if attempt.state not in states.HANDED_IN:
        raise AttemptTransitionError
    return attempt


def _hand_in(session: Session, attempt: Attempt, *, by_timer: bool, now: datetime) -> None:
    finished_at = attempt.deadline_at if by_timer and attempt.deadline_at is not None else now
    reason = FinishReason.TIMER if by_timer else FinishReason.LEARNER
    running = (AttemptState.IN_PROGRESS, AttemptState.OVERDUE)
    if not advance(session, attempt, AttemptState.SUBMITTED, origins=running, finished_at=finished_at, finish_reason=reason):
        return
    attempt.receipt = chain.receipt_of(attempt_id=attempt.id, head=attempt.chain_head, answers=attempt.ops_count, finished_at=finished_at)
    session.flush()
    publish(
        session,
        AttemptSubmitted(occurred_at=now, attempt_id=attempt.id, quiz_id=attempt.quiz_id, learner_id=attempt.learner_id, by_timer=by_timer),
        actor_id=None if by_timer else attempt.learner_id,
    )
    grade_attempt(session, attempt, now=now)


def grade_attempt(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Mark every slot of a submitted attempt and say whether it passed. Doing it twice changes nothing.

    Where people have to read answers, the other marks are kept and the attempt waits for them.
    """
    if attempt.state is not AttemptState.SUBMITTED:
        return
    marks = _mark_slots(session, attempt, queries.get_version(session, attempt.quiz_version_id), now=now)
    waiting = [mark.slot for mark in marks if mark.state is GradeState.NEEDS_GRADING]
    if waiting:
        _ask_graders(session, attempt, [mark for mark in marks if mark.slot not in waiting], waiting, now=now)
    else:
        conclude(session, attempt, marks, origin=AttemptState.SUBMITTED, now=now)


def _ask_graders(session: Session, attempt: Attempt, marks: Sequence[SlotMark], waiting: Sequence[int], *, now: datetime) -> None:
    """Nobody is asked to read a preview or what was only practice."""
    if not advance(session, attempt, AttemptState.NEEDS_GRADING, origins=(AttemptState.SUBMITTED,)):
        return
    session.add_all(marks)
    session.flush()
    if attempt.is_preview or queries.get_quiz(session, attempt.quiz_id).kind is QuizKind.PRACTICE:
        return
    put_in_queue(session, attempt, waiting, now=now)
    publish(
        session,
        GradersAsked(occurred_at=now, attempt_id=attempt.id, quiz_id=attempt.quiz_id, learner_id=attempt.learner_id, answers=len(waiting)),
    )


def conclude(session: Session, attempt: Attempt, marks: Sequence[SlotMark], *, origin: AttemptState, now: datetime) -> bool:
    """Say whether an attempt has passed, now that all its marks are there; False if that was said before."""
    version = queries.get_version(session, attempt.quiz_version_id)
    score = scoring.score_of(Mark(mark.mark, mark.max_mark) for mark in marks)
    passed = score.reaches(version.pass_percent)
    facts: dict[str, Any] = {"graded_at": now, "earned": score.earned, "possible": score.possible, "passed": passed}
    if not advance(session, attempt, AttemptState.GRADED, origins=(origin,), **facts):
        return False
    session.add_all(marks)
    session.flush()
    publish(
        session,
        AttemptGraded(
            occurred_at=now,
            attempt_id=attempt.id,
            quiz_id=attempt.quiz_id,
            learner_id=attempt.learner_id,
            passed=passed,
            is_preview=attempt.is_preview,
        ),
    )
    return True


def _mark_slots(session: Session, attempt: Attempt, version: QuizVersion, *, now: datetime) -> list[SlotMark]:
    paper = queries.list_paper(session, attempt.id)
    contents = get_versions(session, {slot.question_version_id for slot in paper})
    answers = queries.map_answers(session, attempt.id)
    revision = find_last_revision(session, attempt.id) + 1

    def mark(slot: PaperSlot) -> SlotMark:
        content, current = contents[slot.question_version_id], answers.get(slot.number)
        answer = None if current is None else current.answer
        verdict = grade(content.kind, content.typed_body(), answer, allow_negative=version.allow_negative)
        return SlotMark(
            attempt_id=attempt.id,
            slot=slot.number,
            revision=revision,
            fraction=verdict.fraction,
            mark=verdict.fraction * slot.max_mark,
            max_mark=slot.max_mark,
            state=verdict.state,
            needs_review=verdict.is_near_miss and verdict.state is not GradeState.CORRECT,
            graded_at=now,
        )

    return [mark(slot) for slot in paper]


def settle(session: Session, attempt: Attempt, *, now: datetime) -> bool:
    """Bring an attempt whose time is over to its end, by its quiz's policy; True if something was done.

    Nothing happens during the thirty seconds in which answers given in time may still arrive, nor before it is known what an
    outage has to give back. Whoever gave the attempt more time meanwhile was first: it is looked at again under its lock.
    """
    if not _is_due(attempt, now):
        return False
    lock_attempt(session, attempt.id)
    credit_outages(session, attempt, now=now)
    if not _is_due(attempt, now) or must_wait(session, attempt, now=now):
        return False
    version = queries.get_version(session, attempt.quiz_version_id)
    if version.expiry_policy is ExpiryPolicy.AUTOSUBMIT:
        _hand_in(session, attempt, by_timer=True, now=now)
        return True
    end = _end_of_grace(attempt, version)
    if end is not None and now < end:
        return advance(session, attempt, AttemptState.OVERDUE)
    abandon_attempt(session, attempt, now=now, finished_at=end, reason=FinishReason.TIMER)
    return True


def _is_due(attempt: Attempt, now: datetime) -> bool:
    return attempt.state in {AttemptState.IN_PROGRESS, AttemptState.OVERDUE} and timing.is_due_for_submission(attempt.deadline_at, now)


def _end_of_grace(attempt: Attempt, version: QuizVersion) -> datetime | None:
    """Until when an attempt whose time is over can still be handed in by its learner."""
    grace = version.grace_seconds if version.expiry_policy is ExpiryPolicy.GRACE_PERIOD else 0
    return None if attempt.deadline_at is None else attempt.deadline_at + timedelta(seconds=grace)


def abandon_attempt(
    session: Session,
    attempt: Attempt,
    *,
    now: datetime,
    finished_at: datetime | None = None,
    reason: FinishReason = FinishReason.NEW_VERSION,
) -> None:
    """End an attempt without grading it: its score is 0, and it counts. `finished_at`: when its time was over, if it was."""
    facts: dict[str, Any] = {"finished_at": finished_at or now, "finish_reason": reason, "earned": Decimal(0), "passed": False}
    if not advance(session, attempt, AttemptState.ABANDONED, **facts):
        return
    publish(
        session,
        AttemptAbandoned(occurred_at=now, attempt_id=attempt.id, quiz_id=attempt.quiz_id, learner_id=attempt.learner_id),
    )


def expire_overdue(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Hand in what is due and nobody looks at; returns how many. One that fails is logged and does not hold up the others."""
    done = 0
    for attempt_id in queries.list_due_for_submission(session, now=now, limit=limit):
        try:
            with session.begin_nested():
                done += expire_attempt(session, attempt_id, now=now)
        except Exception:
            log.exception("Attempt %s could not be handed in", attempt_id)
    return done


def expire_attempt(session: Session, attempt_id: UUID, *, now: datetime) -> bool:
    """Hand in one attempt if it is due; True if something was done."""
    return settle(session, lock_attempt(session, attempt_id), now=now)
