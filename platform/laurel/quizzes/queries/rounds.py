"""Which round at an exam a learner is in."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from laurel.quizzes.models import Attempt, ExamRound, Quiz
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.rules.rounds import FIRST, Round


def find_latest_round(session: Session, learner_id: UUID, quiz_id: UUID) -> ExamRound | None:
    """The round that was opened last; None if the learner is in the first."""
    theirs = select(ExamRound).where(ExamRound.learner_id == learner_id, ExamRound.quiz_id == quiz_id)
    return session.scalar(theirs.order_by(ExamRound.number.desc()).limit(1).execution_options(populate_existing=True))


def present_round(session: Session, quiz: Quiz, learner_id: UUID) -> Round:
    """The round that the learner's next attempt belongs to. Only exams have more than one."""
    if quiz.kind is not QuizKind.EXAM:
        return FIRST
    other = aliased(ExamRound)
    anew = select(func.max(other.number)).where(other.learner_id == learner_id, other.quiz_id == quiz.id, counts_anew(other))
    latest = select(ExamRound, was_passed_before(ExamRound), func.coalesce(anew.scalar_subquery(), 1))
    latest = latest.where(ExamRound.learner_id == learner_id, ExamRound.quiz_id == quiz.id).order_by(ExamRound.number.desc()).limit(1)
    row = session.execute(latest, execution_options={"populate_existing": True}).one_or_none()
    return FIRST if row is None else row[0].facts(was_passed_before=row[1], counts_from=row[2])


def was_passed_before(round_: type[ExamRound]) -> ColumnElement[bool]:
    """That the learner had passed the exam in a round before this one, in a query that names it."""
    earlier = aliased(Attempt)
    return exists().where(
        earlier.learner_id == round_.learner_id,
        earlier.quiz_id == round_.quiz_id,
        earlier.round_number < round_.number,
        earlier.passed.is_(True),
        earlier.state != AttemptState.VOIDED,
        earlier.is_preview.is_(False),
    )


def counts_anew(round_: type[ExamRound]) -> ColumnElement[bool]:
    """That what earlier rounds used up is not counted in this one, in a query that names it."""
    return or_(round_.includes_attempts, was_passed_before(round_))


def serves() -> ColumnElement[bool]:
    """That an attempt was made for what a round was opened for, in a query that names both: it began in it, before its end."""
    return and_(
        ExamRound.learner_id == Attempt.learner_id,
        ExamRound.quiz_id == Attempt.quiz_id,
        ExamRound.number == Attempt.round_number,
        ExamRound.closes_at > Attempt.created_at,
    )


def find_round_of(session: Session, learner_id: UUID, attempt_id: UUID) -> ExamRound | None:
    """The round for whose purpose the learner made this attempt; None in the first, for one begun too late, and for somebody else's."""
    mine = select(ExamRound).join(Attempt, serves()).where(Attempt.id == attempt_id, Attempt.learner_id == learner_id)
    return session.scalar(mine.where(Attempt.is_preview.is_(False)))
