"""Exams without a way back: leaving a question closes it.

What counts is the order in which the server hears of things, never the browser's clock, which anybody can set. An answer is in
time if it is saved before its question is left; Next sends the answer along, in the same transaction. The page's script sends
Next only after everything it holds has been acknowledged. So an answer that arrives later was never called saved; it is kept as
evidence, as one after the deadline is, and is not graded.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.quizzes import queries
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState, states, timing


def leave_slot(session: Session, *, attempt_id: UUID, learner_id: UUID, slot: int, now: datetime) -> bool:
    """Close question `slot` and open the next one; False if it is not the open one any more, or the last of the paper.

    One guarded UPDATE, so that a double click goes one question ahead and not two. Nothing happens where people may go back.
    Raises AttemptTransitionError once the time is over.
    """
    attempt = queries.lock_attempt_of(session, learner_id, attempt_id)
    if attempt.reached_slot is None or slot >= len(queries.list_map(session, attempt_id)):
        return False
    if not timing.accepts_saves(attempt.deadline_at, now):
        raise states.AttemptTransitionError
    moved = session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == AttemptState.IN_PROGRESS, Attempt.reached_slot == slot)
        .values(reached_slot=slot + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(attempt)
    return moved.rowcount == 1  # type: ignore[attr-defined,no-any-return]
