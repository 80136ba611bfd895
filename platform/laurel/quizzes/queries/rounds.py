"""Which round at an exam a learner is in."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.quizzes.models import Attempt, ExamRound, Quiz
from laurel.quizzes.rules import QuizKind
from laurel.quizzes.rules.rounds import FIRST, Round


def find_latest_round(session: Session, learner_id: UUID, quiz_id: UUID) -> ExamRound | None:
    """The round that was opened last; None if the learner is in the first."""
    theirs = select(ExamRound).where(ExamRound.learner_id == learner_id, ExamRound.quiz_id == quiz_id)
    return session.scalar(theirs.order_by(ExamRound.number.desc()).limit(1).execution_options(populate_existing=True))


def present_round(session: Session, quiz: Quiz, learner_id: UUID) -> Round:
    """The round that the learner's next attempt belongs to. Only exams have more than one."""
    latest = find_latest_round(session, learner_id, quiz.id) if quiz.kind is QuizKind.EXAM else None
    return FIRST if latest is None else latest.facts


def find_round_of(session: Session, learner_id: UUID, attempt_id: UUID) -> ExamRound | None:
    """The round in which the learner made this attempt; None for the first, and for somebody else's attempt."""
    joined = (
        (ExamRound.learner_id == Attempt.learner_id) & (ExamRound.quiz_id == Attempt.quiz_id) & (ExamRound.number == Attempt.round_number)
    )
    mine = select(ExamRound).join(Attempt, joined).where(Attempt.id == attempt_id, Attempt.learner_id == learner_id)
    return session.scalar(mine.where(Attempt.is_preview.is_(False)))
