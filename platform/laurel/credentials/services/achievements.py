"""Saying what can be earned in a course."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import markdown
from laurel.core.bus import publish
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.credentials import queries
from laurel.credentials.events import IssuerOfAchievementChanged
from laurel.credentials.models import Achievement, AchievementVersion
from laurel.credentials.queries.organizations import get_organization
from laurel.credentials.rules.programs import USUAL, ProgramOptions, check_options
from laurel.credentials.rules.renewing import RenewalTerms, check_terms
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.validity import Validity, check_not_over, check_validity
from laurel.credentials.rules.words import check_sizes

FACTS = ("name", "description", "criteria", "validity_months", "valid_until", "badge", "tags", "language", "code", *USUAL.columns)


def define_achievement(
    session: Session,
    *,
    course_id: UUID,
    slug: str,
    name: str,
    description: str,
    criteria: str,
    validity_months: int,
    badge: dict[str, Any],
    tags: Sequence[str] = (),
    language: str = "en",
    code: str = "",
    options: ProgramOptions | None = None,
    renewal: RenewalTerms | None = None,
    valid_until: date | None = None,
    now: datetime,
) -> AchievementVersion:
    """What the course's credential certifies from now on. Saying the same again changes nothing; anything else is version n+1.

    `criteria` is Markdown; `validity_months` 0 means for ever, or to the end of the day `valid_until`; `badge` is {"hue": 0-360,
    "level": 0-5}. `renewal` is no part of a version: it holds at once, for all certificates. None leaves it, or the options, as is.
    """
    facts: dict[str, Any] = {
        "name": sanitize_text(name),
        "description": sanitize_text(description),
        "criteria": sanitize_text(criteria),
        "validity_months": validity_months,
        "valid_until": valid_until,
        "badge": {"hue": int(badge["hue"]), "level": int(badge.get("level", 0))},
        "tags": [sanitize_text(tag) for tag in tags],
        "language": language,
        "code": sanitize_text(code),
    }
    _check(facts)
    achievement, latest = _find_or_make(session, course_id=course_id, slug=slug, renewal=renewal, now=now)
    facts |= _decided(options, latest)
    if latest is None or any(getattr(latest, key) != value for key, value in facts.items()):
        check_not_over(Validity(until=valid_until), now)
        latest = add_version(session, achievement, facts, now=now)
    return latest


def award_in_name_of(
    session: Session, achievement_id: UUID, organization_id: UUID | None, *, actor_id: UUID, now: datetime
) -> AchievementVersion:
    """Who issues the credential from now on, None being the house. It is the next version; what was awarded before stays as it is."""
    achievement = session.scalars(select(Achievement).filter_by(id=achievement_id).with_for_update()).one_or_none()
    latest = queries.find_achievement_of_course(session, achievement.course_id) if achievement is not None else None
    if achievement is None or latest is None:
        raise NotFoundError("There is no such achievement.")
    if organization_id is not None:
        get_organization(session, organization_id)
    if latest.organization_id == organization_id:
        return latest
    facts = facts_of(latest)
    made = add_version(session, achievement, {**facts, "organization_id": organization_id}, now=now)
    told = IssuerOfAchievementChanged(occurred_at=now, achievement_id=achievement.id, n=made.n, organization_id=organization_id)
    publish(session, told, actor_id=actor_id)
    return made


def facts_of(version: AchievementVersion) -> dict[str, Any]:
    """What the next version says unless something is changed, but for in whose name it is awarded."""
    return {name: getattr(version, name) for name in FACTS}


def add_version(session: Session, achievement: Achievement, facts: dict[str, Any], *, now: datetime) -> AchievementVersion:
    """The next version of an achievement that is locked."""
    achievement.latest_n += 1
    version = AchievementVersion(
        achievement_id=achievement.id,
        slug=achievement.slug,
        n=achievement.latest_n,
        criteria_html=markdown.render(facts["criteria"]),
        created_at=now,
        **facts,
    )
    session.add(version)
    session.flush()
    return version


def _decided(options: ProgramOptions | None, latest: AchievementVersion | None) -> dict[str, Any]:
    """In whose name it is awarded, and the options: those that were said, else those that hold, else the usual ones."""
    if latest is None:
        return check_options(options or USUAL).columns
    kept = {name: getattr(latest, name) for name in USUAL.columns}
    return {**kept, **(check_options(options).columns if options else {}), "organization_id": latest.organization_id}


def _check(facts: dict[str, Any]) -> None:
    for field in ("name", "description", "criteria"):
        if not facts[field]:
            raise InvalidInputError(f"An achievement needs its {field}.", field=field)
    check_sizes(facts)
    check_validity(Validity(months=facts["validity_months"], until=facts["valid_until"]))


def _find_or_make(
    session: Session, *, course_id: UUID, slug: str, renewal: RenewalTerms | None, now: datetime
) -> tuple[Achievement, AchievementVersion | None]:
    """The achievement of the course, locked and renewed by these terms from now on, if there are any; with its latest version."""
    locking = select(Achievement).filter_by(course_id=course_id).with_for_update().execution_options(populate_existing=True)
    found = session.scalars(locking).one_or_none()
    if found is None:
        found = Achievement(course_id=course_id, slug=slug, created_at=now)
        session.add(found)
        session.flush()
    if renewal is not None:
        found.adopt(check_terms(renewal))
    return found, queries.find_achievement_of_course(session, course_id)
