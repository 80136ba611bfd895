"""What authors and staff may change of what their courses certify."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.core.errors import NotFoundError
from laurel.credentials.models import Achievement, AchievementVersion


def select_programs(owner_id: UUID | None) -> Select[AchievementVersion]:
    """The latest version of what each course certifies, by name: of one author's courses, or of all (None)."""
    latest = (Achievement.id == AchievementVersion.achievement_id) & (Achievement.latest_n == AchievementVersion.n)
    statement = select(AchievementVersion).join(Achievement, latest).join(Course, Course.id == Achievement.course_id)
    if owner_id is not None:
        statement = statement.where(Course.owner_id == owner_id)
    return statement.order_by(AchievementVersion.name, AchievementVersion.id)


def get_program(session: Session, achievement_id: UUID, *, owner_id: UUID | None) -> AchievementVersion:
    """One of them. Somebody else's does not exist for an author."""
    found = session.scalar(select_programs(owner_id).where(AchievementVersion.achievement_id == achievement_id))
    if found is None:
        raise NotFoundError("There is no such credential.")
    return found
