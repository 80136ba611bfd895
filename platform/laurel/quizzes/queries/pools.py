"""Which questions each slot of a quiz can be filled with, and what keeps a quiz from being published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.bank.models import Question, QuestionCategory, QuestionVersion
from laurel.bank.rules import QuestionKind
from laurel.quizzes.models import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.rules import QuizKind, SlotKind, drawing

_IS_READY = (Question.id == QuestionVersion.question_id) & (Question.ready_n == QuestionVersion.n)


@dataclass(frozen=True, slots=True)
class Pool:
    """A slot with the questions it can ask, each with the version that it would ask."""

    slot: QuizSlot
    versions: Mapping[UUID, UUID]

    @property
    def place(self) -> drawing.Place:
        return drawing.Place(pool=list(self.versions), count=self.slot.count)


def load_pools(session: Session, slots: Sequence[QuizSlot]) -> list[Pool]:
    """The pool of each slot, in two queries at most, however many slots there are."""
    ready = _ready_versions(session, {slot.question_id for slot in slots if slot.question_id is not None})
    drawn = _ready_by_category(session, {slot.category_id for slot in slots if slot.category_id is not None})
    return [Pool(slot, _fixed(slot, ready) if slot.category_id is None else drawn[slot.category_id]) for slot in slots]


def _ready_versions(session: Session, question_ids: set[UUID]) -> dict[UUID, UUID]:
    if not question_ids:
        return {}
    statement = select(Question.id, QuestionVersion.id).join(QuestionVersion, _IS_READY).where(Question.id.in_(question_ids))
    return {row[0]: row[1] for row in session.execute(statement)}


def _ready_by_category(session: Session, category_ids: set[UUID]) -> dict[UUID, dict[UUID, UUID]]:
    found: dict[UUID, dict[UUID, UUID]] = {category_id: {} for category_id in category_ids}
    if not found:
        return found
    statement = select(Question.category_id, Question.id, QuestionVersion.id).join(QuestionVersion, _IS_READY)
    in_order = statement.where(Question.category_id.in_(found)).order_by(Question.id)
    for category_id, question_id, version_id in session.execute(in_order):
        found[category_id][question_id] = version_id
    return found


def _fixed(slot: QuizSlot, ready: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    question_id = slot.question_id
    version_id = slot.question_version_id or (ready.get(question_id) if question_id else None)
    return {question_id: version_id} if question_id and version_id else {}


def list_kinds(session: Session, pools: Sequence[Pool]) -> list[QuestionKind]:
    """The kinds of question that a paper may ask, in the order of `QuestionKind`."""
    versions = {version for pool in pools for version in pool.versions.values()}
    found = set(session.scalars(select(QuestionVersion.kind).where(QuestionVersion.id.in_(versions)).distinct()))
    return [kind for kind in QuestionKind if kind in found]


def find_problems(session: Session, quiz: Quiz, version: QuizVersion) -> list[str]:
    """What keeps this version from being published, in words for its author; empty if nothing does."""
    pools = load_pools(session, _slots_of(session, version))
    found = [] if pools else ["There are no questions yet. Add one."]
    found += _settings_problems(quiz, version)
    names = _category_names(session, pools)
    for pool in pools:
        place = f"Section {pool.slot.position}"
        if pool.slot.kind is SlotKind.FIXED and not pool.versions:
            found.append(f"{place}: its question is not ready for learners. Finish the question, or remove it here.")
        if pool.slot.kind is SlotKind.RANDOM and len(pool.versions) < pool.slot.count:
            category = names.get(pool.slot.category_id, "")
            found.append(f"{place} draws {pool.slot.count} from “{category}”, where {len(pool.versions)} are ready.")
    if not found and not drawing.can_draw([pool.place for pool in pools]):
        found.append("The sections draw from the same questions, and together there are too few: no question is asked twice in a paper.")
    return found


def _slots_of(session: Session, version: QuizVersion) -> list[QuizSlot]:
    return list(session.scalars(select(QuizSlot).where(QuizSlot.quiz_version_id == version.id).order_by(QuizSlot.position)))


def _settings_problems(quiz: Quiz, version: QuizVersion) -> list[str]:
    found = []
    if quiz.kind is not QuizKind.PRACTICE and version.pass_percent <= 0:
        found.append("There is no pass mark.")
    if quiz.kind is QuizKind.EXAM and version.minutes is None and version.closes_at is None:
        found.append("An exam needs a time limit.")
    if version.minutes and version.opens_at and version.closes_at:
        window = (version.closes_at - version.opens_at).total_seconds() / 60
        if version.minutes > window:
            found.append("The time limit is longer than the time between opening and closing.")
    return found


def _category_names(session: Session, pools: Sequence[Pool]) -> dict[UUID | None, str]:
    wanted = {pool.slot.category_id for pool in pools if pool.slot.category_id is not None}
    rows = session.execute(select(QuestionCategory.id, QuestionCategory.title).where(QuestionCategory.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}
