"""Articles as their authors see them: every status, every revision."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.articles.models import Article, ArticleRevision
from laurel.articles.queries.public import WITHOUT_TEXT, list_public_slugs
from laurel.articles.rules import ArticleDraft, ArticleStatus, Finding, inspect, list_internal_links
from laurel.catalog.models import Course
from laurel.core.errors import NotFoundError
from laurel.ctas.queries import list_cta_problems

IS_LATEST = and_(ArticleRevision.article_id == Article.id, ArticleRevision.n == Article.latest_n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An article with its latest revision."""

    article: Article
    revision: ArticleRevision

    @property
    def has_newer_draft(self) -> bool:
        """Whether readers see an older revision than the latest."""
        return self.article.status is ArticleStatus.PUBLISHED and self.article.published_revision_id != self.revision.id


def select_articles(*, status: ArticleStatus | None = None, search: str = "") -> Select[Article, ArticleRevision]:
    """The statement for a list of articles with their latest revisions, the last changed first."""
    statement = _with_latest().options(*WITHOUT_TEXT).order_by(Article.changed_at.desc(), Article.id.desc())
    if status is not None:
        statement = statement.where(Article.status == status)
    if search:
        columns = (ArticleRevision.title, Article.slug, ArticleRevision.category)
        statement = statement.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    return statement


def _with_latest() -> Select[Article, ArticleRevision]:
    return select(Article, ArticleRevision).join(ArticleRevision, IS_LATEST)


def get_written(session: Session, article_id: UUID) -> Written:
    """The article with its latest revision, in one query; raises NotFoundError."""
    row = session.execute(_with_latest().where(Article.id == article_id)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such article.")
    return Written(article=row[0], revision=row[1])


def find_written_by_slug(session: Session, slug: str) -> Written | None:
    row = session.execute(_with_latest().where(Article.slug == slug)).one_or_none()
    return None if row is None else Written(article=row[0], revision=row[1])


def lock_article(session: Session, article_id: UUID) -> Article:
    """The article, locked until the transaction ends; raises NotFoundError."""
    statement = select(Article).where(Article.id == article_id).with_for_update().execution_options(populate_existing=True)
    article = session.scalar(statement)
    if article is None:
        raise NotFoundError("There is no such article.")
    return article


def get_revision(session: Session, article_id: UUID, n: int) -> ArticleRevision:
    """The article's revision number `n`; raises NotFoundError."""
    revision = session.scalar(select(ArticleRevision).filter_by(article_id=article_id, n=n))
    if revision is None:
        raise NotFoundError("There is no such revision of this article.")
    return revision


def find_published_revision(session: Session, article: Article) -> ArticleRevision | None:
    """What readers see of the article; None if they never saw it."""
    if article.published_revision_id is None:
        return None
    return session.get(ArticleRevision, article.published_revision_id)


def select_revisions(article_id: UUID) -> Select[ArticleRevision, str]:
    """The statement for a list of the article's revisions with the names of who saved them, the latest first."""
    return (
        select(ArticleRevision, User.name)
        .join(User, User.id == ArticleRevision.created_by_id)
        .where(ArticleRevision.article_id == article_id)
        .order_by(ArticleRevision.n.desc())
        .options(*WITHOUT_TEXT)
    )


def list_titles(session: Session, article_ids: Collection[UUID]) -> dict[UUID, str]:
    """The latest title of each of these articles."""
    if not article_ids:
        return {}
    rows = session.execute(select(Article.id, ArticleRevision.title).join(ArticleRevision, IS_LATEST).where(Article.id.in_(article_ids)))
    return dict(rows.all())


def inspect_article(session: Session, article: Article, revision: ArticleRevision, *, now: datetime) -> list[Finding]:
    """Preflight of a saved revision, errors first."""
    return inspect_draft(
        session, revision.draft, slug=article.slug, html=revision.html, placed=[slug for slug, _ in revision.placed], now=now
    )


def inspect_draft(session: Session, draft: ArticleDraft, *, slug: str, html: str, placed: list[str], now: datetime) -> list[Finding]:
    """Preflight of a text that was rendered to `html` with the CTA lines `placed`, errors first."""
    links = list_internal_links(html)
    alive = {("articles", found) for found in list_public_slugs(session, {s for kind, s in links if kind == "articles"}, now=now)}
    courses = {s for kind, s in links if kind == "courses"}
    alive |= {("courses", found) for found in session.scalars(select(Course.slug).where(Course.slug.in_(courses), Course.published_n > 0))}
    alive.add(("articles", slug))
    return inspect(
        draft,
        slug=slug,
        html=html,
        placed=placed,
        cta_problems=list_cta_problems(session, set(placed)),
        dead_links=[f"/{kind}/{found}" for kind, found in links if (kind, found) not in alive],
    )
