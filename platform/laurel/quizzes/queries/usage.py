"""Counting what became of questions, and reading the count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, Select, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from laurel.bank.models import Question, QuestionVersion
from laurel.quizzes.models import Attempt, PaperSlot, QuestionUsage, SlotMark
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.exposing import DRIFT_WINDOW, RECENT


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers to one version in one stretch of time: how many, and their mean share of the mark."""

    version_id: UUID
    answers: int
    facility: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What `QuestionUsage` is to say of one question."""

    question_id: UUID
    shown: int
    people: int
    shown_recently: int
    before: Answered | None
    """`before` and `lately` are of one version, the one that was in use when both were counted."""
    lately: Answered | None


def count_usage(session: Session, *, now: datetime) -> list[Count]:
    """Count all papers and marks anew: two queries over everything, for the worker and not for a page. Previews are left out."""
    since = case((Attempt.created_at >= now - RECENT, 1), else_=0)
    shown = session.execute(
        select(PaperSlot.question_id, func.count(), func.count(Attempt.learner_id.distinct()), func.sum(since))
        .join(Attempt, Attempt.id == PaperSlot.attempt_id)
        .where(Attempt.is_preview.is_(False))
        .group_by(PaperSlot.question_id)
    )
    answered: dict[tuple[UUID, bool], Answered] = {}
    for question_id, version_id, is_lately, answers, facility in session.execute(_answers(now)):
        answered[question_id, bool(is_lately)] = Answered(version_id, answers, facility)
    return [
        Count(
            question_id=question_id,
            shown=papers,
            people=people,
            shown_recently=recently,
            before=answered.get((question_id, False)),
            lately=answered.get((question_id, True)),
        )
        for question_id, papers, people, recently in shown
    ]


def _answers(now: datetime) -> Select[UUID, UUID, int, int, float]:
    """SELECT of the facility of every version in use, before the window and in it, over first attempts and marks in force."""
    is_lately = case((Attempt.created_at >= now - DRIFT_WINDOW, 1), else_=0)
    later = aliased(SlotMark)
    is_superseded = (
        select(later.id)
        .where(later.attempt_id == SlotMark.attempt_id, later.slot == SlotMark.slot, later.revision > SlotMark.revision)
        .exists()
    )
    return (
        select(Question.id, PaperSlot.question_version_id, is_lately, func.count(), func.avg(cast(SlotMark.fraction, Float)))
        .select_from(SlotMark)
        .join(Attempt, Attempt.id == SlotMark.attempt_id)
        .join(PaperSlot, (PaperSlot.attempt_id == SlotMark.attempt_id) & (PaperSlot.number == SlotMark.slot))
        .join(Question, Question.id == PaperSlot.question_id)
        .join(QuestionVersion, (QuestionVersion.id == PaperSlot.question_version_id) & (QuestionVersion.n == Question.ready_n))
        .where(Attempt.state == AttemptState.GRADED, Attempt.is_preview.is_(False), Attempt.number == 1, ~is_superseded)
        .group_by(Question.id, PaperSlot.question_version_id, is_lately)
    )


def map_usage(session: Session, question_ids: Collection[UUID]) -> dict[UUID, QuestionUsage]:
    """What was counted of these questions; those that were on no paper are missing."""
    rows = session.scalars(select(QuestionUsage).where(QuestionUsage.question_id.in_(question_ids)))
    return {row.question_id: row for row in rows}


def list_usage(session: Session) -> dict[UUID, QuestionUsage]:
    """Everything that was counted."""
    return {row.question_id: row for row in session.scalars(select(QuestionUsage))}
