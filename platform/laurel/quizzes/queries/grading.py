"""What waits for graders, and what one of them sees: never whose answer it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from laurel.bank.models import QuestionVersion
from laurel.bank.rules.essay import Essay
from laurel.core.errors import NotFoundError
from laurel.quizzes.models import Attempt, CurrentAnswer, GradingTask, ManualMark, PaperSlot, Quiz, QuizVersion, SlotMark
from laurel.quizzes.rules import AttemptState, Field, Phase
from laurel.quizzes.rules.grading import CLAIM, ClaimedError, GradingClosedError, is_claimed, paper_code
from laurel.quizzes.rules.rubrics import Reading

BATCH = 5
"""How many free answers are tried at once: another grader may take the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One answer as its grader sees it. `code` stands for the paper; `reading` is what this grader gave it before."""

    task: GradingTask
    attempt: Attempt
    quiz: Quiz
    version: QuizVersion
    number: int
    code: str
    stem_html: str
    essay: Essay
    max_mark: Decimal
    text: str
    reading: Reading | None
    learner_sees_points: bool
    learner_sees_comment: bool

    def is_mine(self, grader_id: UUID, now: datetime) -> bool:
        """Whether this grader has it on the desk."""
        return self.task.claimed_by_id == grader_id and (self.task.graded_at is not None or is_claimed(self.task.claimed_at, now))

    def require_free(self, grader_id: UUID, now: datetime) -> None:
        """Raise GradingClosedError if nothing waits any more, ClaimedError if it is another grader's."""
        if self.attempt.state is not AttemptState.NEEDS_GRADING:
            raise GradingClosedError
        mine = self.task.claimed_by_id in {None, grader_id}
        if not mine and (self.task.graded_at is not None or is_claimed(self.task.claimed_at, now)):
            raise ClaimedError


def _may_see(grader_id: UUID, owner_id: UUID | None) -> list[ColumnElement[bool]]:
    """Nobody grades an attempt of their own; `owner_id`: only the quizzes of this author."""
    found = [Attempt.learner_id != grader_id]
    return found if owner_id is None else [*found, Quiz.owner_id == owner_id]


def _waiting(grader_id: UUID, owner_id: UUID | None) -> list[ColumnElement[bool]]:
    return [GradingTask.graded_at.is_(None), Attempt.state == AttemptState.NEEDS_GRADING, *_may_see(grader_id, owner_id)]


def is_free_for(grader_id: UUID, now: datetime) -> ColumnElement[bool]:
    """An answer that this grader may take: nobody's, their own, or one whose claim is over."""
    return or_(GradingTask.claimed_by_id.is_(None), GradingTask.claimed_by_id == grader_id, GradingTask.claimed_at <= now - CLAIM)


def list_waiting(grader_id: UUID, owner_id: UUID | None) -> Select[GradingTask, str, str]:
    """SELECT of (task, the quiz's title as the learner read it, the question's stem), the longest waiting first."""
    return (
        select(GradingTask, QuizVersion.title, QuestionVersion.stem_html)
        .join(Attempt, Attempt.id == GradingTask.attempt_id)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
        .join(PaperSlot, (PaperSlot.attempt_id == GradingTask.attempt_id) & (PaperSlot.number == GradingTask.slot))
        .join(QuestionVersion, QuestionVersion.id == PaperSlot.question_version_id)
        .where(*_waiting(grader_id, owner_id))
        .order_by(GradingTask.waiting_since, GradingTask.id)
    )


def list_free_tasks(session: Session, *, grader_id: UUID, owner_id: UUID | None, now: datetime) -> list[UUID]:
    """The few that have waited longest and that nobody has on the desk, this grader's own among them."""
    statement = (
        select(GradingTask.id)
        .join(Attempt, Attempt.id == GradingTask.attempt_id)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .where(is_free_for(grader_id, now), *_waiting(grader_id, owner_id))
        .order_by(GradingTask.waiting_since, GradingTask.id)
    )
    return list(session.scalars(statement.limit(BATCH)))


