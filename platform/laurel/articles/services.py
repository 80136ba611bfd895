"""Writing articles and letting readers see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from laurel.articles.events import ArticleArchived, ArticleMoved, ArticlePublished
from laurel.articles.models import Article, ArticleRevision, ArticleTag
from laurel.articles.queries import drafts
from laurel.articles.rules import (
    CTA_LINE,
    RAIL,
    ArticleDraft,
    ArticleStatus,
    Finding,
    Severity,
    check_draft,
    check_slug,
    count_images,
    count_words,
    reading_minutes,
    suggest_slug,
)
from laurel.catalog.queries import get_course_by_slug
from laurel.core import markdown
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.ctas.queries import find_cta_by_slug
from laurel.ctas.rules import CtaStyle
from laurel.ctas.services import CtaDraft, create_cta, place


class RevisionConflictError(ConflictError):
    """Somebody else saved the article since it was opened; their revision is number `latest_n`."""

    message = "Somebody else has saved this article since you opened it. Both versions are shown; nothing is lost."

    def __init__(self, latest_n: int) -> None:
        super().__init__()
        self.latest_n = latest_n


class PreflightError(ConflictError):
    """The article is not fit for readers; `findings` say why."""

    message = "This article cannot be published yet."

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__()
        self.findings = findings


@dataclass(frozen=True, slots=True)
class RenderedBody:
    """A body made ready to be shown: see ArticleRevision."""

    segments: list[Any]
    contents: list[Any]
    word_count: int
    minutes: int

    @property
    def html(self) -> str:
        return "\n".join(segment["html"] for segment in self.segments if "html" in segment)

    @property
    def placed(self) -> list[str]:
        return [segment["cta"] for segment in self.segments if "cta" in segment]


def render_body(body: str) -> RenderedBody:
    """Safe HTML with places for calls to action; the n-th place of one call to action has the key `n`."""
    segments: list[Any] = []
    seen: dict[str, int] = {}
    for piece in markdown.render_around(body, CTA_LINE):
        if isinstance(piece, str):
            segments.append({"html": piece})
            continue
        slug = piece[1]
        seen[slug] = seen.get(slug, 0) + 1
        segments.append({"cta": slug, "key": str(seen[slug])})
    html = "\n".join(segment["html"] for segment in segments if "html" in segment)
    words = count_words(markdown.text_of(html))
    contents = [[anchor, heading] for anchor, heading in markdown.headings(body)]
    return RenderedBody(segments, contents, words, reading_minutes(words, count_images(html)))


def create_article(session: Session, *, slug: str, draft: ArticleDraft, author_id: UUID, now: datetime) -> Article:
    """A new article with its first revision; without a slug the title's words make one.

    The same request again returns the article that it made. Raises InvalidInputError for a slug that is taken.
    """
    draft = check_draft(draft)
    slug = check_slug(slug or suggest_slug(draft.title))
    taken = drafts.find_written_by_slug(session, slug)
    if taken is not None:
        if taken.article.created_by_id == author_id and taken.revision.n == 1 and taken.revision.draft == draft:
            return taken.article
        raise InvalidInputError(f"There is an article at /articles/{slug} already.", field="slug")
    article = Article(slug=slug, created_by_id=author_id, created_at=now, changed_at=now)
    session.add(article)
    session.flush()
    _add_revision(session, article, draft, author_id=author_id, now=now)
    return article


def save_article(
    session: Session, article_id: UUID, *, slug: str, draft: ArticleDraft, base_n: int, author_id: UUID, now: datetime
) -> ArticleRevision:
    """Keep `draft` as the next revision; what readers see stays. The same text again changes nothing.

    Raises RevisionConflictError if `base_n` is no longer the latest, InvalidInputError for a slug that cannot be.
    """
    draft = check_draft(draft)
    article = drafts.lock_article(session, article_id)
    latest = drafts.get_revision(session, article_id, article.latest_n)
    if latest.draft == draft and article.slug == slug:
        return latest
    if article.latest_n != base_n:
        raise RevisionConflictError(latest.n)
    _change_slug(session, article, slug)
    if latest.draft == draft:
        article.changed_at = now
        return latest
    return _add_revision(session, article, draft, author_id=author_id, now=now)


def restore_revision(session: Session, article_id: UUID, n: int, *, author_id: UUID, now: datetime) -> ArticleRevision:
    """Make what revision `n` says the latest revision again."""
    article = drafts.lock_article(session, article_id)
    old = drafts.get_revision(session, article_id, n)
    latest = drafts.get_revision(session, article_id, article.latest_n)
    if latest.draft == old.draft:
        return latest
    return _add_revision(session, article, old.draft, author_id=author_id, now=now, restored_from_n=n)


def publish_article(session: Session, article_id: UUID, *, editor_id: UUID, now: datetime) -> Article:
    """Let readers see the latest revision. Raises PreflightError if it is not fit for them."""
    article = drafts.lock_article(session, article_id)
    revision = drafts.get_revision(session, article_id, article.latest_n)
    findings = drafts.inspect_article(session, article, revision, now=now)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise PreflightError(findings)
    _show(session, article, revision, editor_id=editor_id, at=now, now=now)
    return article


def move_article(session: Session, article_id: UUID, *, status: ArticleStatus, editor_id: UUID, now: datetime) -> Article:
    """Send the article to review, back to draft or to the archive. Publishing is `publish_article`."""
    if status in {ArticleStatus.PUBLISHED, ArticleStatus.SCHEDULED}:
        raise InvalidInputError("Publish the article instead.")
    article = drafts.lock_article(session, article_id)
    if article.status is status:
        return article
    article.become(status)
    article.changed_at = now
    _place_ctas(session, article, now=now)
    if status is ArticleStatus.ARCHIVED:
        publish(session, ArticleArchived(occurred_at=now, article_id=article.id), actor_id=editor_id)
    else:
        publish(session, ArticleMoved(occurred_at=now, article_id=article.id, status=status.value), actor_id=editor_id)
    return article


def import_seed(session: Session, *, slug: str, front_matter: dict[str, Any], body: str, author_id: UUID, now: datetime) -> Article:
    """Write and publish an article of seed_content (its format: seed_content/README.md) with its calls to action, once.

    What is already there stays as it is. Preflight is left out: articles of one import may link to each other.
    """
    for cta in front_matter.get("ctas", ()):
        if find_cta_by_slug(session, cta["slug"]) is None:
            _import_cta(session, cta, owner_id=author_id, now=now)
    found = drafts.find_written_by_slug(session, slug)
    if found is not None:
        return found.article
    draft = ArticleDraft(
        title=front_matter["title"],
        dek=front_matter["dek"],
        body=body,
        category=front_matter["category"],
        tags=tuple(front_matter.get("tags", ())),
        seo_description=front_matter.get("seo_description", ""),
        author_name=front_matter.get("author", ""),
    )
    article = create_article(session, slug=slug, draft=draft, author_id=author_id, now=now)
    revision = drafts.get_revision(session, article.id, article.latest_n)
    published_at = datetime.fromisoformat(str(front_matter["published_at"]))
    _show(session, article, revision, editor_id=author_id, at=min(published_at, now), now=now)
    return article


def _import_cta(session: Session, cta: dict[str, Any], *, owner_id: UUID, now: datetime) -> None:
    draft = CtaDraft(
        name=cta.get("name") or cta["slug"].replace("-", " ").capitalize(),
        course_id=get_course_by_slug(session, cta["course"]).id,
        style=CtaStyle(cta["style"]),
        heading=cta["heading"],
        body=cta.get("body", ""),
        button=cta["button"],
    )
    create_cta(session, slug=cta["slug"], draft=draft, owner_id=owner_id, now=now)


def _change_slug(session: Session, article: Article, slug: str) -> None:
    if slug == article.slug:
        return
    if article.was_published:
        raise InvalidInputError("Readers know this address, so it stays as it is.", field="slug")
    if drafts.find_written_by_slug(session, check_slug(slug)) is not None:
        raise InvalidInputError(f"There is an article at /articles/{slug} already.", field="slug")
    article.slug = slug


def _add_revision(
    session: Session, article: Article, draft: ArticleDraft, *, author_id: UUID, now: datetime, restored_from_n: int | None = None
) -> ArticleRevision:
    rendered = render_body(draft.body)
    revision = ArticleRevision(
        article_id=article.id,
        n=article.latest_n + 1,
        created_by_id=author_id,
        created_at=now,
        title=draft.title,
        dek=draft.dek,
        body=draft.body,
        category=draft.category,
        tags=list(draft.tags),
        seo_description=draft.seo_description,
        author_name=draft.author_name,
        body_segments=rendered.segments,
        contents=rendered.contents,
        word_count=rendered.word_count,
        minutes=rendered.minutes,
        markdown_version=markdown.VERSION,
        restored_from_n=restored_from_n,
    )
    session.add(revision)
    article.latest_n, article.changed_at = revision.n, now
    session.flush()
    _place_ctas(session, article, now=now)
    return revision


def _show(session: Session, article: Article, revision: ArticleRevision, *, editor_id: UUID, at: datetime, now: datetime) -> None:
    if article.status is ArticleStatus.PUBLISHED and article.published_revision_id == revision.id:
        return
    article.show(revision, at=at)
    article.changed_at = now
    session.execute(delete(ArticleTag).where(ArticleTag.article_id == article.id))
    session.add_all(ArticleTag(article_id=article.id, tag=tag) for tag in dict.fromkeys(tag.casefold() for tag in revision.tags))
    session.flush()
    _place_ctas(session, article, now=now)
    publish(session, ArticlePublished(occurred_at=now, article_id=article.id, revision_id=revision.id), actor_id=editor_id)


def _place_ctas(session: Session, article: Article, *, now: datetime) -> None:
    """The calls to action stand where the latest and the published revision have them; in an archived article none does."""
    places: set[tuple[str, str]] = set()
    if article.status is not ArticleStatus.ARCHIVED:
        latest = drafts.get_revision(session, article.id, article.latest_n)
        for revision in filter(None, (latest, drafts.find_published_revision(session, article))):
            places |= set(revision.placed)
            places |= {(slug, RAIL) for slug, _ in revision.placed[:1]}
    place(session, article_id=article.id, places=places, now=now)
