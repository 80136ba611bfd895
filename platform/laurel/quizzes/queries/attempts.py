"""Finding attempts. A learner's query always takes the learner: somebody else's attempt does not exist for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.models import QuestionVersion
from laurel.core.errors import NotFoundError
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, PaperSlot, QuizVersion, SlotMark
from laurel.quizzes.rules import AttemptState, states, timing
from laurel.quizzes.rules.quizzes import MAX_QUESTIONS
from laurel.quizzes.rules.showing import Content

NO_ATTEMPT = "There is no such attempt."


@dataclass(frozen=True, slots=True)
class MapEntry:
    """One question of the paper as the map beside it shows it."""

    number: int
    is_answered: bool
    is_flagged: bool


def get_attempt_of(session: Session, learner_id: UUID, attempt_id: UUID) -> Attempt:
    """The learner's attempt; raises NotFoundError for anybody else's."""
    attempt = session.scalar(select(Attempt).where(Attempt.id == attempt_id, Attempt.learner_id == learner_id))
    if attempt is None:
        raise NotFoundError(NO_ATTEMPT)
    return attempt


def lock_attempt_of(session: Session, learner_id: UUID, attempt_id: UUID) -> Attempt:
    """The learner's attempt as it is now, locked until the transaction ends."""
    statement = select(Attempt).where(Attempt.id == attempt_id, Attempt.learner_id == learner_id)
    attempt = session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if attempt is None:
        raise NotFoundError(NO_ATTEMPT)
    return attempt


def lock_attempt(session: Session, attempt_id: UUID) -> Attempt:
    """Anybody's attempt as it is now, locked until the transaction ends: for the clock and for staff."""
    attempt = session.get(Attempt, attempt_id, with_for_update=True, populate_existing=True)
    if attempt is None:
        raise NotFoundError(NO_ATTEMPT)
    return attempt


def reload_attempt(session: Session, attempt_id: UUID) -> Attempt:
    """The attempt as the database has it now, after an UPDATE that went past the session."""
    return session.get_one(Attempt, attempt_id, populate_existing=True)


def find_open_attempt(session: Session, quiz_id: UUID, learner_id: UUID, *, is_preview: bool = False) -> Attempt | None:
    """The one attempt of the learner at the quiz that is not over."""
    statement = select(Attempt).where(Attempt.learner_id == learner_id, Attempt.quiz_id == quiz_id, Attempt.is_preview == is_preview)
    return session.scalar(statement.where(Attempt.state.in_(states.OPEN)))


def list_attempts_of(session: Session, learner_id: UUID, quiz_id: UUID, *, is_preview: bool = False) -> list[Attempt]:
    """The learner's attempts at the quiz, the first first."""
    statement = select(Attempt).where(Attempt.learner_id == learner_id, Attempt.quiz_id == quiz_id, Attempt.is_preview == is_preview)
    return list(session.scalars(statement.order_by(Attempt.number)))


def list_due_for_submission(session: Session, *, now: datetime, limit: int = 500) -> list[UUID]:
    """Attempts whose time, and the grace for what is on its way or may still be handed in, is over, the longest overdue first."""
    running = (AttemptState.IN_PROGRESS, AttemptState.OVERDUE)
    statement = (
        select(Attempt.id, Attempt.state, Attempt.deadline_at, QuizVersion.grace_seconds)
        .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
        .where(Attempt.state.in_(running), Attempt.deadline_at < now - timing.NET_GRACE)
        .order_by(Attempt.deadline_at)
    )
    due: list[UUID] = []
    for attempt_id, state, deadline_at, grace in session.execute(statement):
        if state is AttemptState.IN_PROGRESS or (deadline_at is not None and deadline_at + timedelta(seconds=grace) <= now):
            due.append(attempt_id)
    return due[:limit]


def list_map(session: Session, attempt_id: UUID) -> list[MapEntry]:
    """Every question of the paper, in order, with whether it is answered and flagged. One query."""
    rows = session.execute(
        select(PaperSlot.number, PaperSlot.is_flagged, CurrentAnswer.seq, CurrentAnswer.answer)
        .outerjoin(CurrentAnswer, (CurrentAnswer.attempt_id == PaperSlot.attempt_id) & (CurrentAnswer.slot == PaperSlot.number))
        .where(PaperSlot.attempt_id == attempt_id)
        .order_by(PaperSlot.number)
    )
    return [MapEntry(number=row[0], is_flagged=row[1], is_answered=row[3] is not None) for row in rows]


def list_paper(session: Session, attempt_id: UUID) -> list[PaperSlot]:
    """The slots of the paper, in order."""
    return list(session.scalars(select(PaperSlot).where(PaperSlot.attempt_id == attempt_id).order_by(PaperSlot.number)))


def get_slot(session: Session, attempt_id: UUID, number: int) -> tuple[PaperSlot, QuestionVersion]:
    """One slot of the paper with its question; raises NotFoundError for a number that the paper does not have."""
    statement = select(PaperSlot, QuestionVersion).join(QuestionVersion, QuestionVersion.id == PaperSlot.question_version_id)
    wanted = statement.where(PaperSlot.attempt_id == attempt_id, PaperSlot.number == number)
    row = session.execute(wanted).one_or_none() if number <= MAX_QUESTIONS else None
    if row is None:
        raise NotFoundError("This paper has no such question.")
    return row[0], row[1]


def find_answer(session: Session, attempt_id: UUID, number: int) -> CurrentAnswer | None:
    return session.get(CurrentAnswer, (attempt_id, number))


def map_answers(session: Session, attempt_id: UUID, *, slots: Collection[int] | None = None) -> dict[int, CurrentAnswer]:
    """The current answers by slot, of all slots or only of some."""
    statement = select(CurrentAnswer).where(CurrentAnswer.attempt_id == attempt_id)
    if slots is not None:
        statement = statement.where(CurrentAnswer.slot.in_(slots))
    return {answer.slot: answer for answer in session.scalars(statement.execution_options(populate_existing=True))}


def list_ops(session: Session, attempt_id: UUID) -> list[AnswerOp]:
    """The saved answers in the order of the chain; late ones are not among them."""
    statement = select(AnswerOp).where(AnswerOp.attempt_id == attempt_id, AnswerOp.position.is_not(None))
    return list(session.scalars(statement.order_by(AnswerOp.position)))


def map_ops(session: Session, op_ids: Collection[UUID]) -> dict[UUID, AnswerOp]:
    """The operations that are already kept, by id, whoever made them."""
    return {op.op_id: op for op in session.scalars(select(AnswerOp).where(AnswerOp.op_id.in_(op_ids)))}


def list_marks(session: Session, attempt_id: UUID) -> list[SlotMark]:
    """The marks in force, by slot: of each slot the last revision."""
    statement = select(SlotMark).where(SlotMark.attempt_id == attempt_id).order_by(SlotMark.slot, SlotMark.revision)
    latest = {mark.slot: mark for mark in session.scalars(statement)}
    return list(latest.values())


def find_last_revision(session: Session, attempt_id: UUID) -> int:
    """How often the attempt was marked; 0 if never."""
    return session.scalar(select(func.max(SlotMark.revision)).where(SlotMark.attempt_id == attempt_id)) or 0


def content_of(version: QuestionVersion) -> Content:
    """A question version as the pages need it."""
    return Content(body=version.typed_body(), stem_html=version.stem_html, general_feedback_html=version.general_feedback_html)
