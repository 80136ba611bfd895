"""Changes of name: a person's own, and those that wait for staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.errors import NotFoundError
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion, NameChange, RenamedCredential
from laurel.credentials.rules.name_changes import OPEN, NameChangeState
from laurel.credentials.rules.verdicts import CredentialState


def list_correctable(session: Session, holder_id: UUID, *, now: datetime) -> list[tuple[Credential, AchievementVersion]]:
    """A person's certificates that a new name comes onto: those that were neither revoked nor have expired, the latest first."""
    ends_at = CredentialVersion.valid_until
    rows = session.execute(
        select(Credential, AchievementVersion)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .outerjoin(CredentialVersion, and_(CredentialVersion.credential_id == Credential.id, CredentialVersion.n == Credential.current_n))
        .where(Credential.holder_id == holder_id, Credential.state != CredentialState.REVOKED, or_(ends_at.is_(None), ends_at > now))
        .order_by(Credential.awarded_at.desc(), Credential.id)
    )
    return [(row[0], row[1]) for row in rows]


def lock_change(session: Session, change_id: UUID) -> NameChange:
    """The change, locked until the transaction ends; raises NotFoundError."""
    statement = select(NameChange).where(NameChange.id == change_id).with_for_update(key_share=True)
    found = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFoundError("There is no such change of name.")
    return found


def lock_change_of(session: Session, person_id: UUID, change_id: UUID) -> NameChange:
    """The person's own change, locked; somebody else's does not exist for them."""
    mine = select(NameChange).where(NameChange.id == change_id, NameChange.person_id == person_id)
    locking = mine.with_for_update(key_share=True)
    found = session.scalars(locking, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFoundError("There is no such change of name.")
    return found


def find_latest_change(session: Session, person_id: UUID) -> NameChange | None:
    """What became of the person's last request."""
    return session.scalars(select(NameChange).filter_by(person_id=person_id).order_by(NameChange.asked_at.desc()).limit(1)).one_or_none()


def find_last_applied(session: Session, person_id: UUID) -> NameChange | None:
    """The last change that came onto the certificates, whatever was asked for since; it may have been taken back."""
    applied = select(NameChange).where(NameChange.person_id == person_id, NameChange.applied_at.is_not(None))
    return session.scalars(applied.order_by(NameChange.applied_at.desc()).limit(1)).one_or_none()


def has_open_change(session: Session, person_id: UUID) -> bool:
    return session.scalar(select(NameChange.id).where(NameChange.person_id == person_id, NameChange.state.in_(OPEN)).limit(1)) is not None


def was_changed_unasked(session: Session, person_id: UUID) -> bool:
    """Whether the person has had a new name without staff before, on whichever certificates: that happens once."""
    automatic = select(NameChange.id).where(NameChange.person_id == person_id, NameChange.is_automatic)
    return session.scalar(automatic.limit(1)) is not None


def holds_certificate(session: Session, person_id: UUID) -> bool:
    """Whether the person has any certificate, however it stands: from the first one on their name is no longer theirs alone to set."""
    return session.scalar(select(Credential.id).where(Credential.holder_id == person_id).limit(1)) is not None


def list_names_on(session: Session, person_id: UUID) -> list[str]:
    """The names that stand on a person's certificates, former ones left out: more than one where staff entered or corrected another."""
    mine = select(Credential.holder_name).where(Credential.holder_id == person_id, Credential.former_name_since.is_(None))
    return list(session.scalars(mine.distinct().order_by(Credential.holder_name)))


def list_named(session: Session, person_id: UUID, name: str) -> list[Credential]:
    """A person's certificates that carry this name, however they stand."""
    return list(session.scalars(select(Credential).filter_by(holder_id=person_id, holder_name=name).order_by(Credential.id)))


def list_renamed(session: Session, change_id: UUID) -> list[tuple[RenamedCredential, Credential, CredentialVersion | None]]:
    """What a change corrected, each with its certificate and that one's current document."""
    rows = session.execute(
        select(RenamedCredential, Credential, CredentialVersion)
        .join(Credential, Credential.id == RenamedCredential.credential_id)
        .outerjoin(CredentialVersion, and_(CredentialVersion.credential_id == Credential.id, CredentialVersion.n == Credential.current_n))
        .where(RenamedCredential.change_id == change_id)
        .order_by(RenamedCredential.credential_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def select_changes(state: NameChangeState) -> Select[NameChange, User]:
    """Changes in one state with their persons for staff; those that wait begin with the one that waits longest."""
    order = NameChange.asked_at if state is NameChangeState.WAITING else NameChange.asked_at.desc()
    return (
        select(NameChange, User).join(User, User.id == NameChange.person_id).where(NameChange.state == state).order_by(order, NameChange.id)
    )


def get_change(session: Session, change_id: UUID) -> tuple[NameChange, User]:
    """The change with its person; raises NotFoundError."""
    statement = select(NameChange, User).join(User, User.id == NameChange.person_id).where(NameChange.id == change_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError("There is no such change of name.")
    return row[0], row[1]
