"""What a reader gets."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.articles import services
from laurel.articles.models import Article
from laurel.articles.queries.public import list_published_articles, list_related
from laurel.articles.rules import ArticleStatus
from laurel.articles.services import import_seed
from laurel.commerce.models import Price
from laurel.core import clock
from laurel.ctas.rules import CtaStyle, read_link_token
from laurel.ctas.services import archive_cta, save_cta
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.articles import draft_with, make_article
from tests.factories.ctas import draft_of, make_certified_course, make_course, make_cta

BODY = "Opening.\n\n## First part\n\nWords.\n\n{{ cta: inline }}\n\n## Second part\n\nMore words.\n\n{{ cta: end }}"


def page(client: FlaskClient, slug: str = "a") -> str:
    answer = client.get(f"/articles/{slug}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def make_leading_article(session: Session) -> Article:
    """An article with two calls to action to a course with all facts."""
    course = make_certified_course(session)
    make_cta(session, slug="inline", course=course, body="{course.title}: {exam.questions} questions in {exam.minutes} minutes.")
    make_cta(session, slug="end", course=course, style=CtaStyle.END_CARD, heading="Earn it", body="For {price}.", button="Start")
    article = make_article(session, slug="a", body=BODY)
    session.commit()
    return article


def test_an_article_shows_its_text_and_the_facts_of_the_day(client: FlaskClient, session: Session) -> None:
    make_leading_article(session)

    html = page(client)

    assert "<h1>How models learn</h1>" in html
    assert "Prompting™: 5 questions in 60 minutes." in html
    assert "For $195." in html
    assert "By <b>Laurel Editorial</b>" in html
    assert "1 min read" in html
    assert html.index("Opening.") < html.index("5 questions in 60") < html.index("More words.") < html.index("Earn it")
    for fact in ("12 hours", "5 questions", "60 minutes", "70 %", "$195"):
        assert f"<dd>{fact}</dd>" in html


def test_a_new_price_is_on_the_page_at_once(client: FlaskClient, session: Session) -> None:
    make_leading_article(session)
    for price in session.scalars(select(Price).where(Price.currency == "usd")):
        price.unit_amount = 24900
    session.commit()

    html = page(client)

    assert "For $249." in html
    assert "$195" not in html


def test_calls_to_action_lead_through_the_counter(app: Flask, client: FlaskClient, session: Session) -> None:
    make_leading_article(session)

    tokens = re.findall(r'href="/go/([^"]+)"', page(client))
    placements = {read_link_token(token, keys=[app.config["SECRET_KEY"]]) for token in tokens}

    assert len(tokens) == 3  # two in the text and one beside it
    assert len(placements) == 3
    assert None not in placements


def test_a_course_that_lost_its_facts_loses_the_sentence(client: FlaskClient, session: Session) -> None:
    course = make_course(session)
    make_cta(session, slug="end", course=course, body="Short. {exam.questions} questions for {price}. Valid for {validity}.")
    front = {"title": "A", "dek": "B", "category": "C", "published_at": "2026-01-01T00:00:00Z"}
    # By import, which leaves preflight out: as if the course had lost its exam since.
    import_seed(session, slug="b", front_matter=front, body="Text.\n\n{{ cta: end }}", author_id=make_user(session).id, now=clock.now())
    session.commit()

    html = page(client, "b")

    assert "<p>Short.</p>" in html
    assert "{" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


def test_an_archived_call_to_action_is_shown_nowhere(client: FlaskClient, session: Session) -> None:
    cta = make_cta(session, slug="only", heading="Come in")
    article = make_article(session, slug="a", body="Text.\n\n{{ cta: only }}")
    archive_cta(session, cta.id, editor_id=article.created_by_id, now=clock.now())
    session.commit()

    html = page(client)

    assert "Come in" not in html
    assert "/go/" not in html
    assert "cta: only" not in html


def test_a_changed_call_to_action_changes_in_every_article(client: FlaskClient, session: Session) -> None:
    course = make_course(session)
    cta = make_cta(session, slug="only", course=course)
    make_article(session, slug="a", body="Text.\n\n{{ cta: only }}")
    save_cta(session, cta.id, draft=draft_of(course, heading="New words"), base_version=1, editor_id=cta.owner_id, now=clock.now())
    session.commit()

    assert "New words" in page(client)


def test_an_article_without_a_call_to_action_has_no_course_beside_it(client: FlaskClient, session: Session) -> None:
    make_article(session, slug="a", body="Nothing but text.")
    session.commit()

    html = page(client)

    assert "The course to go with it" not in html
    assert 'class="rail"' not in html


def test_the_headings_stand_beside_the_text(client: FlaskClient, session: Session) -> None:
    make_leading_article(session)

    html = page(client)

    assert '<a href="#user-first-part">First part</a>' in html
    assert '<h2 id="user-first-part">First part</h2>' in html


def structured(html: str) -> list[Any]:
    return [json.loads(found) for found in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)]


def test_search_engines_read_what_people_read(client: FlaskClient, session: Session) -> None:
    article = make_article(session, slug="a", title="A </script><script>alert(1)</script> title & more")
    session.commit()

    html = page(client)
    described, breadcrumbs = structured(html)

    assert "<script>alert" not in html
    assert described["@type"] == "Article"
    assert described["headline"] == "A </script><script>alert(1)</script> title & more"
    assert described["mainEntityOfPage"] == "http://laurel.test/articles/a"
    assert article.published_at is not None
    assert described["datePublished"] == article.published_at.isoformat()
    assert described["author"] == {"@type": "Organization", "name": "Laurel Editorial"}
    assert [step["item"] for step in breadcrumbs["itemListElement"]] == [
        "http://laurel.test/",
        "http://laurel.test/articles",
        "http://laurel.test/articles/a",
    ]


def test_the_head_names_the_one_address(client: FlaskClient, session: Session) -> None:
    make_article(session, slug="a")
    session.commit()

    html = page(client)

    assert '<link rel="canonical" href="http://laurel.test/articles/a">' in html
    assert '<meta property="og:url" content="http://laurel.test/articles/a">' in html
    assert '<meta property="og:title" content="How models learn">' in html


def test_a_public_page_reads_no_cookie_and_may_be_cached(client: FlaskClient, session: Session) -> None:
    make_leading_article(session)
    client.set_cookie("laurel_demo", "anything", domain="laurel.test")

    for address in ("/articles", "/articles/a"):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_later_change_is_dated(client: FlaskClient, session: Session) -> None:
    article = make_article(session, slug="a", at=clock.now() - timedelta(days=3))
    services.save_article(
        session, article.id, slug="a", draft=draft_with(body="New."), base_n=1, author_id=article.created_by_id, now=clock.now()
    )
    services.publish_article(session, article.id, editor_id=article.created_by_id, now=clock.now())
    session.commit()

    assert "Updated <time" in page(client)


@pytest.mark.parametrize("status", [ArticleStatus.DRAFT, ArticleStatus.IN_REVIEW, ArticleStatus.ARCHIVED])
def test_what_is_not_published_is_found_nowhere(client: FlaskClient, session: Session, status: ArticleStatus) -> None:
    other = make_article(session, slug="other", title="The other one")
    hidden = make_article(session, slug="a", title="The hidden one")
    hidden.status = status
    session.commit()

    assert client.get("/articles/a").status_code == 404
    assert "The hidden one" not in client.get("/articles").get_data(as_text=True)
    assert "The hidden one" not in page(client, "other")
    assert list_related(session, other.id, tags=["learning"], course_ids=[], now=clock.now()) == []


def test_an_article_appears_at_its_minute(client: FlaskClient, session: Session) -> None:
    article = make_article(session, slug="a")
    article.status, article.published_at = ArticleStatus.SCHEDULED, clock.now() + timedelta(minutes=5)
    session.commit()
    assert client.get("/articles/a").status_code == 404

    article.published_at = clock.now() - timedelta(seconds=1)
    session.commit()

    assert client.get("/articles/a").status_code == 200


def test_the_list_is_filtered_by_category_and_paged(client: FlaskClient, session: Session) -> None:
    for number in range(14):
        at = clock.now() - timedelta(minutes=number)
        make_article(session, title=f"Number {number}.", category="Guides" if number % 2 else "Models & more", at=at)
    session.commit()

    first, second = client.get("/articles").get_data(as_text=True), client.get("/articles?page=2").get_data(as_text=True)
    guides = client.get("/articles?category=Models+%26+more").get_data(as_text=True)

    assert re.findall(r"Number \d+\.", first) == [f"Number {number}." for number in range(12)]
    assert re.findall(r"Number \d+\.", second) == ["Number 12.", "Number 13."]
    assert re.findall(r"Number \d+\.", guides) == [f"Number {number}." for number in range(0, 14, 2)]
    assert "Models &amp; more (7)" in first


def test_empty_lists_say_what_to_do(client: FlaskClient, session: Session) -> None:
    assert "No articles yet" in client.get("/articles").get_data(as_text=True)

    make_article(session)
    session.commit()

    assert "Nothing here" in client.get("/articles?category=None").get_data(as_text=True)
    assert client.get("/articles?page=9").status_code == 404


def test_related_articles_lead_to_the_same_course_or_share_a_tag(session: Session) -> None:
    course = make_course(session)
    make_cta(session, slug="same", course=course)
    make_cta(session, slug="other")
    article = make_article(session, slug="a", tags=("X", "Y"), body="A.\n\n{{ cta: same }}")
    make_article(session, slug="tags", tags=("x", "y"))
    make_article(session, slug="tag", tags=("x",), body="B.\n\n{{ cta: other }}")
    make_article(session, slug="course", tags=(), body="C.\n\n{{ cta: same }}\n\n{{ cta: same }}")
    make_article(session, slug="nothing", tags=("z",))

    related = list_related(session, article.id, tags=["X", "Y"], course_ids=[course.id], now=clock.now())

    assert [card.slug for card in related] == ["course", "tags", "tag"]


def test_the_newest_articles_come_first(session: Session) -> None:
    for number in range(3):
        make_article(session, slug=f"a{number}", at=clock.now() - timedelta(days=number))

    assert [card.href for card in list_published_articles(session, limit=2, now=clock.now())] == ["/articles/a0", "/articles/a1"]


def test_many_calls_to_action_and_related_articles_take_as_many_queries_as_one(
    client: FlaskClient, session: Session, queries: QueryCount
) -> None:
    lines = []
    for number in range(20):
        make_cta(session, slug=f"cta-{number}", course=make_certified_course(session, title=f"Course {number}"))
        lines.append(f"Text.\n\n{{{{ cta: cta-{number} }}}}")
    make_article(session, slug="one", body=lines[0], tags=("one",))
    make_article(session, slug="many", body="\n\n".join(lines), tags=("many",))
    for _ in range(20):
        make_article(session, tags=("many",))
    session.commit()

    queries.clear()
    page(client, "one")
    for_one = queries.selects
    queries.clear()
    html = page(client, "many")

    assert queries.selects == for_one <= 8
    assert queries.writes == 0
    assert html.count('class="cta cta-card"') == 20


def test_the_list_takes_as_many_queries_for_many_articles(client: FlaskClient, session: Session, queries: QueryCount) -> None:
    for _ in range(12):
        make_article(session)
    session.commit()
    queries.clear()

    client.get("/articles")

    assert queries.selects <= 4
