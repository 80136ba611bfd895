"""Finding questions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import Question, QuestionCategory, QuestionTag, QuestionVersion
from laurel.bank.rules import Body, QuestionKind, QuestionStatus, parse_body
from laurel.core.errors import NotFoundError

MAX_WORDS = 10
NO_QUESTION = "There is no such question."
NO_VERSION = "There is no such version of this question."
MAX_BODIES = 5_000
_bodies: dict[UUID, tuple[QuestionKind, Body]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """What a list of questions is narrowed to. `owner_id` None means everybody's: for those who may see them all."""

    owner_id: UUID | None
    text: str = ""
    objective: str = ""
    tag: str = ""
    category_ids: Collection[UUID] = ()
    kind: QuestionKind | None = None
    status: QuestionStatus | None = None


def list_questions(wanted: QuestionFilter) -> Select[Question, QuestionVersion]:
    """SELECT of questions with their latest versions, the last changed first."""
    return (
        select(Question, QuestionVersion)
        .join(QuestionVersion, _is_latest())
        .where(*_conditions(wanted))
        .order_by(Question.changed_at.desc(), Question.id.desc())
    )


def count_by_status(session: Session, wanted: QuestionFilter) -> dict[QuestionStatus, int]:
    """How many questions stand where, whatever status the filter asks for."""
    grouped = select(Question.status, func.count()).join(QuestionVersion, _is_latest()).group_by(Question.status)
    rows = session.execute(grouped.where(*_conditions(wanted, with_status=False)))
    return dict.fromkeys(QuestionStatus, 0) | {row[0]: row[1] for row in rows}


def _is_latest() -> ColumnElement[bool]:
    return (QuestionVersion.question_id == Question.id) & (QuestionVersion.n == Question.latest_n)


def _conditions(wanted: QuestionFilter, *, with_status: bool = True) -> list[ColumnElement[bool]]:
    words = wanted.text.casefold().split()[:MAX_WORDS]
    found: list[ColumnElement[bool]] = [Question.search_text.contains(word, autoescape=True) for word in words]
    if wanted.owner_id is not None:
        found.append(Question.owner_id == wanted.owner_id)
    if wanted.objective:
        found.append(func.lower(Question.objective).contains(wanted.objective.lower(), autoescape=True))
    if wanted.tag:
        found.append(Question.id.in_(select(QuestionTag.question_id).where(QuestionTag.tag == wanted.tag)))
    if wanted.category_ids:
        found.append(Question.category_id.in_(wanted.category_ids))
    if wanted.kind is not None:
        found.append(QuestionVersion.kind == wanted.kind)
    if with_status and wanted.status is not None:
        found.append(Question.status == wanted.status)
    return found


def get_question(session: Session, question_id: UUID, *, owner_id: UUID | None) -> Question:
    """The owner's question, or anybody's if `owner_id` is None. Another author's does not exist for them."""
    statement = select(Question).where(Question.id == question_id)
    if owner_id is not None:
        statement = statement.where(Question.owner_id == owner_id)
    question = session.scalar(statement)
    if question is None:
        raise NotFoundError(NO_QUESTION)
    return question


def list_owned(session: Session, question_ids: Collection[UUID], *, owner_id: UUID | None) -> set[UUID]:
    """Which of these questions are the owner's; all of them if `owner_id` is None."""
    if owner_id is None:
        return set(question_ids)
    return set(session.scalars(select(Question.id).where(Question.id.in_(question_ids), Question.owner_id == owner_id)))


def find_question_by_external_id(session: Session, external_id: str) -> Question | None:
    return session.scalar(select(Question).where(Question.external_id == external_id))


def lock_question(session: Session, question_id: UUID) -> Question:
    """The question as it is now, locked until the transaction ends."""
    statement = select(Question).where(Question.id == question_id).with_for_update().execution_options(populate_existing=True)
    question = session.scalar(statement)
    if question is None:
        raise NotFoundError(NO_QUESTION)
    return question


def get_version(session: Session, version_id: UUID) -> QuestionVersion:
    version = session.get(QuestionVersion, version_id)
    if version is None:
        raise NotFoundError(NO_VERSION)
    return version


def get_versions(session: Session, version_ids: Collection[UUID]) -> dict[UUID, QuestionVersion]:
    """The versions by id, in one query; raises if one does not exist."""
    wanted = set(version_ids)
    found = {version.id: version for version in session.scalars(select(QuestionVersion).where(QuestionVersion.id.in_(wanted)))}
    if found.keys() != wanted:
        raise NotFoundError(NO_VERSION)
    return found


def map_bodies(session: Session, version_ids: Collection[UUID]) -> dict[UUID, tuple[QuestionKind, Body]]:
    """Kinds and bodies by version, without the prose around them. A version never changes, so they stay in memory, parsed."""
    found = {version_id: _bodies[version_id] for version_id in version_ids if version_id in _bodies}
    missing = set(version_ids) - found.keys()
    if missing:
        rows = session.execute(
            select(QuestionVersion.id, QuestionVersion.kind, QuestionVersion.body).where(QuestionVersion.id.in_(missing))
        )
        read = {row[0]: (row[1], parse_body(row[1], row[2])) for row in rows}
        if len(_bodies) > MAX_BODIES:
            _bodies.clear()
        _bodies.update(read)
        found |= read
    return found


