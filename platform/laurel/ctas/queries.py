"""Finding calls to action, where they stand, and the facts that fill them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.catalog.queries import CourseCard, list_course_cards
from laurel.catalog.rules import is_for_sale
from laurel.commerce.queries import Offer, list_offers
from laurel.core.errors import NotFoundError
from laurel.core.money import Money
from laurel.credentials.models import Achievement, AchievementVersion
from laurel.ctas.models import Cta, Placement
from laurel.ctas.rules import CourseFacts, CtaStatus, list_problems
from laurel.quizzes.models import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.rules import QuizStatus

CURRENCY = "usd"
"""Articles are the same for everybody, so they name the price in one currency."""


def get_cta(session: Session, cta_id: UUID) -> Cta:
    """The call to action; raises NotFoundError."""
    cta = session.get(Cta, cta_id)
    if cta is None:
        raise NotFoundError("There is no such call to action.")
    return cta


def lock_cta(session: Session, cta_id: UUID) -> Cta:
    """The call to action, locked until the transaction ends; raises NotFoundError."""
    cta = session.scalar(select(Cta).where(Cta.id == cta_id).with_for_update().execution_options(populate_existing=True))
    if cta is None:
        raise NotFoundError("There is no such call to action.")
    return cta


def find_cta_by_slug(session: Session, slug: str) -> Cta | None:
    return session.scalar(select(Cta).filter_by(slug=slug))


def list_ctas_by_slug(session: Session, slugs: Collection[str]) -> dict[str, Cta]:
    """The calls to action of these names that exist, by name. One query, none for no names."""
    if not slugs:
        return {}
    return {cta.slug: cta for cta in session.scalars(select(Cta).where(Cta.slug.in_(slugs)))}


def list_cta_names(session: Session, cta_ids: Collection[UUID]) -> dict[UUID, str]:
    """What marketers call them, by id."""
    if not cta_ids:
        return {}
    return {row.id: row.name for row in session.execute(select(Cta.id, Cta.name).where(Cta.id.in_(cta_ids)))}


def list_active_ctas(session: Session, *, limit: int = 50) -> list[Cta]:
    """Those that can be placed, the newest first."""
    statement = select(Cta).where(Cta.status == CtaStatus.ACTIVE).order_by(Cta.created_at.desc(), Cta.id.desc())
    return list(session.scalars(statement.limit(limit)))


def select_ctas(*, status: CtaStatus | None = None, search: str = "") -> Select[Cta]:
    """The statement for a list of calls to action, the newest first."""
    statement = select(Cta).order_by(Cta.created_at.desc(), Cta.id.desc())
    if status is not None:
        statement = statement.where(Cta.status == status)
    if search:
        statement = statement.where(or_(*(column.icontains(search, autoescape=True) for column in (Cta.name, Cta.slug, Cta.heading))))
    return statement


@dataclass(frozen=True, slots=True)
class PlacedCta:
    """A call to action in one article, with its places by key."""

    cta: Cta
    places: Mapping[str, UUID]


def list_placed(session: Session, article_id: UUID, slugs: Collection[str]) -> dict[str, PlacedCta]:
    """The calls to action of these names with their places in the article, by name. One query, none for no names."""
    if not slugs:
        return {}
    at_home = and_(Placement.cta_id == Cta.id, Placement.article_id == article_id)
    found: dict[str, tuple[Cta, dict[str, UUID]]] = {}
    for cta, placement in session.execute(select(Cta, Placement).outerjoin(Placement, at_home).where(Cta.slug.in_(slugs))):
        _, places = found.setdefault(cta.slug, (cta, {}))
        if placement is not None:
            places[placement.key] = placement.id
    return {slug: PlacedCta(cta, places) for slug, (cta, places) in found.items()}


def list_placements_in(session: Session, article_id: UUID) -> list[Placement]:
    """Every place that the article has or had."""
    return list(session.scalars(select(Placement).filter_by(article_id=article_id).order_by(Placement.created_at, Placement.id)))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a placement leads, and all that a click on it is known by."""

    placement_id: UUID
    cta_id: UUID
    article_id: UUID
    course_id: UUID
    course_slug: str


