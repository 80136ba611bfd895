"""What happened to articles."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ArticlePublished(Event):
    """Readers see this revision from now on."""

    article_id: UUID
    revision_id: UUID


@dataclass(frozen=True, kw_only=True)
class ArticleMoved(Event):
    """An article went to another status without being published: to review, back to draft."""

    article_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class ArticleArchived(Event):
    """Readers no longer find the article."""

    article_id: UUID
