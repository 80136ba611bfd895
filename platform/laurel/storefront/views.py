"""What a visitor sees before signing in. These pages read no cookie and may be cached."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.articles.queries import list_published_articles
from laurel.catalog import queries as catalog
from laurel.catalog.queries import CourseCard
from laurel.catalog.rules import CourseStatus, is_for_sale
from laurel.commerce.queries import has_entitlement, list_prices
from laurel.core.db import database_now
from laurel.core.money import format_money
from laurel.credentials.queries import find_achievement_of_course, find_credential_of
from laurel.credentials.queries.renewing import find_paths
from laurel.credentials.rules.validity import Validity
from laurel.credentials.services.issuers import issuer_for, issuer_of
from laurel.learning.queries import find_enrollment
from laurel.quizzes.queries import describe_exam_facts
from laurel.settings import Settings
from laurel.storefront.facts import exam_rows, facts_of
from laurel.web.access import PUBLIC, SIGNED_IN, my_id, policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session

bp = Blueprint("storefront", __name__)
PAGE_SIZE = 12
MAX_WORDS = 100


def blueprints(settings: Settings) -> list[Blueprint]:
    return [bp]


@dataclass(frozen=True)
class CardView:
    """What `cards.course_card` shows."""

    name: str
    mark: str
    level: int | bool
    hours: int
    price: str
    summary: str
    href: str
    hue: int


def price_text(course: CourseCard, prices: dict[UUID, int]) -> str:
    """`Free`, `$195`, or `Coming soon`."""
    if course.status is CourseStatus.COMING_SOON:
        return "Coming soon"
    amount = prices.get(course.id)
    if amount is None:
        return ""
    return format_money(amount, "usd") if amount else "Free"


def card_views(session: Session, ids: Collection[UUID]) -> list[CardView]:
    """Cards of the courses, with their prices; two queries for any number."""
    cards = catalog.list_course_cards(session, ids)
    prices = list_prices(session, [card.id for card in cards], currency="usd")
    return [
        CardView(
            name=card.title,
            mark=card.mark,
            level=card.level or False,
            hours=card.hours,
            price=price_text(card, prices),
            summary=card.outcome,
            href=f"/courses/{card.slug}",
            hue=card.badge_hue,
        )
        for card in cards
    ]


@bp.get("/")
@policy(GET=PUBLIC)
def home_page() -> ResponseReturnValue:
    session = current_session()
    ids = paginate(session, catalog.select_course_ids(), number=1, size=6).rows
    return render_template(
        "storefront/home_page.html",
        courses=card_views(session, ids),
        articles=list_published_articles(session, limit=3, now=database_now(session)),
    )


@bp.get("/courses")
@policy(GET=PUBLIC)
def course_list_page() -> ResponseReturnValue:
    session = current_session()
    words, category, level = (
        request.args.get("q", "")[:MAX_WORDS],
        request.args.get("category", "")[:MAX_WORDS],
        request.args.get("level", ""),
    )
    number = int(level) if level in {"0", "1", "2", "3", "4", "5"} else None
    found: Page[UUID] = paginate(session, catalog.select_course_ids(words=words, category=category, level=number), size=PAGE_SIZE)
    return render_template(
        "storefront/course_list_page.html",
        page=found,
        courses=card_views(session, found.rows),
        categories=catalog.list_categories(session),
        words=words,
        category=category,
        level=level if number is not None else "",
    )


@bp.get("/courses/<slug>")
@policy(GET=PUBLIC)
def course_page(slug: str) -> ResponseReturnValue:
    session = current_session()
    course = catalog.get_course_by_slug(session, slug)
    prices = list_prices(session, [course.id], currency="usd")
    exam = describe_exam_facts(session, course.exam_quiz_id) if course.exam_quiz_id else None
    achievement = find_achievement_of_course(session, course.id)
    validity = achievement.validity if achievement else Validity()
    house = issuer_of(current_app.extensions["laurel_settings"])
    following = catalog.find_course(session, course.content.next_slug) if course.content.next_slug else None
    return render_template(
        "storefront/course_page.html",
        course=course,
        content=course.content,
        updated_on=date.fromisoformat(course.content.updated_on),
        outline=catalog.get_outline(session, course.id),
        price=price_text(course, prices),
        facts=facts_of(course, exam, validity, price_text(course, prices)),
        exam=exam,
        exam_rows=exam_rows(exam, course.content, validity, find_paths(session, course.id).words),
        blueprint_rows=[(title, f"{count} questions") for title, count in exam.blueprint] if exam else [],
        achievement=achievement,
        issuer_name=issuer_for(session, house, achievement.organization_id if achievement else None).name,
        following=card_views(session, [following.id]) if following else [],
        is_for_sale=is_for_sale(course.status),
        via=request.args.get("via", "")[:MAX_WORDS],
    )


@bp.get("/courses/<slug>/standing")
@policy(GET=SIGNED_IN)
def course_standing(slug: str) -> ResponseReturnValue:
    """For the script of the course page, which is the same for everybody: where to go on, for who has the course already."""
    session = current_session()
    course = catalog.get_course_by_slug(session, slug)
    enrollment = find_enrollment(session, learner_id=my_id(), course_id=course.id)
    if enrollment is None or not has_entitlement(session, my_id(), course.id):
        return {"label": None, "href": None}
    if enrollment.completed_at is not None and find_credential_of(session, my_id(), course.id) is not None:
        return {"label": "See your certificate", "href": url_for("credentials.certificate_of_course", course_slug=slug)}
    return {"label": "Go on learning", "href": url_for("learning.course_page", course_slug=slug)}


@bp.get("/courses/<slug>/preview/<lesson_slug>")
@policy(GET=PUBLIC)
def preview_page(slug: str, lesson_slug: str) -> ResponseReturnValue:
    session = current_session()
    course = catalog.get_course_by_slug(session, slug)
    lesson = catalog.get_outline(session, course.id).get_lesson(lesson_slug)
    if not lesson.is_preview:
        abort(404)
    return render_template("storefront/preview_page.html", course=course, lesson=lesson, html=catalog.get_lesson_html(session, lesson.id))


@bp.get("/help")
@policy(GET=PUBLIC)
def help_page() -> ResponseReturnValue:
    return render_template("storefront/help_page.html")


@bp.get("/terms")
@policy(GET=PUBLIC)
def terms_page() -> ResponseReturnValue:
    return render_template("storefront/terms_page.html")


@bp.get("/privacy")
@policy(GET=PUBLIC)
def privacy_page() -> ResponseReturnValue:
    return render_template("storefront/privacy_page.html")


@bp.get("/refunds")
@policy(GET=PUBLIC)
def refunds_page() -> ResponseReturnValue:
    return render_template("storefront/refunds_page.html")


@bp.get("/contact")
@policy(GET=PUBLIC)
def contact_page() -> ResponseReturnValue:
    settings: Settings = current_app.extensions["laurel_settings"]
    return render_template("storefront/contact_page.html", name=settings.issuer_name, email=settings.issuer_email)


@bp.get("/favicon.ico")
@policy(GET=PUBLIC)
def favicon() -> ResponseReturnValue:
    """Where browsers look on pages that name no icon: the payment page, a PDF, a JSON file."""
    return redirect(url_for("static", filename="img/laurel.svg"))


@bp.get("/robots.txt")
@policy(GET=PUBLIC)
def robots() -> ResponseReturnValue:
    closed = ("/account", "/attempts/", "/backoffice", "/go/", "/learn", "/login", "/orders", "/register", "/studio")
    return "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in closed), {"Content-Type": "text/plain; charset=utf-8"}
