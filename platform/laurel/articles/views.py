"""Articles as readers see them. These pages read no cookie and may be cached."""

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.articles.queries.public import card_of, get_public_article, list_categories, select_public_articles
from laurel.articles.queries.reading import Reading, read_article
from laurel.articles.rules import MAX_CATEGORY
from laurel.core.db import database_now
from laurel.ctas.rules import CourseFacts, course_path, make_link_token
from laurel.settings import Settings
from laurel.web.access import PUBLIC, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session

bp = Blueprint("articles", __name__)
PAGE_SIZE = 12


def blueprints(_settings: Settings) -> list[Blueprint]:
    return [bp]


@bp.get("/articles")
@policy(GET=PUBLIC)
def article_list_page() -> ResponseReturnValue:
    session = current_session()
    now = database_now(session)
    category = request.args.get("category", "")[:MAX_CATEGORY]
    page = paginate(session, select_public_articles(now=now, category=category), size=PAGE_SIZE, scalars=False)
    return render_template(
        "articles/article_list_page.html",
        page=page,
        articles=[card_of(row) for row in page.rows],
        categories=list_categories(session, now=now),
        category=category,
    )


@bp.get("/articles/<slug>")
@policy(GET=PUBLIC)
def article_page(slug: str) -> ResponseReturnValue:
    session = current_session()
    now = database_now(session)
    article, revision = get_public_article(session, slug, now=now)
    reading = read_article(session, article, revision, link=_counted_link, now=now)
    return render_template("articles/article_page.html", reading=reading, structured=structured_data(reading))


def _counted_link(placement_id: UUID | None, course: CourseFacts) -> str:
    """By way of the click counter; straight to the course where a call to action has no place of its own."""
    if placement_id is None:
        return course_path(course.slug)
    config = current_app.config
    token = make_link_token(placement_id, keys=[config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]])
    return url_for("ctas.follow", token=token)


def structured_data(reading: Reading) -> list[dict[str, Any]]:
    """What the page says, for search engines: schema.org `Article` and `BreadcrumbList`. Equal to the visible text."""
    settings: Settings = current_app.extensions["laurel_settings"]
    article, revision = reading.article, reading.revision
    home, all_articles = settings.public_url, settings.public_url + url_for("articles.article_list_page")
    address = settings.public_url + url_for("articles.article_page", slug=article.slug)
    # The house writes under its own name: "Laurel Editorial" of "Laurel Academy".
    is_house = revision.author_name.split()[:1] == settings.issuer_name.split()[:1]
    author = {"@type": "Organization" if is_house else "Person", "name": revision.author_name}
    described = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": revision.title,
        "description": revision.seo_description or revision.dek,
        "articleSection": revision.category,
        "keywords": ", ".join(revision.tags),
        "wordCount": revision.word_count,
        "inLanguage": "en",
        "datePublished": article.published_at.isoformat() if article.published_at else "",
        "dateModified": article.updated_at.isoformat() if article.updated_at else "",
        "author": author if revision.author_name else "",
        "publisher": {"@type": "Organization", "name": settings.issuer_name, "url": home},
        "mainEntityOfPage": address,
    }
    trail = [("Home", f"{home}/"), ("Articles", all_articles), (revision.title, address)]
    steps = [{"@type": "ListItem", "position": n, "name": name, "item": item} for n, (name, item) in enumerate(trail, start=1)]
    breadcrumbs = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": steps}
    return [{name: value for name, value in described.items() if value}, breadcrumbs]
