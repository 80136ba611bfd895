"""What the attempts that earned credentials came to, as far as a credential may say it."""

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.credentials.models import AchievementVersion, Credential
from laurel.credentials.rules.scores import ExamRecord
from laurel.quizzes.models import Attempt, PaperSlot, QuizVersion
from laurel.quizzes.rules import AttemptState, Score


def map_exam_records(session: Session, attempt_ids: Collection[UUID]) -> dict[UUID, ExamRecord]:
    """The record of each of these attempts that is passed and has a score; one query.

    The time is the exam's, not the learner's: who was given more shall not be known by it.
    """
    asked = select(func.count(PaperSlot.id)).where(PaperSlot.attempt_id == Attempt.id).correlate(Attempt).scalar_subquery()
    rows = session.execute(
        select(Attempt.id, Attempt.earned, Attempt.possible, QuizVersion.pass_percent, QuizVersion.minutes, asked)
        .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
        .where(Attempt.id.in_(attempt_ids), Attempt.state == AttemptState.GRADED, Attempt.passed.is_(True))
        .where(Attempt.earned.is_not(None), Attempt.possible > 0)
    )
    return {row[0]: _record(row[1], row[2], row[3], row[4], row[5]) for row in rows}


def find_exam_record(session: Session, credential: Credential) -> ExamRecord | None:
    """What this credential would say of its exam; None for one without an attempt, and where the program wants no scores."""
    version = session.get_one(AchievementVersion, credential.achievement_version_id)
    if credential.attempt_id is None or not version.offers_score:
        return None
    return map_exam_records(session, [credential.attempt_id]).get(credential.attempt_id)


def _record(earned: Decimal, possible: Decimal, required: Decimal, minutes: int | None, questions: int) -> ExamRecord:
    return ExamRecord(score=Score(earned, possible).shown(required), required=required, questions=questions, minutes=minutes)
