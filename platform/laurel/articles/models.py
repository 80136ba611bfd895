"""Articles and what each of them said at any time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.articles.rules import ArticleDraft, ArticleStatus, advance
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id


class Article(Base):
    """One article. What it says is in its revisions: readers see `published_revision_id`, authors go on from `latest_n`.

    `published_at` is the moment from which readers find it, `updated_at` the one at which its public text last changed.
    """

    __tablename__ = "articles"
    __table_args__ = (Index("ix_articles_status_published_at", "status", "published_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[ArticleStatus] = mapped_column(text_enum(ArticleStatus), default=ArticleStatus.DRAFT)
    latest_n: Mapped[int] = mapped_column(default=0)
    published_revision_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("article_revisions.id", use_alter=True, name="fk_articles_published_revision_id_article_revisions"),
        index=True,
        default=None,
    )
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def was_published(self) -> bool:
        """Whether readers may know its address."""
        return self.published_at is not None

    def become(self, wanted: ArticleStatus) -> None:
        self.status = advance(self.status, wanted)

    def show(self, revision: "ArticleRevision", *, at: datetime) -> None:
        """Let readers see `revision` from now on."""
        self.become(ArticleStatus.PUBLISHED)
        self.published_revision_id = revision.id
        self.published_at = self.published_at or at
        self.updated_at = at


class ArticleRevision(Base):
    """What an article said when its author saved it. Never changed.

    `body` is what was written. `body_segments` is made of it at the save: pieces of safe HTML (`{"html": …}`) and, between
    them, places for calls to action (`{"cta": slug, "key": …}`). `contents` lists the headings as [anchor, words].
    """

    __tablename__ = "article_revisions"
    __table_args__ = (UniqueConstraint("article_id", "n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    article_id: Mapped[UUID] = mapped_column(ForeignKey(Article.id))
    n: Mapped[int]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(160))
    dek: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(60), index=True)
    tags: Mapped[list[str]]
    seo_description: Mapped[str] = mapped_column(String(300))
    author_name: Mapped[str] = mapped_column(String(120))
    body_segments: Mapped[list[Any]]
    contents: Mapped[list[Any]]
    word_count: Mapped[int]
    minutes: Mapped[int]
    markdown_version: Mapped[int]
    restored_from_n: Mapped[int | None] = mapped_column(default=None)

    @property
    def draft(self) -> ArticleDraft:
        return ArticleDraft(
            title=self.title,
            dek=self.dek,
            body=self.body,
            category=self.category,
            tags=tuple(self.tags),
            seo_description=self.seo_description,
            author_name=self.author_name,
        )

    @property
    def html(self) -> str:
        """All pieces of HTML, without the calls to action."""
        return "\n".join(segment["html"] for segment in self.body_segments if "html" in segment)

    @property
    def placed(self) -> list[tuple[str, str]]:
        """(slug, key) of each place for a call to action, in reading order."""
        return [(segment["cta"], segment["key"]) for segment in self.body_segments if "cta" in segment]


class ArticleTag(Base):
    """A tag of an article's published revision, in lower case: what related articles are found by."""

    __tablename__ = "article_tags"

    article_id: Mapped[UUID] = mapped_column(ForeignKey(Article.id), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
