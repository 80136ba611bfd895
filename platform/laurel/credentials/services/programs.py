"""What an author decides about a program: its certificate's words, how long it holds, how it is renewed, and what holders may do."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials import queries
from laurel.credentials.events import ProgramChanged, RenewalTermsChanged
from laurel.credentials.models import Achievement, AchievementVersion
from laurel.credentials.queries.programs import lock_course, lock_program
from laurel.credentials.rules.programs import ProgramOptions, check_options
from laurel.credentials.rules.renewing import RenewalTerms, check_terms
from laurel.credentials.rules.words import CertificateWords
from laurel.credentials.services.achievements import add_version, define_achievement, facts_of


class ProgramChangedError(ConflictError):
    """Somebody else was faster."""

    message = "This was changed in the meantime. Look at it as it is now before you change it again."


def write_certificate(
    session: Session, course_id: UUID, words: CertificateWords, *, seen_n: int, actor_id: UUID, now: datetime
) -> AchievementVersion:
    """Let the course certify this from now on, as the next version or its first one. The same words again change nothing.

    `seen_n` is the version that was looked at, 0 being none. Raises InvalidInputError with the field, ProgramChangedError, NotFoundError.
    """
    slug = lock_course(session, course_id)
    lock_program(session, course_id)
    latest = queries.find_achievement_of_course(session, course_id)
    if latest is not None and latest.words == words:
        return latest
    found_n, language = (latest.n, latest.language) if latest is not None else (0, "en")
    if found_n != seen_n:
        raise ProgramChangedError
    made = define_achievement(session, course_id=course_id, slug=slug, language=language, now=now, **words.facts)
    if made.n == found_n:
        return made
    _take_over(session.get_one(Achievement, made.achievement_id), made.n, actor_id=actor_id, session=session, now=now)
    return made


def change_terms(session: Session, achievement_id: UUID, terms: RenewalTerms, *, seen: str, actor_id: UUID, now: datetime) -> RenewalTerms:
    """Let all certificates of the program be renewed by these terms from now on. The same terms again change nothing.

    `seen` is the stamp of those that were looked at. Raises InvalidInputError with the field, ProgramChangedError, NotFoundError.
    """
    wanted = check_terms(terms)
    achievement = _get_locked(session, achievement_id)
    present = achievement.renewal_terms
    if present == wanted:
        return wanted
    if present.stamp != seen:
        raise ProgramChangedError
    achievement.adopt(wanted)
    achievement.authored_at = achievement.authored_at or now
    publish(
        session,
        RenewalTermsChanged(
            occurred_at=now,
            achievement_id=achievement_id,
            window_days=wanted.window_days,
            grace_days=wanted.grace_days,
            includes_attempts=wanted.includes_attempts,
            by_exam=wanted.by_exam,
            points=wanted.points,
        ),
        actor_id=actor_id,
    )
    return wanted


def change_options(
    session: Session, achievement_id: UUID, options: ProgramOptions, *, seen_n: int, actor_id: UUID, now: datetime
) -> AchievementVersion:
    """Let certificates say and do this from now on, as the next version. The same options again change nothing.

    `seen_n` is the version that was looked at. Raises InvalidInputError for an alignment, ProgramChangedError, NotFoundError.
    """
    wanted = check_options(options).columns
    achievement = _get_locked(session, achievement_id)
    latest = queries.find_achievement_of_course(session, achievement.course_id)
    if latest is None:
        raise NotFoundError("There is no such credential.")
    if all(getattr(latest, name) == value for name, value in wanted.items()):
        return latest
    if latest.n != seen_n:
        raise ProgramChangedError
    facts = {**facts_of(latest), **wanted, "organization_id": latest.organization_id}
    made = add_version(session, achievement, facts, now=now)
    _take_over(achievement, made.n, actor_id=actor_id, session=session, now=now)
    return made


def import_certificate(session: Session, *, course_id: UUID, slug: str, now: datetime, **facts: Any) -> AchievementVersion | None:
    """What a course's file says of its certificate, as `define_achievement` takes it. None, and nothing is changed, where the studio has
    said something of it since: what an author wrote is never overwritten (docs/decisions/0029).
    """
    lock_course(session, course_id)
    program = lock_program(session, course_id)
    if program is not None and program.authored_at is not None:
        return None
    return define_achievement(session, course_id=course_id, slug=slug, now=now, **facts)


def _get_locked(session: Session, achievement_id: UUID) -> Achievement:
    locking = select(Achievement).filter_by(id=achievement_id).with_for_update().execution_options(populate_existing=True)
    achievement = session.scalars(locking).one_or_none()
    if achievement is None:
        raise NotFoundError("There is no such credential.")
    return achievement


def _take_over(achievement: Achievement, n: int, *, actor_id: UUID, session: Session, now: datetime) -> None:
    """From version `n` on it is the studio's, which is written down."""
    achievement.authored_at = achievement.authored_at or now
    publish(session, ProgramChanged(occurred_at=now, achievement_id=achievement.id, n=n), actor_id=actor_id)
