"""What an author decides about a program's credentials, besides what its course file says."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials import queries
from laurel.credentials.events import ProgramChanged
from laurel.credentials.models import Achievement, AchievementVersion
from laurel.credentials.rules.programs import ProgramOptions, check_options
from laurel.credentials.services.achievements import add_version, facts_of


class ProgramChangedError(ConflictError):
    """Somebody else was faster."""

    message = "This was changed in the meantime. Look at it as it is now before you change it again."


def change_options(
    session: Session, achievement_id: UUID, options: ProgramOptions, *, seen_n: int, actor_id: UUID, now: datetime
) -> AchievementVersion:
    """Let certificates say and do this from now on, as the next version. The same options again change nothing.

    `seen_n` is the version that was looked at. Raises InvalidInputError for an alignment, ProgramChangedError, NotFoundError.
    """
    wanted = check_options(options).columns
    achievement = session.scalars(select(Achievement).filter_by(id=achievement_id).with_for_update()).one_or_none()
    latest = queries.find_achievement_of_course(session, achievement.course_id) if achievement is not None else None
    if achievement is None or latest is None:
        raise NotFoundError("There is no such credential.")
    if all(getattr(latest, name) == value for name, value in wanted.items()):
        return latest
    if latest.n != seen_n:
        raise ProgramChangedError
    facts = {**facts_of(latest), **wanted, "organization_id": latest.organization_id}
    made = add_version(session, achievement, facts, now=now)
    publish(session, ProgramChanged(occurred_at=now, achievement_id=achievement.id, n=made.n), actor_id=actor_id)
    return made