def find_target(session: Session, placement_id: UUID) -> Target | None:
    """Where the placement leads. One query."""
    statement = (
        select(Placement.id, Placement.cta_id, Placement.article_id, Cta.course_id, Course.slug)
        .join(Cta, Cta.id == Placement.cta_id)
        .join(Course, Course.id == Cta.course_id)
        .where(Placement.id == placement_id)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else Target(*row)


def count_articles(session: Session, cta_ids: Collection[UUID]) -> dict[UUID, int]:
    """In how many articles each of these stands at present; one that stands nowhere is left out."""
    if not cta_ids:
        return {}
    statement = (
        select(Placement.cta_id, func.count(Placement.article_id.distinct()))
        .where(Placement.cta_id.in_(cta_ids), Placement.removed_at.is_(None))
        .group_by(Placement.cta_id)
    )
    return dict(session.execute(statement).all())


def list_articles_with(session: Session, cta_id: UUID, *, limit: int = 20) -> list[UUID]:
    """The articles in which it stands at present, the latest placed first."""
    statement = (
        select(Placement.article_id)
        .where(Placement.cta_id == cta_id, Placement.removed_at.is_(None))
        .group_by(Placement.article_id)
        .order_by(func.max(Placement.created_at).desc())
    )
    return list(session.scalars(statement.limit(limit)))


def has_placements(session: Session, cta_id: UUID) -> bool:
    """Whether it stands or ever stood in an article."""
    return session.scalar(select(Placement.id).filter_by(cta_id=cta_id).limit(1)) is not None


def list_cta_problems(session: Session, slugs: Collection[str]) -> dict[str, list[str]]:
    """For each call to action of these names that exists, why it must not go before readers; empty if nothing is wrong."""
    ctas = list_ctas_by_slug(session, slugs)
    facts = load_facts(session, {cta.course_id for cta in ctas.values()})
    return {slug: list_problems(cta.copy, cta.status, facts.get(cta.course_id)) for slug, cta in ctas.items()}


def load_facts(session: Session, course_ids: Collection[UUID]) -> dict[UUID, CourseFacts]:
    """What is true now of each of these courses that has a public page. The number of queries does not grow with them."""
    if not course_ids:
        return {}
    cards = list_course_cards(session, course_ids)
    offers = list_offers(session, course_ids)
    exams = _list_exams(session, [card.exam_quiz_id for card in cards if card.exam_quiz_id is not None])
    validity = _list_validity(session, course_ids)
    facts = (
        _facts(card, offers.get(card.id), exams.get(card.exam_quiz_id) if card.exam_quiz_id else None, validity.get(card.id))
        for card in cards
    )
    return {found.course_id: found for found in facts}


def _facts(card: CourseCard, offer: Offer | None, exam: Row[UUID, int | None, Decimal, int] | None, validity: int | None) -> CourseFacts:
    amount = offer.prices.get(CURRENCY) if offer is not None else None
    return CourseFacts(
        course_id=card.id,
        slug=card.slug,
        title=card.title,
        mark=card.mark,
        level=card.level,
        hours=card.hours,
        outcome=card.outcome,
        hue=card.badge_hue,
        is_offered=is_for_sale(card.status),
        price=Money(CURRENCY, amount) if amount is not None else None,
        questions=exam.questions if exam is not None else None,
        minutes=exam.minutes if exam is not None else None,
        pass_percent=exam.pass_percent if exam is not None else None,
        validity_months=validity,
    )


def _list_exams(session: Session, quiz_ids: Collection[UUID]) -> dict[UUID, Row[UUID, int | None, Decimal, int]]:
    """Minutes, pass mark and number of questions of the published exams among these, by quiz."""
    if not quiz_ids:
        return {}
    questions = select(func.coalesce(func.sum(QuizSlot.count), 0)).where(QuizSlot.quiz_version_id == QuizVersion.id).scalar_subquery()
    statement = (
        select(Quiz.id, QuizVersion.minutes, QuizVersion.pass_percent, questions.label("questions"))
        .join(QuizVersion, QuizVersion.id == Quiz.published_version_id)
        .where(Quiz.id.in_(quiz_ids), Quiz.status == QuizStatus.PUBLISHED)
    )
    return {row.id: row for row in session.execute(statement)}


def _list_validity(session: Session, course_ids: Collection[UUID]) -> dict[UUID, int]:
    """For how many months each course's credential is valid; 0 for one without expiry."""
    statement = (
        select(Achievement.course_id, AchievementVersion.validity_months)
        .join(AchievementVersion, and_(AchievementVersion.achievement_id == Achievement.id, AchievementVersion.n == Achievement.latest_n))
        .where(Achievement.course_id.in_(course_ids))
    )
    return dict(session.execute(statement).all())