def get_desk(session: Session, task_id: UUID, *, grader_id: UUID, owner_id: UUID | None) -> Desk:
    """The answer with all that its grader needs. One's own, and another author's, do not exist: NotFoundError."""
    row = session.execute(
        select(GradingTask, Attempt, Quiz, QuizVersion, PaperSlot, QuestionVersion, CurrentAnswer)
        .join(Attempt, Attempt.id == GradingTask.attempt_id)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
        .join(PaperSlot, (PaperSlot.attempt_id == GradingTask.attempt_id) & (PaperSlot.number == GradingTask.slot))
        .join(QuestionVersion, QuestionVersion.id == PaperSlot.question_version_id)
        .outerjoin(CurrentAnswer, (CurrentAnswer.attempt_id == GradingTask.attempt_id) & (CurrentAnswer.slot == GradingTask.slot))
        .where(GradingTask.id == task_id, *_may_see(grader_id, owner_id))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("There is no such answer to grade.")
    return _describe(session, row, grader_id)


def _describe(
    session: Session,
    row: Row[GradingTask, Attempt, Quiz, QuizVersion, PaperSlot, QuestionVersion, CurrentAnswer | None],
    grader_id: UUID,
) -> Desk:
    task, attempt, quiz, version, slot, question, current = row
    essay = question.typed_body()
    if not isinstance(essay, Essay):
        raise TypeError(f"Nobody grades a question of kind {question.kind}.")
    mine = find_manual_mark(session, task.attempt_id, task.slot) if task.graded_at is not None else None
    seen = {field for phase in (Phase.LATER, Phase.CLOSED) for field in version.review.visible(phase, has_attempt_left=False)}
    return Desk(
        task=task,
        attempt=attempt,
        quiz=quiz,
        version=version,
        number=slot.number,
        code=paper_code(attempt.id),
        stem_html=question.stem_html,
        essay=essay,
        max_mark=slot.max_mark,
        text=str((current.answer or {}).get("text", "")) if current is not None else "",
        reading=None if mine is None or mine.grader_id != grader_id else reading_of(mine),
        learner_sees_points=Field.MARKS in seen,
        learner_sees_comment=Field.GENERAL_FEEDBACK in seen,
    )


def reading_of(mark: ManualMark) -> Reading:
    return Reading([Decimal(points) for points in mark.points], mark.comment)


def find_manual_mark(session: Session, attempt_id: UUID, slot: int) -> ManualMark | None:
    """What the last grader gave this answer."""
    statement = select(ManualMark).where(ManualMark.attempt_id == attempt_id, ManualMark.slot == slot)
    return session.scalar(statement.order_by(ManualMark.revision.desc()).limit(1))


def map_readings(session: Session, attempt_id: UUID, marks: Collection[SlotMark]) -> dict[int, Reading]:
    """What graders made of the answers, by slot: the reasons for the marks in force."""
    in_force = {(mark.slot, mark.revision) for mark in marks}
    found = session.scalars(select(ManualMark).where(ManualMark.attempt_id == attempt_id))
    return {mark.slot: reading_of(mark) for mark in found if (mark.slot, mark.revision) in in_force}


def lock_task(session: Session, task_id: UUID) -> GradingTask:
    """The task as it is now, its attempt and itself locked until the transaction ends: the last marks of an attempt come one by one."""
    attempt_id = select(GradingTask.attempt_id).where(GradingTask.id == task_id).scalar_subquery()
    session.scalars(select(Attempt).where(Attempt.id == attempt_id).with_for_update().execution_options(populate_existing=True)).one()
    task = select(GradingTask).where(GradingTask.id == task_id).with_for_update()
    return session.scalars(task.execution_options(populate_existing=True)).one()


def count_ungraded(session: Session, attempt_id: UUID) -> int:
    """How many answers of the attempt still wait for a person."""
    waiting = select(func.count()).where(GradingTask.attempt_id == attempt_id, GradingTask.graded_at.is_(None))
    return session.scalar(waiting) or 0


@dataclass(frozen=True, slots=True)
class BeingRead:
    """An attempt that a person is reading, as its learner hears of it."""

    attempt_id: UUID
    title: str
    finished_at: datetime


def list_being_read(session: Session, learner_id: UUID) -> list[BeingRead]:
    """The learner's attempts that wait for a grader, the last handed in first."""
    statement = (
        select(Attempt.id, QuizVersion.title, Attempt.finished_at)
        .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
        .where(Attempt.learner_id == learner_id, Attempt.state == AttemptState.NEEDS_GRADING, Attempt.is_preview.is_(False))
        .order_by(Attempt.finished_at.desc())
        .limit(20)
    )
    rows = session.execute(statement)
    return [BeingRead(attempt_id, title, finished_at) for attempt_id, title, finished_at in rows if finished_at is not None]
