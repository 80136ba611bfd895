"""What readers may find."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import Session, defer

from laurel.articles.models import Article, ArticleRevision, ArticleTag
from laurel.articles.rules import ArticleStatus
from laurel.core.errors import NotFoundError
from laurel.ctas.models import Cta, Placement

SAME_COURSE, SAME_TAG = 100, 1
"""How close two articles are: a course that both lead to outweighs any number of tags that they share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleCard:
    """An article in a list."""

    slug: str
    title: str
    dek: str
    category: str
    published_at: datetime
    minutes: int

    @property
    def href(self) -> str:
        return f"/articles/{self.slug}"


WITHOUT_TEXT = (defer(ArticleRevision.body, raiseload=True), defer(ArticleRevision.body_segments, raiseload=True))


def is_public(now: datetime) -> ColumnElement[bool]:
    """Whether readers find an article: by its moment, so that nothing has to flip a scheduled one."""
    return and_(
        Article.status.in_((ArticleStatus.PUBLISHED, ArticleStatus.SCHEDULED)),
        Article.published_at <= now,
        Article.published_revision_id.is_not(None),
    )


def get_public_article(session: Session, slug: str, *, now: datetime) -> tuple[Article, ArticleRevision]:
    """The article and the revision that readers see, in one query; raises NotFoundError."""
    statement = select(Article, ArticleRevision).join(ArticleRevision, ArticleRevision.id == Article.published_revision_id)
    row = session.execute(statement.where(Article.slug == slug, is_public(now))).one_or_none()
    if row is None:
        raise NotFoundError("There is no such article.")
    return row[0], row[1]


def select_public_articles(*, now: datetime, category: str = "") -> Select[Article, ArticleRevision]:
    """The statement for a list of what readers may read, the newest first; rows for `card_of`."""
    statement = (
        select(Article, ArticleRevision)
        .join(ArticleRevision, ArticleRevision.id == Article.published_revision_id)
        .where(is_public(now))
        .order_by(Article.published_at.desc(), Article.id.desc())
        .options(*WITHOUT_TEXT)
    )
    return statement.where(ArticleRevision.category == category) if category else statement


def list_published_articles(session: Session, *, limit: int, now: datetime) -> list[ArticleCard]:
    """The newest articles."""
    return [card_of(row) for row in session.execute(select_public_articles(now=now).limit(limit))]


def list_categories(session: Session, *, now: datetime) -> list[tuple[str, int]]:
    """The categories of public articles and how many each has, by name."""
    count = func.count(Article.id)
    statement = (
        select(ArticleRevision.category, count)
        .join(Article, Article.published_revision_id == ArticleRevision.id)
        .where(is_public(now), ArticleRevision.category != "")
        .group_by(ArticleRevision.category)
        .order_by(ArticleRevision.category)
    )
    return [(category, number) for category, number in session.execute(statement)]


def list_public_slugs(session: Session, slugs: Collection[str], *, now: datetime) -> set[str]:
    """Those of `slugs` under which readers find an article."""
    return set(session.scalars(select(Article.slug).where(Article.slug.in_(slugs), is_public(now))))


def list_related(
    session: Session, article_id: UUID, *, tags: Collection[str], course_ids: Collection[UUID], now: datetime, limit: int = 3
) -> list[ArticleCard]:
    """Other public articles that lead to one of the courses or share a tag, the closest first. One query."""
    if not tags and not course_ids:
        return []
    by_course = (
        select(Placement.article_id.label("article_id"), Cta.course_id, literal(SAME_COURSE).label("closeness"))
        .join(Cta, Cta.id == Placement.cta_id)
        .where(Cta.course_id.in_(course_ids), Placement.removed_at.is_(None))
        .distinct()
        .subquery()
    )
    closeness = union_all(
        select(by_course.c.article_id, by_course.c.closeness),
        select(ArticleTag.article_id, literal(SAME_TAG)).where(ArticleTag.tag.in_([tag.casefold() for tag in tags])),
    ).subquery()
    total = func.sum(closeness.c.closeness).label("total")
    closest = select(closeness.c.article_id, total).where(closeness.c.article_id != article_id).group_by(closeness.c.article_id).subquery()
    statement = (
        select(Article, ArticleRevision)
        .join(ArticleRevision, ArticleRevision.id == Article.published_revision_id)
        .join(closest, closest.c.article_id == Article.id)
        .where(is_public(now))
        .order_by(closest.c.total.desc(), Article.published_at.desc(), Article.id.desc())
        .options(*WITHOUT_TEXT)
        .limit(limit)
    )
    return [card_of(row) for row in session.execute(statement)]


def card_of(row: Row[Article, ArticleRevision]) -> ArticleCard:
    """What a list shows of a public article."""
    article, revision = row
    if article.published_at is None:
        raise ValueError("Only a public article has a card.")
    return ArticleCard(
        slug=article.slug,
        title=revision.title,
        dek=revision.dek,
        category=revision.category,
        published_at=article.published_at,
        minutes=revision.minutes,
    )
