"""Which questions each slot of a quiz can be filled with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.models import Question, QuestionTag, QuestionVersion
from laurel.bank.queries import list_category_paths
from laurel.bank.rules import QuestionKind
from laurel.quizzes.models import QuestionUsage, QuizSlot
from laurel.quizzes.rules import DrawFilter, SlotKind, drawing
from laurel.quizzes.rules.filtering import BANDS, Band

_IS_READY = (Question.id == QuestionVersion.question_id) & (Question.ready_n == QuestionVersion.n)
_NO_TAGS: frozenset[str] = frozenset()


class Candidate(NamedTuple):
    """A question that a slot can ask, with the version that it would ask. `shown`: on how many papers it was lately.

    A named tuple, because a start makes thousands of them.
    """

    question_id: UUID
    version_id: UUID
    category_id: UUID
    objective: str
    difficulty: int
    group: str | None
    shown: int


@dataclass(frozen=True)
class Pool:
    """A slot with the questions it can ask, in the order in which they were made."""

    slot: QuizSlot
    candidates: Sequence[Candidate]

    @cached_property
    def versions(self) -> dict[UUID, UUID]:
        """The version of each question."""
        return {candidate.question_id: candidate.version_id for candidate in self.candidates}

    @cached_property
    def bands(self) -> list[tuple[Band | None, drawing.Place]]:
        """What is drawn: the whole count from the whole pool, or each part of a spread from its band."""
        spread = self.slot.typed_filter().spread
        if not spread:
            return [(None, drawing.Place(pool=list(self.versions), count=self.slot.count))]
        return [
            (band, drawing.Place(pool=[one.question_id for one in self.candidates if band.holds(one.difficulty)], count=count))
            for band, count in zip(BANDS, spread, strict=True)
            if count
        ]

    @property
    def places(self) -> list[drawing.Place]:
        return [place for _, place in self.bands]


def load_pools(session: Session, slots: Sequence[QuizSlot]) -> list[Pool]:
    """The pool of each slot, in four queries at most, however many slots there are."""
    asked = _load_asked(session, {slot.question_id for slot in slots if slot.question_id is not None})
    drawn = [slot for slot in slots if slot.category_id is not None]
    within = _categories_of(session, drawn)
    found = _load_ready(session, {one for ids in within.values() for one in ids})
    tags = _load_tags(session, {tag for slot in drawn for tag in slot.typed_filter().tags})
    return [
        Pool(slot, _fixed(slot, asked) if slot.category_id is None else _narrow(found, within[slot.id], slot.typed_filter(), tags))
        for slot in slots
    ]


def _load_asked(session: Session, question_ids: set[UUID]) -> dict[UUID, tuple[Question, UUID | None]]:
    """The questions of fixed slots, each with the version that is ready, if one is."""
    if not question_ids:
        return {}
    statement = select(Question, QuestionVersion.id).outerjoin(QuestionVersion, _IS_READY).where(Question.id.in_(question_ids))
    return {row[0].id: (row[0], row[1]) for row in session.execute(statement)}


def _fixed(slot: QuizSlot, asked: Mapping[UUID, tuple[Question, UUID | None]]) -> list[Candidate]:
    if slot.question_id is None or slot.question_id not in asked:
        return []
    question, ready_id = asked[slot.question_id]
    version_id = slot.question_version_id or ready_id
    if version_id is None:
        return []
    return [Candidate(question.id, version_id, question.category_id, question.objective, question.difficulty, question.duplicate_group, 0)]


def _categories_of(session: Session, slots: Sequence[QuizSlot]) -> dict[UUID, frozenset[UUID]]:
    """For each random slot the categories that it draws from."""
    found = {slot.id: frozenset({slot.category_id}) for slot in slots if slot.category_id is not None}
    deep = [slot for slot in slots if slot.typed_filter().with_subcategories]
    if deep:
        inside = {category.id: category.ids_within for category in list_category_paths(session)}
        found |= {slot.id: inside[slot.category_id] for slot in deep if slot.category_id is not None}
    return found


def _load_ready(session: Session, category_ids: set[UUID]) -> dict[UUID, list[Candidate]]:
    """Every question of each of these categories that is ready, in the order in which they were made."""
    found: dict[UUID, list[Candidate]] = {category_id: [] for category_id in category_ids}
    if not found:
        return found
    statement = (
        select(
            Question.id,
            QuestionVersion.id,
            Question.category_id,
            Question.objective,
            Question.difficulty,
            Question.duplicate_group,
            func.coalesce(QuestionUsage.shown_recently, 0),
        )
        .join(QuestionVersion, _IS_READY)
        .outerjoin(QuestionUsage, QuestionUsage.question_id == Question.id)
        .where(Question.category_id.in_(found))
        .order_by(Question.id)
    )
    for row in session.execute(statement):
        found[row[2]].append(Candidate._make(row))
    return found


def _load_tags(session: Session, tags: set[str]) -> dict[UUID, set[str]]:
    """Which of these tags each question has that has any of them."""
    found: dict[UUID, set[str]] = {}
    if tags:
        for question_id, tag in session.execute(select(QuestionTag.question_id, QuestionTag.tag).where(QuestionTag.tag.in_(tags))):
            found.setdefault(question_id, set()).add(tag)
    return found


def _narrow(
    ready: Mapping[UUID, Sequence[Candidate]], category_ids: frozenset[UUID], wanted: DrawFilter, tags: Mapping[UUID, set[str]]
) -> Sequence[Candidate]:
    within = [one for category_id in category_ids for one in ready[category_id]]
    if len(category_ids) > 1:
        within.sort(key=attrgetter("question_id"))
    if not wanted.narrows:
        return within
    return [
        one for one in within if wanted.admits(tags=tags.get(one.question_id, _NO_TAGS), objective=one.objective, difficulty=one.difficulty)
    ]


def places_of(pools: Sequence[Pool]) -> list[drawing.Place]:
    """What a paper of these pools draws, in order."""
    return [place for pool in pools for place in pool.places]


def groups_of(pools: Sequence[Pool]) -> dict[UUID, str]:
    """The duplicate group of each question that is in one."""
    return {one.question_id: one.group for pool in pools for one in pool.candidates if one.group is not None}


def list_kinds(session: Session, pools: Sequence[Pool]) -> list[QuestionKind]:
    """The kinds of question that a paper may ask, in the order of `QuestionKind`."""
    versions = {version for pool in pools for version in pool.versions.values()}
    found = set(session.scalars(select(QuestionVersion.kind).where(QuestionVersion.id.in_(versions)).distinct()))
    return [kind for kind in QuestionKind if kind in found]


def is_random(pool: Pool) -> bool:
    return pool.slot.kind is SlotKind.RANDOM
