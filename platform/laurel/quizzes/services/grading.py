"""Marking by people. The last mark of an attempt says whether it passed, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.rules.reading import clean_text, write_number
from laurel.core.bus import publish
from laurel.quizzes import queries
from laurel.quizzes.events import AnswerMarked, GradersFinished
from laurel.quizzes.models import GradingTask, ManualMark, SlotMark
from laurel.quizzes.queries.grading import Desk, count_ungraded, get_desk, lock_task
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.grading import MAX_COMMENT
from laurel.quizzes.services.finishing import conclude


def mark_answer(
    session: Session, task_id: UUID, *, grader_id: UUID, owner_id: UUID | None, points: Sequence[str], comment: str, now: datetime
) -> bool:
    """Give an answer its mark; True if that was the last one and the attempt is graded now.

    `points`: what the grader wrote, criterion by criterion. A grader may change a mark of their own while the attempt waits for
    others; giving the same again changes nothing. Raises NotFoundError (own attempt, another author's quiz), ClaimedError,
    GradingClosedError, and InvalidInputError with the place `points-<index>` or `comment`.
    """
    get_desk(session, task_id, grader_id=grader_id, owner_id=owner_id)
    lock_task(session, task_id)
    desk = get_desk(session, task_id, grader_id=grader_id, owner_id=owner_id)
    given, words = desk.essay.read_points(points), clean_text(comment, "comment", limit=MAX_COMMENT)
    if _says_the_same(desk, given, words):
        return False
    desk.require_free(grader_id, now)
    _take(desk.task, grader_id=grader_id, now=now)
    _write(session, desk, given, words, grader_id=grader_id, now=now)
    return not count_ungraded(session, desk.attempt.id) and _finish(session, desk, grader_id=grader_id, now=now)


def _says_the_same(desk: Desk, points: Sequence[Decimal], comment: str) -> bool:
    """Whether this grader gave just that before: the page was sent twice."""
    return desk.reading is not None and (list(desk.reading.points), desk.reading.comment) == (list(points), comment)


def _take(task: GradingTask, *, grader_id: UUID, now: datetime) -> None:
    """The claim of a graded answer says for good who graded it."""
    task.claimed_by_id, task.claimed_at, task.graded_at = grader_id, now, now


def _write(session: Session, desk: Desk, points: Sequence[Decimal], comment: str, *, grader_id: UUID, now: datetime) -> None:
    """The next revision of the slot's mark, and the reasons for it."""
    attempt, slot = desk.attempt, desk.task.slot
    revision = max((mark.revision for mark in queries.list_marks(session, attempt.id) if mark.slot == slot), default=0) + 1
    verdict = desk.essay.grade_points(points)
    session.add(
        SlotMark(
            attempt_id=attempt.id,
            slot=slot,
            revision=revision,
            fraction=verdict.fraction,
            mark=desk.essay.mark_for(points, max_mark=desk.max_mark),
            max_mark=desk.max_mark,
            state=verdict.state,
            graded_at=now,
        )
    )
    session.add(
        ManualMark(
            attempt_id=attempt.id,
            slot=slot,
            revision=revision,
            grader_id=grader_id,
            points=[write_number(one) for one in points],
            comment=comment,
            graded_at=now,
        )
    )
    session.flush()
    publish(
        session,
        AnswerMarked(occurred_at=now, attempt_id=attempt.id, slot=slot, revision=revision, grader_id=grader_id),
        actor_id=grader_id,
    )


def _finish(session: Session, desk: Desk, *, grader_id: UUID, now: datetime) -> bool:
    attempt = desk.attempt
    if not conclude(session, attempt, queries.list_marks(session, attempt.id), origin=AttemptState.NEEDS_GRADING, now=now):
        return False
    publish(
        session,
        GradersFinished(occurred_at=now, attempt_id=attempt.id, quiz_id=attempt.quiz_id, learner_id=attempt.learner_id),
        actor_id=grader_id,
    )
    return True
