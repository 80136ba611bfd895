"""Finding quizzes, their versions and their slots."""

from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.core.errors import NotFoundError
from laurel.quizzes.models import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.rules import QuizKind, QuizStatus

NO_QUIZ = "There is no such quiz."


def get_quiz(session: Session, quiz_id: UUID, *, owner_id: UUID | None = None) -> Quiz:
    """The quiz, or only the owner's if `owner_id` is given. Another author's does not exist for them."""
    statement = select(Quiz).where(Quiz.id == quiz_id)
    if owner_id is not None:
        statement = statement.where(Quiz.owner_id == owner_id)
    quiz = session.scalar(statement)
    if quiz is None:
        raise NotFoundError(NO_QUIZ)
    return quiz


def find_quiz_by_external_id(session: Session, external_id: str) -> Quiz | None:
    return session.scalar(select(Quiz).where(Quiz.external_id == external_id))


def lock_quiz(session: Session, quiz_id: UUID) -> Quiz:
    """The quiz as it is now, locked until the transaction ends."""
    statement = select(Quiz).where(Quiz.id == quiz_id).with_for_update().execution_options(populate_existing=True)
    quiz = session.scalar(statement)
    if quiz is None:
        raise NotFoundError(NO_QUIZ)
    return quiz


def hold_quiz(session: Session, quiz_id: UUID) -> None:
    """Keep others from changing the quiz's terms until the transaction ends; any number of starts may hold it at once."""
    session.execute(select(Quiz.id).where(Quiz.id == quiz_id).with_for_update(read=True))


def list_quizzes(*, owner_id: UUID | None, text: str = "", kind: QuizKind | None = None, status: QuizStatus | None = None) -> Select[Quiz]:
    """SELECT of quizzes, the last changed first; `owner_id` None: everybody's."""
    statement = select(Quiz).order_by(Quiz.changed_at.desc(), Quiz.id.desc())
    if owner_id is not None:
        statement = statement.where(Quiz.owner_id == owner_id)
    for word in text.lower().split()[:10]:
        statement = statement.where(func.lower(Quiz.title).contains(word, autoescape=True))
    if kind is not None:
        statement = statement.where(Quiz.kind == kind)
    return statement if status is None else statement.where(Quiz.status == status)


def get_version(session: Session, version_id: UUID) -> QuizVersion:
    return session.get_one(QuizVersion, version_id)


def find_draft(session: Session, quiz_id: UUID) -> QuizVersion | None:
    """The version that is being written, if there is one."""
    return session.scalar(select(QuizVersion).where(QuizVersion.quiz_id == quiz_id, QuizVersion.published_at.is_(None)))


def get_published(session: Session, quiz_id: UUID) -> tuple[Quiz, QuizVersion]:
    """The quiz and the version that learners get; raises if it has none, or was archived."""
    row = session.execute(
        select(Quiz, QuizVersion)
        .join(QuizVersion, QuizVersion.id == Quiz.published_version_id)
        .where(Quiz.id == quiz_id, Quiz.status == QuizStatus.PUBLISHED)
    ).one_or_none()
    if row is None:
        raise NotFoundError(NO_QUIZ)
    return row[0], row[1]


def get_working_version(session: Session, quiz: Quiz) -> QuizVersion:
    """What the author sees: the draft, else the published version."""
    draft = find_draft(session, quiz.id)
    if draft is not None:
        return draft
    if quiz.published_version_id is None:
        raise NotFoundError("This quiz has no version.")
    return get_version(session, quiz.published_version_id)


def list_versions(session: Session, quiz_id: UUID) -> list[QuizVersion]:
    """A quiz's versions, the newest first."""
    return list(session.scalars(select(QuizVersion).where(QuizVersion.quiz_id == quiz_id).order_by(QuizVersion.n.desc())))


def list_slots(session: Session, version_id: UUID) -> list[QuizSlot]:
    """The slots of a version, in order."""
    return list(session.scalars(select(QuizSlot).where(QuizSlot.quiz_version_id == version_id).order_by(QuizSlot.position)))


def count_questions(session: Session, version_id: UUID) -> int:
    """How many questions a paper of this version has."""
    return session.scalar(select(func.sum(QuizSlot.count)).where(QuizSlot.quiz_version_id == version_id)) or 0
