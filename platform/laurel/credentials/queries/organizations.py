"""Finding the organizations that certify here, and what is awarded in their name."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from laurel.core.errors import NotFoundError
from laurel.credentials.models import Achievement, AchievementVersion
from laurel.credentials.models.organizations import Organization


def list_organizations(session: Session) -> Sequence[Organization]:
    """All of them, by name."""
    return session.scalars(select(Organization).order_by(Organization.name, Organization.id)).all()


def find_organization(session: Session, slug: str) -> Organization | None:
    return session.scalar(select(Organization).filter_by(slug=slug))


def get_organization(session: Session, organization_id: UUID) -> Organization:
    """Raises NotFoundError."""
    found = session.get(Organization, organization_id)
    if found is None:
        raise NotFoundError("There is no such organization.")
    return found


def get_logo(session: Session, slug: str) -> bytes:
    """The logo as PNG; raises NotFoundError."""
    found = session.scalar(select(Organization.logo).filter_by(slug=slug))
    if found is None:
        raise NotFoundError("There is no such logo.")
    return found


def list_awarded_by(session: Session, organization_id: UUID) -> Sequence[AchievementVersion]:
    """What is awarded in the organization's name at present, by name."""
    return session.scalars(_present().where(AchievementVersion.organization_id == organization_id).order_by(AchievementVersion.name)).all()


def list_awarded_by_others(session: Session, organization_id: UUID) -> Sequence[AchievementVersion]:
    """What is awarded at present in any other name."""
    others = _present().where(AchievementVersion.organization_id.is_distinct_from(organization_id))
    return session.scalars(others.order_by(AchievementVersion.name)).all()


def _present() -> Select[AchievementVersion]:
    newest = and_(Achievement.id == AchievementVersion.achievement_id, Achievement.latest_n == AchievementVersion.n)
    return select(AchievementVersion).join(Achievement, newest)
