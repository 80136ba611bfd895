"""Articles for tests."""

from datetime import datetime
from itertools import count

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.articles.models import Article
from laurel.articles.rules import ArticleDraft
from laurel.articles.services import create_article, publish_article
from laurel.core import clock
from tests.factories.accounts import make_user

_numbers = count(1)


def draft_with(**changes: object) -> ArticleDraft:
    """An article about nothing in particular; `body`, `title`, `tags` … as told."""
    words = {
        "title": "How models learn",
        "dek": "A short introduction.",
        "body": "Models learn from examples.",
        "category": "Guides",
        "tags": ("learning",),
        "seo_description": "How language models learn from examples, in words that anybody can follow.",
        "author_name": "Laurel Editorial",
    }
    return ArticleDraft(**{**words, **changes})  # type: ignore[arg-type]


def make_draft_article(session: Session, *, slug: str | None = None, author: User | None = None, **changes: object) -> Article:
    """An article that only its authors see."""
    author = author or make_user(session, roles=["marketer"])
    return create_article(
        session, slug=slug or f"article-{next(_numbers)}", draft=draft_with(**changes), author_id=author.id, now=clock.now()
    )


def make_article(session: Session, *, slug: str | None = None, at: datetime | None = None, **changes: object) -> Article:
    """An article that readers find."""
    article = make_draft_article(session, slug=slug, **changes)
    return publish_article(session, article.id, editor_id=article.created_by_id, now=at or clock.now())