def get_version_number(session: Session, question_id: UUID, n: int) -> QuestionVersion:
    """Version `n` of a question."""
    version = session.scalar(select(QuestionVersion).where(QuestionVersion.question_id == question_id, QuestionVersion.n == n))
    if version is None:
        raise NotFoundError(NO_VERSION)
    return version


def list_versions(question_id: UUID) -> Select[QuestionVersion, str]:
    """SELECT of a question's versions with the names of those who wrote them, the newest first."""
    return (
        select(QuestionVersion, User.name)
        .join(User, User.id == QuestionVersion.created_by_id)
        .where(QuestionVersion.question_id == question_id)
        .order_by(QuestionVersion.n.desc())
    )


def get_latest_ready_version(session: Session, question_id: UUID) -> QuestionVersion:
    """The version of a question that learners get; raises if none is ready."""
    version = session.scalar(
        select(QuestionVersion)
        .join(Question, (Question.id == QuestionVersion.question_id) & (Question.ready_n == QuestionVersion.n))
        .where(Question.id == question_id)
    )
    if version is None:
        raise NotFoundError("This question is not ready for learners.")
    return version


def list_ready_in_category(session: Session, category_id: UUID) -> list[UUID]:
    """Ids of the versions that learners get, one for each question of the category, in the order in which the questions were made."""
    statement = (
        select(QuestionVersion.id)
        .join(Question, (Question.id == QuestionVersion.question_id) & (Question.ready_n == QuestionVersion.n))
        .where(Question.category_id == category_id)
        .order_by(Question.id)
    )
    return list(session.scalars(statement))


def list_categories(session: Session) -> list[QuestionCategory]:
    """All categories, by title."""
    return list(session.scalars(select(QuestionCategory).order_by(QuestionCategory.title, QuestionCategory.id)))


@dataclass(frozen=True, slots=True)
class CategoryPath:
    """A category as people read it, `Prompting › Foundations`, and the ids of all that lies in it, its own among them."""

    id: UUID
    path: str
    ids_within: frozenset[UUID]


def list_category_paths(session: Session) -> list[CategoryPath]:
    """All categories by path, so that each follows the one it lies in."""
    categories = {category.id: category for category in list_categories(session)}
    lines = {category_id: _lineage(categories, category_id) for category_id in categories}
    found = [
        CategoryPath(
            id=category_id,
            path=" › ".join(categories[one].title for one in line),
            ids_within=frozenset(other for other, longer in lines.items() if category_id in longer),
        )
        for category_id, line in lines.items()
    ]
    return sorted(found, key=lambda category: (category.path.casefold(), category.id))


def _lineage(categories: Mapping[UUID, QuestionCategory], category_id: UUID) -> list[UUID]:
    """The ids from the outermost category down to this one."""
    line = [category_id]
    while (parent_id := categories[line[0]].parent_id) is not None and parent_id not in line:
        line.insert(0, parent_id)
    return line


def find_category_by_slug(session: Session, slug: str) -> QuestionCategory | None:
    return session.scalar(select(QuestionCategory).where(QuestionCategory.slug == slug))


def get_category(session: Session, category_id: UUID) -> QuestionCategory:
    category = session.get(QuestionCategory, category_id)
    if category is None:
        raise NotFoundError("There is no such category.")
    return category


def count_by_category(session: Session, *, owner_id: UUID | None) -> dict[UUID, int]:
    """How many questions lie in each category that has any."""
    statement = select(Question.category_id, func.count()).group_by(Question.category_id)
    if owner_id is not None:
        statement = statement.where(Question.owner_id == owner_id)
    return {row[0]: row[1] for row in session.execute(statement)}


def map_tags(session: Session, question_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """The tags of these questions, in order; questions without any are missing."""
    rows = session.execute(select(QuestionTag).where(QuestionTag.question_id.in_(question_ids)).order_by(QuestionTag.tag)).scalars()
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row.question_id, []).append(row.tag)
    return found


def list_tags(session: Session, *, owner_id: UUID | None, limit: int = 200) -> list[str]:
    """The tags in use on the owner's questions (None: on anybody's), in order, for a field to offer."""
    statement = select(QuestionTag.tag).distinct().order_by(QuestionTag.tag).limit(limit)
    if owner_id is not None:
        statement = statement.join(Question, Question.id == QuestionTag.question_id).where(Question.owner_id == owner_id)
    return list(session.scalars(statement))


def list_groups(session: Session, *, owner_id: UUID | None, limit: int = 200) -> list[str]:
    """The duplicate groups that the owner's questions (None: anybody's) are in, in order, for a field to offer."""
    statement = select(Question.duplicate_group).where(Question.duplicate_group.is_not(None)).distinct()
    if owner_id is not None:
        statement = statement.where(Question.owner_id == owner_id)
    return [name for name in session.scalars(statement.order_by(Question.duplicate_group).limit(limit)) if name is not None]


def list_groupmates(session: Session, question: Question, *, owner_id: UUID | None, limit: int = 20) -> list[tuple[UUID, QuestionVersion]]:
    """The other questions of this one's group, each with its latest version, as far as they are the owner's (None: anybody's)."""
    if question.duplicate_group is None:
        return []
    statement = select(Question.id, QuestionVersion).join(QuestionVersion, _is_latest())
    statement = statement.where(Question.duplicate_group == question.duplicate_group, Question.id != question.id)
    if owner_id is not None:
        statement = statement.where(Question.owner_id == owner_id)
    return [(row[0], row[1]) for row in session.execute(statement.order_by(Question.id).limit(limit))]
