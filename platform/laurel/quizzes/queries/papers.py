"""The paper that an attempt would get."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError
from laurel.quizzes.models import Attempt, PaperSlot, QuizSlot, QuizVersion
from laurel.quizzes.queries.pools import Pool, groups_of, load_pools, places_of
from laurel.quizzes.queries.quizzes import list_slots
from laurel.quizzes.rules import drawing
from laurel.quizzes.rules.drawing import NOTHING_SPARED, Drawer, PoolTooSmallError, Sparing

REMEMBERED_ATTEMPTS = 2
"""What was on so many of a learner's last papers is not on the next one, while the pool allows."""


class PaperImpossibleError(ConflictError):
    """Questions were withdrawn since the quiz was published, and the rest does not fill a paper."""

    message = "This cannot be started at the moment, because its questions are being revised. Please try again later."


@dataclass(frozen=True, slots=True)
class DrawnQuestion:
    """One question of a paper, and the slot of the quiz that asked for it."""

    question_id: UUID
    version_id: UUID
    slot: QuizSlot


def draw_paper(session: Session, version: QuizVersion, *, seed: int, past: Sequence[Attempt] | None = None) -> list[DrawnQuestion]:
    """The questions of the paper that `seed` draws now, in their order. Raises PaperImpossibleError rather than leave one out.

    With the learner's attempts so far, the first first, the draw goes easy on what was shown often lately and on what they had
    last. Without (practice) only the seed decides, so that a page can show the questions before there is an attempt.
    """
    pools = load_pools(session, list_slots(session, version.id))
    sparing = NOTHING_SPARED if past is None else _what_to_spare(session, pools, past)
    drawer = Drawer(places_of(pools), groups=groups_of(pools), sparing=sparing)
    try:
        drawn = drawer.draw(seed=seed)
    except PoolTooSmallError:
        raise PaperImpossibleError from None
    paper = lay_out(pools, drawn, seed=seed)
    if not version.shuffle_questions:
        return paper
    sections = {number: question.slot.domain for number, question in enumerate(paper)}
    return [paper[number] for number in drawing.shuffle_runs(range(len(paper)), sections, seed=seed)]


def _what_to_spare(session: Session, pools: Sequence[Pool], past: Sequence[Attempt]) -> Sparing:
    shown = {one.question_id: one.shown for pool in pools for one in pool.candidates}
    last = [attempt.id for attempt in past[-REMEMBERED_ATTEMPTS:]]
    seen = session.scalars(select(PaperSlot.question_id).where(PaperSlot.attempt_id.in_(last))) if last else ()
    return Sparing(shown=shown, seen=frozenset(seen))


def lay_out(pools: Sequence[Pool], drawn: Sequence[Sequence[UUID]], *, seed: int) -> list[DrawnQuestion]:
    """The drawn questions in the order of their slots; within a slot no spread can be told from the order."""
    paper: list[DrawnQuestion] = []
    rest = iter(drawn)
    for pool in pools:
        asked = [question for _place in pool.places for question in next(rest)]
        if len(pool.places) > 1:
            asked = drawing.mix(asked, seed=seed, number=pool.slot.position)
        paper += [DrawnQuestion(question, pool.versions[question], pool.slot) for question in asked]
    return paper
