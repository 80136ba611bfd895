"""The articles of seed_content: they arrive once, are fit for readers, and repeat no fact of the catalog."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.articles.models import Article, ArticleRevision
from laurel.articles.queries import drafts
from laurel.articles.rules import ArticleStatus
from laurel.articles.services import import_seed
from laurel.ctas.models import Cta
from laurel.settings import root
from tests.factories.accounts import make_user
from tests.factories.ctas import make_certified_course

FILES = sorted((root() / "seed_content" / "articles").glob("*.md"))
ALIBABA = "alibaba-trillion-parameter-model"


def read(path: Path) -> tuple[dict[str, Any], str]:
    _, front, body = path.read_text().split("+++\n", maxsplit=2)
    return tomllib.loads(front), body.strip()


def import_all(session: Session, *, now: datetime) -> User:
    author = make_user(session, roles=["marketer"])
    for slug in ("ai-prompt-engineer-level-1", "ai-foundations"):
        make_certified_course(session, title=slug).slug = slug
    session.flush()
    for path in FILES:
        front, body = read(path)
        import_seed(session, slug=path.stem, front_matter=front, body=body, author_id=author.id, now=now)
    return author


def test_the_seed_articles_are_published_and_pass_preflight(session: Session, now: datetime) -> None:
    import_all(session, now=now)

    for article in session.scalars(select(Article)):
        revision = drafts.get_revision(session, article.id, article.latest_n)
        assert article.status is ArticleStatus.PUBLISHED
        assert drafts.inspect_article(session, article, revision, now=now) == []


def test_importing_again_changes_nothing(session: Session, now: datetime) -> None:
    author = import_all(session, now=now)
    before = [session.scalar(select(func.count()).select_from(table)) for table in (Article, ArticleRevision, Cta)]

    front, body = read(FILES[0])
    import_seed(session, slug=FILES[0].stem, front_matter=front | {"title": "Changed"}, body=body, author_id=author.id, now=now)

    assert [session.scalar(select(func.count()).select_from(table)) for table in (Article, ArticleRevision, Cta)] == before
    assert before[0] == len(FILES) >= 3


def test_an_article_is_as_old_as_it_says_and_never_from_the_future(session: Session, now: datetime) -> None:
    import_all(session, now=datetime.fromisoformat("2026-09-20T00:00:00Z"))

    published = dict(session.execute(select(Article.slug, Article.published_at)).all())

    assert published["what-a-prompt-engineer-does"] == datetime.fromisoformat("2026-09-08T09:00:00Z")
    assert published[ALIBABA] == datetime.fromisoformat("2026-09-20T00:00:00Z")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_price_and_no_exam_fact_is_written_into_an_article(path: Path) -> None:
    _, body = read(path)

    assert "$" not in body
    assert not [word for word in ("90 minutes", "50 questions", "70 %", "12 months") if word in body]
