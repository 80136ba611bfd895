"""What waits on the desk of an author or a marketer, across packages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.articles.models import Article
from laurel.articles.rules import ArticleStatus
from laurel.bank.models import Question
from laurel.bank.rules import QuestionStatus
from laurel.quizzes.models import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.queries import list_waiting
from laurel.quizzes.queries.pools import load_pools
from laurel.quizzes.rules import QuizKind, QuizStatus

MAX_EXAMS = 50


@dataclass(frozen=True, slots=True)
class ShortExam:
    """A published exam that cannot fill all its sections: nobody can start it."""

    id: UUID
    title: str
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDesk:
    """An author's unfinished questions and quizzes. The number of queries does not grow with them."""

    draft_questions: int
    questions_in_review: int
    quiz_drafts: int
    short_exams: Sequence[ShortExam]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDesk:
    """A marketer's own drafts, and what waits for anybody's review."""

    draft_articles: int
    articles_in_review: int


def get_question_desk(session: Session, owner_id: UUID | None) -> QuestionDesk:
    """What waits for the author; for whoever may see everybody's (`owner_id` None), what waits at all."""
    counting = select(Question.status, func.count()).group_by(Question.status)
    drafts = select(func.count()).select_from(QuizVersion).join(Quiz, Quiz.id == QuizVersion.quiz_id)
    drafts = drafts.where(QuizVersion.published_at.is_(None), Quiz.status != QuizStatus.ARCHIVED)
    if owner_id is not None:
        counting, drafts = counting.where(Question.owner_id == owner_id), drafts.where(Quiz.owner_id == owner_id)
    questions = dict(session.execute(counting).all())
    return QuestionDesk(
        draft_questions=questions.get(QuestionStatus.DRAFT, 0),
        questions_in_review=questions.get(QuestionStatus.IN_REVIEW, 0),
        quiz_drafts=session.scalar(drafts) or 0,
        short_exams=_list_short_exams(session, owner_id),
    )


def _list_short_exams(session: Session, owner_id: UUID | None) -> list[ShortExam]:
    wanted = select(Quiz).where(Quiz.kind == QuizKind.EXAM, Quiz.status == QuizStatus.PUBLISHED)
    if owner_id is not None:
        wanted = wanted.where(Quiz.owner_id == owner_id)
    exams = {exam.published_version_id: exam for exam in session.scalars(wanted.order_by(Quiz.changed_at.desc()).limit(MAX_EXAMS))}
    slots = session.scalars(select(QuizSlot).where(QuizSlot.quiz_version_id.in_(exams)))
    missing: dict[UUID, int] = defaultdict(int)
    for pool in load_pools(session, list(slots)):
        missing[pool.slot.quiz_version_id] += max(0, pool.slot.count - len(pool.versions))
    return [ShortExam(exam.id, exam.title, missing[version_id]) for version_id, exam in exams.items() if version_id and missing[version_id]]


def count_answers_to_grade(session: Session, grader_id: UUID, owner_id: UUID | None) -> int:
    """How many essays wait for this grader."""
    return session.scalar(select(func.count()).select_from(list_waiting(grader_id, owner_id).order_by(None).subquery())) or 0


def get_article_desk(session: Session, author_id: UUID) -> ArticleDesk:
    """What waits for the marketer."""
    counting = select(func.count()).select_from(Article)
    return ArticleDesk(
        draft_articles=session.scalar(counting.where(Article.status == ArticleStatus.DRAFT, Article.created_by_id == author_id)) or 0,
        articles_in_review=session.scalar(counting.where(Article.status == ArticleStatus.IN_REVIEW)) or 0,
    )
