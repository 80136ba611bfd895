"""Finding articles: as readers see them (`public`), as their authors do (`drafts`), and one put together (`reading`)."""

from laurel.articles.queries.public import list_published_articles

__all__ = ["list_published_articles"]
