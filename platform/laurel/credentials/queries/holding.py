"""What holders ask about their own certificates, and who may see a private one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from laurel.accounts.models import User
from laurel.core.errors import NotFoundError
from laurel.credentials.models import (
    AchievementVersion,
    Credential,
    CredentialVersion,
    ExpiryNotice,
    ShareLink,
)
from laurel.credentials.queries import CredentialRecord, get_credential
from laurel.credentials.rules.verdicts import CredentialState


def get_credential_of(session: Session, holder_id: UUID, credential_id: UUID) -> CredentialRecord:
    """The holder's credential with its current document. Somebody else's does not exist for them."""
    found = get_credential(session, credential_id)
    if found.credential.holder_id != holder_id:
        raise NotFoundError("There is no such certificate.")
    return found


def lock_credential_of(session: Session, holder_id: UUID, credential_id: UUID) -> Credential:
    """The holder's credential, locked until the transaction ends; raises NotFoundError."""
    mine = select(Credential).where(Credential.id == credential_id, Credential.holder_id == holder_id)
    locking = mine.with_for_update(key_share=True)
    found = session.scalars(locking, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFoundError("There is no such certificate.")
    return found


def find_share_link(session: Session, link_id: UUID) -> ShareLink | None:
    return session.get(ShareLink, link_id)


def list_share_links(session: Session, credential_id: UUID, *, now: datetime) -> list[ShareLink]:
    """The links that are still good, the latest first."""
    good = select(ShareLink).where(ShareLink.credential_id == credential_id, ShareLink.withdrawn_at.is_(None), ShareLink.ends_at > now)
    return list(session.scalars(good.order_by(ShareLink.made_at.desc(), ShareLink.id)))


def list_kin(session: Session, credential: Credential) -> list[Credential]:
    """The credential that this one renewed, and the one that renewed it unless it was revoked; signed ones only, the oldest first.

    Only in the same name: a link between two names would tell a former one. Its holder knows both: `list_kin_in_any_name`.
    """
    return list(session.scalars(_kin(credential).where(Credential.holder_name == credential.holder_name)))


def list_kin_in_any_name(session: Session, credential: Credential) -> list[Credential]:
    """The same for pages that nobody but its holder sees."""
    return list(session.scalars(_kin(credential)))


def _kin(credential: Credential) -> Select[Credential]:
    newer = and_(Credential.renewed_from_id == credential.id, Credential.state == CredentialState.ISSUED)
    kin = select(Credential).where(or_(Credential.id == credential.renewed_from_id, newer), Credential.state != CredentialState.PENDING)
    return kin.order_by(Credential.awarded_at)


@dataclass(frozen=True, slots=True)
class Ending:
    """A credential that ends soon, or has just ended, with whoever is to hear of it."""

    credential: Credential
    ends_at: datetime
    achievement: AchievementVersion
    holder: User


def list_ending(session: Session, days: int, *, after: datetime, until: datetime, limit: int) -> list[Ending]:
    """Credentials that end between the two moments, neither revoked nor renewed, of which the stage of `days` is not yet noted."""
    newer, ends_at = aliased(Credential), CredentialVersion.valid_until
    is_renewed = exists().where(newer.renewed_from_id == Credential.id, newer.state != CredentialState.REVOKED)
    noted = exists().where(ExpiryNotice.credential_id == Credential.id, ExpiryNotice.ends_at == ends_at, ExpiryNotice.days == days)
    rows = session.execute(
        select(Credential, ends_at, AchievementVersion, User)
        .join(CredentialVersion, and_(CredentialVersion.credential_id == Credential.id, CredentialVersion.n == Credential.current_n))
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(User, User.id == Credential.holder_id)
        .where(Credential.state == CredentialState.ISSUED, ends_at > after, ends_at <= until, ~is_renewed, ~noted)
        .order_by(ends_at, Credential.id)
        .limit(limit)
    )
    return [Ending(row[0], row[1], row[2], row[3]) for row in rows if row[1] is not None]
