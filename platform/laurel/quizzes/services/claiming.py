"""The queue of answers that people grade: what waits, and who has which on the desk."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.quizzes.models import Attempt, GradingTask
from laurel.quizzes.queries.grading import is_free_for, list_free_tasks
from laurel.quizzes.rules.grading import ClaimedError


def put_in_queue(session: Session, attempt: Attempt, slots: Sequence[int], *, now: datetime) -> None:
    """Let these answers wait for graders; one that waited before, in an attempt that was reopened, waits anew."""
    known = {task.slot: task for task in session.scalars(select(GradingTask).where(GradingTask.attempt_id == attempt.id))}
    for slot, task in known.items():
        if slot in slots:
            task.claimed_by_id, task.claimed_at, task.graded_at, task.waiting_since = None, None, None, now
        elif task.graded_at is None:
            task.graded_at = now
    session.add_all(GradingTask(attempt_id=attempt.id, slot=slot, waiting_since=now) for slot in slots if slot not in known)
    session.flush()


def claim_task(session: Session, task_id: UUID, *, grader_id: UUID, now: datetime) -> None:
    """Take the answer for half an hour; taking it again begins the time anew. ClaimedError if another grader has it."""
    if not _claim(session, task_id, grader_id=grader_id, now=now):
        raise ClaimedError


def _claim(session: Session, task_id: UUID, *, grader_id: UUID, now: datetime) -> bool:
    claimed = session.execute(
        update(GradingTask)
        .where(GradingTask.id == task_id, GradingTask.graded_at.is_(None), is_free_for(grader_id, now))
        .values(claimed_by_id=grader_id, claimed_at=now)
        .execution_options(synchronize_session=False)
    )
    return claimed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def claim_next(session: Session, *, grader_id: UUID, owner_id: UUID | None, now: datetime) -> UUID | None:
    """Take the answer that has waited longest and that nobody has; None if there is none. `owner_id`: only of this author's quizzes."""
    while found := list_free_tasks(session, grader_id=grader_id, owner_id=owner_id, now=now):
        taken = next((task_id for task_id in found if _claim(session, task_id, grader_id=grader_id, now=now)), None)
        if taken is not None:
            return taken
    return None


def release_task(session: Session, task_id: UUID, *, grader_id: UUID) -> None:
    """Give an answer back that one has on the desk. Telling it twice changes nothing."""
    session.execute(
        update(GradingTask)
        .where(GradingTask.id == task_id, GradingTask.claimed_by_id == grader_id, GradingTask.graded_at.is_(None))
        .values(claimed_by_id=None, claimed_at=None)
        .execution_options(synchronize_session=False)
    )
