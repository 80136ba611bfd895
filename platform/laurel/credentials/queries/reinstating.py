"""What decides whether a revoked certificate may count again."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from laurel.credentials.models import Achievement, AchievementVersion, Credential, CredentialVersion, NameChange
from laurel.credentials.queries import is_held
from laurel.credentials.rules.name_changes import NameChangeState
from laurel.credentials.rules.reinstating import Revoked, Sibling, find_other
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState


def describe(session: Session, credential: Credential, last: CredentialVersion | None, *, now: datetime) -> Revoked:
    """The certificate as `rules.reinstating` looks at it; `last` is its latest document."""
    other = find_other(credential.id, list_family(session, credential, now=now))
    return Revoked(
        state=credential.state,
        ends_at=last.valid_until if last is not None else None,
        valid_from=last.valid_from if last is not None else None,
        is_held=is_held(session, credential),
        is_earned=_is_earned(session, credential),
        other=other.number if other is not None else None,
    )


def list_family(session: Session, credential: Credential, *, now: datetime) -> list[Sibling]:
    """All certificates that its holder has of its program, itself among them. Another renewal of the same one counts even when it is over:
    the database knows one at a time."""
    ends_at = CredentialVersion.valid_until
    program = select(AchievementVersion.achievement_id).where(AchievementVersion.id == credential.achievement_version_id)
    is_twin = Credential.renewed_from_id == credential.renewed_from_id if credential.renewed_from_id is not None else false()
    counts = and_(Credential.state != CredentialState.REVOKED, or_(ends_at.is_(None), ends_at > now, is_twin))
    rows = session.execute(
        select(Credential.id, Credential.number, Credential.renewed_from_id, counts)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .outerjoin(CredentialVersion, and_(CredentialVersion.credential_id == Credential.id, CredentialVersion.n == Credential.current_n))
        .where(Credential.holder_id == credential.holder_id, Achievement.id == program.scalar_subquery())
        .order_by(Credential.awarded_at, Credential.id)
    )
    return [Sibling(id=row[0], number=row[1], renewed_from_id=row[2], counts=bool(row[3])) for row in rows]


def find_rival(session: Session, credential: Credential, others: Collection[UUID], *, now: datetime) -> Sibling | None:
    """Which of these, if they counted, would stand in its way."""
    family = list_family(session, credential, now=now)
    return find_other(credential.id, [replace(one, counts=one.id in others) for one in family])


def find_new_name(session: Session, holder_id: UUID, *, since: datetime) -> NameChange | None:
    """The latest change of the holder's name that was applied after that moment: no certificate may bring the former one back."""
    applied = select(NameChange).where(NameChange.person_id == holder_id, NameChange.applied_at >= since)
    in_force = applied.where(NameChange.state.in_((NameChangeState.APPLIED, NameChangeState.REVERSING)))
    return session.scalars(in_force.order_by(NameChange.applied_at.desc()).limit(1)).one_or_none()


def _is_earned(session: Session, credential: Credential) -> bool:
    if credential.source is not CredentialSource.EXAM:  # what a fee renewed is held while that is away
        return True
    attempt = session.get(Attempt, credential.attempt_id) if credential.attempt_id is not None else None
    return attempt is not None and attempt.passed is True and attempt.is_counted and attempt.state is not AttemptState.VOIDED
