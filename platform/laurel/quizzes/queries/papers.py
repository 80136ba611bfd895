"""The paper that an attempt would get."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError
from laurel.quizzes.models import QuizSlot, QuizVersion
from laurel.quizzes.queries.pools import load_pools
from laurel.quizzes.queries.quizzes import list_slots
from laurel.quizzes.rules import drawing
from laurel.quizzes.rules.drawing import PoolTooSmallError


class PaperImpossibleError(ConflictError):
    """Questions were withdrawn since the quiz was published, and the rest does not fill a paper."""

    message = "This cannot be started at the moment, because its questions are being revised. Please try again later."


@dataclass(frozen=True, slots=True)
class DrawnQuestion:
    """One question of a paper, and the slot of the quiz that asked for it."""

    question_id: UUID
    version_id: UUID
    slot: QuizSlot


def draw_paper(session: Session, version: QuizVersion, *, seed: int) -> list[DrawnQuestion]:
    """The questions of the paper that `seed` draws now, in their order. Raises PaperImpossibleError rather than leave one out."""
    pools = load_pools(session, list_slots(session, version.id))
    try:
        drawn = drawing.draw([pool.place for pool in pools], seed=seed)
    except PoolTooSmallError:
        raise PaperImpossibleError from None
    paper = [
        DrawnQuestion(question_id, pool.versions[question_id], pool.slot)
        for pool, questions in zip(pools, drawn, strict=True)
        for question_id in questions
    ]
    if not version.shuffle_questions:
        return paper
    sections = {number: question.slot.domain for number, question in enumerate(paper)}
    return [paper[number] for number in drawing.shuffle_runs(range(len(paper)), sections, seed=seed)]
