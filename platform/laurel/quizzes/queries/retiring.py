"""Which quizzes draw a question, and what they have left without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.bank.queries import list_category_paths
from laurel.quizzes.models import Quiz, QuizSlot
from laurel.quizzes.queries.pools import Pool, groups_of, is_random, load_pools, places_of
from laurel.quizzes.rules import QuizKind, QuizStatus, drawing, exposing


@dataclass(frozen=True, slots=True)
class UseLine:
    """One section, or one part of its spread, that the question may be drawn for: how many it draws, from how many, and how many are left
    without the question. Of a duplicate group one counts. `is_named`: the section asks for this question and no other."""

    position: int
    is_named: bool
    band: str
    count: int
    units: int
    left: int

    @property
    def is_short(self) -> bool:
        return self.left < self.count

    @property
    def is_small(self) -> bool:
        return exposing.is_pool_small(self.left, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A published quiz that may ask the question. `breaks`: without the question it cannot fill a paper, so that nobody could start."""

    quiz_id: UUID
    title: str
    kind: QuizKind
    owner_id: UUID
    lines: Sequence[UseLine]
    breaks: bool


def list_uses(session: Session, question: Question) -> list[Use]:
    """The published quizzes that may ask the question now and would no longer if it were withdrawn, by title. None while no version
    of it is in use; sections that hold on to a version of it keep it. The number of queries does not grow with the quizzes."""
    if question.ready_n is None:
        return []
    slots: dict[UUID, list[QuizSlot]] = {}
    quizzes: dict[UUID, Quiz] = {}
    for quiz, slot in session.execute(_asking(session, question)):
        quizzes[quiz.id] = quiz
        slots.setdefault(quiz.id, []).append(slot)
    pools = {pool.slot.id: pool for pool in load_pools(session, [slot for own in slots.values() for slot in own])}
    uses = [_use(quiz, [pools[slot.id] for slot in slots[quiz.id]], question.id) for quiz in quizzes.values()]
    return [use for use in uses if use.lines]


def _asking(session: Session, question: Question) -> Select[Quiz, QuizSlot]:
    """SELECT of every section of every published quiz with a section that names the question or draws from where it lies."""
    around = [category.id for category in list_category_paths(session) if question.category_id in category.ids_within]
    asking = select(QuizSlot.quiz_version_id).where(or_(QuizSlot.question_id == question.id, QuizSlot.category_id.in_(around)))
    return (
        select(Quiz, QuizSlot)
        .join(QuizSlot, QuizSlot.quiz_version_id == Quiz.published_version_id)
        .where(Quiz.status == QuizStatus.PUBLISHED, Quiz.published_version_id.in_(asking))
        .order_by(Quiz.title, Quiz.id, QuizSlot.position)
    )


def _use(quiz: Quiz, pools: Sequence[Pool], question_id: UUID) -> Use:
    rest = [_without(pool, question_id) for pool in pools]
    groups = groups_of(pools)
    lines = [line for pool, left in zip(pools, rest, strict=True) if pool is not left for line in _lines(pool, left, groups, question_id)]
    breaks = drawing.find_shortage(places_of(rest), groups=groups) is not None
    return Use(quiz_id=quiz.id, title=quiz.title, kind=quiz.kind, owner_id=quiz.owner_id, lines=lines, breaks=breaks)


def _without(pool: Pool, question_id: UUID) -> Pool:
    """The pool when the question is withdrawn; the same one if that changes nothing in it."""
    if question_id not in pool.versions or pool.slot.question_version_id is not None:
        return pool
    return replace(pool, candidates=[one for one in pool.candidates if one.question_id != question_id])


def _lines(pool: Pool, rest: Pool, groups: dict[UUID, str], question_id: UUID) -> list[UseLine]:
    """The parts of the section that could have drawn the question."""
    found = []
    for (band, now), (_, then) in zip(pool.bands, rest.bands, strict=True):
        if question_id in now.pool:
            units, left = drawing.count_units(now.pool, groups), drawing.count_units(then.pool, groups)
            found.append(UseLine(pool.slot.position, not is_random(pool), band.name if band else "", now.count, units, left))
    return found
