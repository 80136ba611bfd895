"""Activities that holders enter to renew their certificates, and the points of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.errors import NotFoundError
from laurel.credentials.models import Achievement, AchievementVersion, Credential, CredentialVersion, PointActivity
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.queries.renewing import has_renewal, map_renewals
from laurel.credentials.rules.points import ALIVE, HUNDREDTHS, ActivityFacts, ActivityState, Tally, fold_title
from laurel.credentials.rules.renewing import Renewal
from laurel.credentials.rules.verdicts import CredentialState


@dataclass(frozen=True, slots=True)
class Book:
    """Where a certificate stands with its renewal, and its points."""

    renewal: Renewal
    tally: Tally


def get_book(session: Session, record: CredentialRecord, *, now: datetime) -> Book:
    """Of one certificate."""
    renewal = map_renewals(session, [record], now=now)[record.credential.id]
    sums = select(PointActivity.state, func.sum(PointActivity.hundredths)).where(PointActivity.credential_id == record.credential.id)
    found = {row[0]: int(row[1]) for row in session.execute(sums.group_by(PointActivity.state))}
    return Book(renewal, Tally.of(renewal.paths.points, found))


def select_activities_of(credential_id: UUID) -> Select[PointActivity]:
    """The activities of one certificate, the latest first."""
    mine = select(PointActivity).where(PointActivity.credential_id == credential_id)
    return mine.order_by(PointActivity.happened_on.desc(), PointActivity.id.desc())


def get_activity_of(session: Session, credential_id: UUID, activity_id: UUID) -> PointActivity:
    """One activity of this certificate; raises NotFoundError."""
    statement = select(PointActivity).filter_by(id=activity_id, credential_id=credential_id)
    found = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFoundError("There is no such activity.")
    return found


def get_activity(session: Session, activity_id: UUID) -> PointActivity:
    """The activity, whosever it is; raises NotFoundError."""
    found = session.get(PointActivity, activity_id, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such activity.")
    return found


def list_activities(session: Session, credential_id: UUID, state: ActivityState) -> Sequence[PointActivity]:
    """Those of one certificate in one state, as they are now."""
    found = select(PointActivity).filter_by(credential_id=credential_id, state=state).order_by(PointActivity.id)
    return session.scalars(found, execution_options={"populate_existing": True}).all()


def count_waiting(session: Session, credential_id: UUID) -> int:
    """How many of this certificate wait for staff."""
    waiting = select(func.count()).select_from(PointActivity).filter_by(credential_id=credential_id, state=ActivityState.WAITING)
    return session.scalar(waiting) or 0


def has_same(session: Session, credential_id: UUID, facts: ActivityFacts, *, but: UUID | None = None) -> bool:
    """Whether the same title, provider and day stand there already, and are not refused or withdrawn."""
    same = select(PointActivity.id).filter_by(
        credential_id=credential_id, title=facts.title, provider=facts.provider, happened_on=facts.happened_on
    )
    if but is not None:
        same = same.where(PointActivity.id != but)
    return session.scalar(same.where(PointActivity.state.in_(ALIVE)).limit(1)) is not None


def list_same_elsewhere(session: Session, activity: PointActivity, holder_id: UUID) -> list[tuple[PointActivity, Credential, str]]:
    """What else the holder has entered of the same day and, however it is spelled, the same title, with its certificate and program."""
    rows = session.execute(
        select(PointActivity, Credential, AchievementVersion.name)
        .join(Credential, Credential.id == PointActivity.credential_id)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .where(Credential.holder_id == holder_id, PointActivity.id != activity.id, PointActivity.state.in_(ALIVE))
        .where(PointActivity.happened_on == activity.happened_on)
        .order_by(PointActivity.id)
    )
    return [(row[0], row[1], row[2]) for row in rows if fold_title(row[0].title) == fold_title(activity.title)]


def select_queue(state: ActivityState) -> Select[PointActivity, Credential, AchievementVersion, User]:
    """Activities in one state for staff. What waits begins with the oldest, and is of certificates that can still be renewed."""
    statement = (
        select(PointActivity, Credential, AchievementVersion, User)
        .join(Credential, Credential.id == PointActivity.credential_id)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(User, User.id == Credential.holder_id)
        .where(PointActivity.state == state)
    )
    if state is not ActivityState.WAITING:
        return statement.order_by(PointActivity.decided_at.desc(), PointActivity.id.desc())
    open_ones = statement.where(Credential.state == CredentialState.ISSUED, ~has_renewal())
    return open_ones.order_by(PointActivity.entered_at, PointActivity.id)


def list_complete(session: Session, *, now: datetime, after: UUID | None = None, limit: int = 100) -> Sequence[UUID]:
    """Certificates with all the points that they need and no renewal, near enough to their end that one may be due, by their ids."""
    needed, ends_at = Achievement.renewal_points, CredentialVersion.valid_until
    window_days = session.scalar(select(func.max(Achievement.renewal_window_days)).where(needed > 0))
    grace_days = session.scalar(select(func.max(Achievement.renewal_grace_days)).where(needed > 0))
    if window_days is None or grace_days is None:  # no program is renewed by points
        return []
    complete = (
        select(PointActivity.credential_id)
        .join(Credential, Credential.id == PointActivity.credential_id)
        .join(CredentialVersion, and_(CredentialVersion.credential_id == Credential.id, CredentialVersion.n == Credential.current_n))
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(PointActivity.state == ActivityState.APPROVED, Credential.state == CredentialState.ISSUED, needed > 0, ~has_renewal())
        .where(ends_at <= now + timedelta(days=window_days), ends_at > now - timedelta(days=grace_days))
        .group_by(PointActivity.credential_id, needed)
        .having(func.sum(PointActivity.hundredths) >= needed * HUNDREDTHS)
    )
    if after is not None:
        complete = complete.where(PointActivity.credential_id > after)
    return session.scalars(complete.order_by(PointActivity.credential_id).limit(limit)).all()
