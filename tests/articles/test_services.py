"""Saving, publishing, archiving and restoring articles."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.articles import services
from laurel.articles.models import Article, ArticleRevision, ArticleTag
from laurel.articles.queries import drafts
from laurel.articles.rules import RAIL, ArticleStatus
from laurel.catalog.rules import CourseStatus
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.ctas.models import Placement
from laurel.ctas.services import archive_cta
from tests.factories.accounts import make_user
from tests.factories.articles import draft_with, make_article, make_draft_article
from tests.factories.ctas import make_course, make_cta


def events(session: Session) -> list[str]:
    return list(session.scalars(select(EventRecord.name).where(EventRecord.name.like("Article%")).order_by(EventRecord.id)))


def revisions(session: Session, article: Article) -> list[ArticleRevision]:
    return list(session.scalars(select(ArticleRevision).filter_by(article_id=article.id).order_by(ArticleRevision.n)))


def standing(session: Session, article: Article) -> list[str]:
    """Keys of the places that calls to action have in the article now."""
    return sorted(session.scalars(select(Placement.key).filter_by(article_id=article.id, removed_at=None)))


def save(
    session: Session, article: Article, *, now: datetime, base_n: int | None = None, slug: str | None = None, **changes: object
) -> ArticleRevision:
    return services.save_article(
        session,
        article.id,
        slug=slug or article.slug,
        draft=draft_with(**changes),
        base_n=article.latest_n if base_n is None else base_n,
        author_id=article.created_by_id,
        now=now,
    )


def test_a_new_article_is_a_draft_with_its_first_revision(session: Session, now: datetime) -> None:
    author = make_user(session)

    article = services.create_article(session, slug="", draft=draft_with(body="## One\n\nTwo words."), author_id=author.id, now=now)

    (revision,) = revisions(session, article)
    assert (article.slug, article.status, article.latest_n) == ("how-models-learn", ArticleStatus.DRAFT, 1)
    assert (revision.n, revision.created_by_id, revision.word_count, revision.minutes) == (1, author.id, 3, 1)
    assert revision.contents == [["user-one", "One"]]
    assert revision.body_segments == [{"html": '<h2 id="user-one">One</h2>\n<p>Two words.</p>'}]


def test_creating_twice_is_one_article(session: Session, now: datetime) -> None:
    author = make_user(session)

    first = services.create_article(session, slug="a", draft=draft_with(), author_id=author.id, now=now)
    second = services.create_article(session, slug="a", draft=draft_with(), author_id=author.id, now=now)

    assert first is second
    assert len(revisions(session, first)) == 1


@pytest.mark.parametrize("title", ["How models learn", "日本語"])
def test_an_address_that_is_taken_or_cannot_be_made_is_refused(session: Session, now: datetime, title: str) -> None:
    make_draft_article(session, slug="how-models-learn")

    with pytest.raises(InvalidInputError) as refused:
        services.create_article(session, slug="", draft=draft_with(title=title, body="Other"), author_id=make_user(session).id, now=now)

    assert refused.value.field == "slug"


def test_every_save_is_a_revision_and_the_same_text_is_none(session: Session, now: datetime) -> None:
    article = make_draft_article(session)

    save(session, article, now=now, body="Second.")
    save(session, article, now=now, body="Second.")
    save(session, article, now=now, base_n=1, body="Second.")

    assert [revision.body for revision in revisions(session, article)] == ["Models learn from examples.", "Second."]


def test_the_second_of_two_editors_is_told_and_nothing_is_lost(session: Session, now: datetime) -> None:
    article = make_draft_article(session)
    save(session, article, now=now, base_n=1, body="First editor.")

    with pytest.raises(services.RevisionConflictError) as conflict:
        save(session, article, now=now, base_n=1, body="Second editor.")

    assert conflict.value.latest_n == 2
    assert drafts.get_written(session, article.id).revision.body == "First editor."


def test_editing_a_published_article_makes_a_draft_beside_it(session: Session, now: datetime) -> None:
    article = make_article(session, body="Public.")

    save(session, article, now=now, body="Not yet public.")

    written, published = drafts.get_written(session, article.id), drafts.find_published_revision(session, article)
    assert article.status is ArticleStatus.PUBLISHED
    assert written.has_newer_draft
    assert published is not None
    assert (published.body, written.revision.body) == ("Public.", "Not yet public.")


def test_publishing_shows_the_latest_revision(session: Session, now: datetime) -> None:
    article = make_article(session, at=now)
    save(session, article, now=now, body="Better.")

    services.publish_article(session, article.id, editor_id=article.created_by_id, now=now + timedelta(days=2))

    published = drafts.find_published_revision(session, article)
    assert published is not None
    assert published.body == "Better."
    assert (article.published_at, article.updated_at) == (now, now + timedelta(days=2))
    assert events(session) == ["ArticlePublished", "ArticlePublished"]


def test_publishing_twice_changes_nothing(session: Session, now: datetime) -> None:
    article = make_article(session, at=now)

    services.publish_article(session, article.id, editor_id=article.created_by_id, now=now + timedelta(days=2))

    assert article.updated_at == now
    assert events(session) == ["ArticlePublished"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{{ cta: unknown }}",
        "{{ cta: soon }}",
        "{{ cta: retired }}",
        "{{ cta: put-away }}",
        "{{ cta: NOT-A-NAME }}",
        "See {{ cta: good }} here.",
        "[gone](/articles/gone)",
        "[draft](/articles/only-a-draft)",
        "[gone](/courses/gone)",
    ],
)
def test_what_is_not_fit_for_readers_is_not_published(session: Session, now: datetime, body: str) -> None:
    make_cta(session, slug="good")
    make_cta(session, slug="soon", course=make_course(session, status=CourseStatus.COMING_SOON))
    make_cta(session, slug="retired", course=make_course(session, status=CourseStatus.RETIRED))
    archive_cta(session, make_cta(session, slug="put-away").id, editor_id=make_user(session).id, now=now)
    make_draft_article(session, slug="only-a-draft")
    article = make_draft_article(session, body=body)

    with pytest.raises(services.PreflightError) as refused:
        services.publish_article(session, article.id, editor_id=article.created_by_id, now=now)

    assert [finding.severity.value for finding in refused.value.findings].count("error") == 1
    assert article.status is ArticleStatus.DRAFT
    assert events(session) == []


def test_links_that_lead_somewhere_are_fit_for_readers(session: Session, now: datetime) -> None:
    course, other = make_course(session), make_article(session, slug="other")
    body = f"[a](/articles/{other.slug}) [b](/courses/{course.slug}#exam) [me](/articles/me)"

    assert make_article(session, slug="me", body=body).status is ArticleStatus.PUBLISHED


def test_an_archived_article_keeps_its_address_and_comes_back_as_a_draft(session: Session, now: datetime) -> None:
    article = make_article(session)

    services.move_article(session, article.id, status=ArticleStatus.ARCHIVED, editor_id=article.created_by_id, now=now)
    services.move_article(session, article.id, status=ArticleStatus.DRAFT, editor_id=article.created_by_id, now=now)

    assert article.status is ArticleStatus.DRAFT
    with pytest.raises(InvalidInputError, match="Readers know this address"):
        save(session, article, now=now, slug="another")
    assert events(session) == ["ArticlePublished", "ArticleArchived", "ArticleMoved"]


def test_a_published_article_does_not_go_back_to_review(session: Session, now: datetime) -> None:
    article = make_article(session)

    with pytest.raises(ConflictError, match="cannot become in review"):
        services.move_article(session, article.id, status=ArticleStatus.IN_REVIEW, editor_id=article.created_by_id, now=now)
    with pytest.raises(InvalidInputError):
        services.move_article(session, article.id, status=ArticleStatus.PUBLISHED, editor_id=article.created_by_id, now=now)


def test_an_address_may_change_until_readers_know_it(session: Session, now: datetime) -> None:
    article, other = make_draft_article(session, slug="old"), make_draft_article(session, slug="taken")

    save(session, article, now=now, slug="new")
    with pytest.raises(InvalidInputError) as refused:
        save(session, article, now=now, slug=other.slug)

    assert (article.slug, article.latest_n, refused.value.field) == ("new", 1, "slug")


def test_restoring_makes_a_new_revision_of_an_old_one(session: Session, now: datetime) -> None:
    article = make_draft_article(session, body="One.")
    save(session, article, now=now, body="Two.")

    restored = services.restore_revision(session, article.id, 1, author_id=article.created_by_id, now=now)
    again = services.restore_revision(session, article.id, 1, author_id=article.created_by_id, now=now)

    assert again is restored
    assert (restored.n, restored.body, restored.restored_from_n) == (3, "One.", 1)
    with pytest.raises(NotFoundError):
        services.restore_revision(session, article.id, 9, author_id=article.created_by_id, now=now)


def test_calls_to_action_stand_where_the_latest_and_the_published_text_have_them(session: Session, now: datetime) -> None:
    make_cta(session, slug="a")
    make_cta(session, slug="b")
    article = make_article(session, body="Text.\n\n{{ cta: a }}\n\n{{ cta: a }}")
    assert standing(session, article) == ["1", "2", RAIL]

    save(session, article, now=now, body="Text.\n\n{{ cta: b }}")
    assert standing(session, article) == ["1", "1", "2", RAIL, RAIL]
    services.publish_article(session, article.id, editor_id=article.created_by_id, now=now)
    assert standing(session, article) == ["1", RAIL]
    services.move_article(session, article.id, status=ArticleStatus.ARCHIVED, editor_id=article.created_by_id, now=now)

    assert standing(session, article) == []


def test_tags_are_those_of_the_published_text(session: Session, now: datetime) -> None:
    article = make_article(session, tags=("AI", "Models"))
    save(session, article, now=now, tags=("Models", "Law"))
    assert set(session.scalars(select(ArticleTag.tag))) == {"ai", "models"}

    services.publish_article(session, article.id, editor_id=article.created_by_id, now=now)

    assert set(session.scalars(select(ArticleTag.tag))) == {"models", "law"}


def test_articles_and_revisions_that_do_not_exist_are_not_found(session: Session, now: datetime) -> None:
    article = make_draft_article(session)

    with pytest.raises(NotFoundError):
        drafts.get_written(session, article.created_by_id)
    with pytest.raises(NotFoundError):
        drafts.lock_article(session, article.created_by_id)
    with pytest.raises(NotFoundError):
        drafts.get_revision(session, article.id, 2)
    assert session.scalar(select(func.count()).select_from(Article)) == 1
