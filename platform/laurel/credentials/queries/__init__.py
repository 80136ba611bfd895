"""Finding achievements, credentials, keys and status lists. Every question about a holder takes the holder."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from laurel.commerce.models import RenewalFee
from laurel.commerce.queries import withdrawn
from laurel.commerce.rules import EntitlementStatus
from laurel.core.errors import NotFoundError
from laurel.core.events import Delivery, DeliveryStatus, EventRecord
from laurel.credentials.events import CredentialAwarded
from laurel.credentials.models import (
    Achievement,
    AchievementVersion,
    Credential,
    CredentialEvent,
    CredentialVersion,
    FeeRenewal,
    IssuerKey,
    StatusEntry,
    StatusList,
)
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.erasure import missing
from laurel.credentials.rules.status_list import HALF_FULL
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState

CHAIN_LOCK = 5_140_825
"""The advisory lock under which the chain of events grows."""


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """A credential with its achievement and, once it is signed, its current document and that one's key.

    `organization` is the one in whose name it is awarded; None: the house.
    """

    credential: Credential
    achievement: AchievementVersion
    version: CredentialVersion | None
    key: IssuerKey | None
    organization: Organization | None


@dataclass(frozen=True, slots=True)
class SignedCredential:
    """A credential that has a signed document."""

    credential: Credential
    achievement: AchievementVersion
    version: CredentialVersion
    key: IssuerKey
    organization: Organization | None

    @property
    def record(self) -> CredentialRecord:
        return CredentialRecord(self.credential, self.achievement, self.version, self.key, self.organization)


def signed(record: CredentialRecord) -> SignedCredential | None:
    """The record if it is signed; None while it is pending."""
    if record.version is None or record.key is None:
        return None
    return SignedCredential(record.credential, record.achievement, record.version, record.key, record.organization)


def _records() -> Select[Credential, AchievementVersion, CredentialVersion, IssuerKey, Organization]:
    return (
        select(Credential, AchievementVersion, CredentialVersion, IssuerKey, Organization)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .outerjoin(Organization, Organization.id == AchievementVersion.organization_id)
        .outerjoin(CredentialVersion, and_(CredentialVersion.credential_id == Credential.id, CredentialVersion.n == Credential.current_n))
        .outerjoin(IssuerKey, IssuerKey.id == CredentialVersion.key_id)
    )


def record_of(row: Row[Credential, AchievementVersion, CredentialVersion, IssuerKey, Organization]) -> CredentialRecord:
    """A row of what `select_credentials_of` finds."""
    return CredentialRecord(row[0], row[1], row[2], row[3], row[4])


def get_credential(session: Session, credential_id: UUID) -> CredentialRecord:
    """The credential with its current document, one query; raises NotFoundError, or ErasedError."""
    row = session.execute(_records().where(Credential.id == credential_id)).one_or_none()
    if row is None:
        raise missing(session, credential_id)
    return record_of(row)


def find_credential_by_number(session: Session, number: str) -> CredentialRecord | None:
    """The credential of a number as it is printed (see `rules.numbers.parse_number`), one query."""
    row = session.execute(_records().where(Credential.number == number)).one_or_none()
    return record_of(row) if row is not None else None


def select_credentials_of(holder_id: UUID) -> Select[Credential, AchievementVersion, CredentialVersion, IssuerKey, Organization]:
    """A person's own credentials, the latest first; `record_of` reads a row."""
    return _records().where(Credential.holder_id == holder_id).order_by(Credential.awarded_at.desc(), Credential.id)


def list_signed(session: Session, credential_ids: Sequence[UUID]) -> list[SignedCredential]:
    """Those of them that are there and signed, in the given order."""
    place = {credential_id: n for n, credential_id in enumerate(credential_ids)}
    rows = session.execute(_records().where(Credential.id.in_(credential_ids)))
    found = [one for one in map(signed, map(record_of, rows)) if one is not None]
    return sorted(found, key=lambda one: place[one.credential.id])


def find_credential_of(session: Session, holder_id: UUID, course_id: UUID) -> CredentialRecord | None:
    """A person's latest credential of a course."""
    mine = (
        _records()
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(Credential.holder_id == holder_id, Achievement.course_id == course_id)
        .order_by(Credential.awarded_at.desc())
        .limit(1)
    )
    row = session.execute(mine).one_or_none()
    return record_of(row) if row is not None else None


def find_credential_of_attempt(session: Session, holder_id: UUID, attempt_id: UUID) -> Credential | None:
    """What a person earned by this attempt."""
    return session.scalar(select(Credential).filter_by(holder_id=holder_id, attempt_id=attempt_id))


def find_credential_for(session: Session, *, enrollment_id: UUID, attempt_id: UUID) -> Credential | None:
    """The credential that this enrollment or this attempt has already earned."""
    first = and_(Credential.enrollment_id == enrollment_id, Credential.renewed_from_id.is_(None))
    return session.scalars(select(Credential).where(or_(Credential.attempt_id == attempt_id, first)).limit(1)).one_or_none()


def lock_credential(session: Session, credential_id: UUID) -> Credential:
    """The credential as it is now, locked until the transaction ends; raises NotFoundError, or ErasedError."""
    statement = select(Credential).where(Credential.id == credential_id).with_for_update(key_share=True)
    locked = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if locked is None:
        raise missing(session, credential_id)
    return locked


def lock_credentials(session: Session, credential_ids: Collection[UUID]) -> list[Credential]:
    """Several as they are now, locked by their ids until the transaction ends: so two who want some of the same never wait in a circle."""
    return _lock_all(session, Credential.id.in_(credential_ids))


def lock_all_of(session: Session, holder_id: UUID) -> list[Credential]:
    """Every credential of a person as it is now, locked in the same order."""
    return _lock_all(session, Credential.holder_id == holder_id)


def _lock_all(session: Session, wanted: ColumnElement[bool]) -> list[Credential]:
    statement = select(Credential).where(wanted).order_by(Credential.id).with_for_update(key_share=True)
    return list(session.scalars(statement, execution_options={"populate_existing": True}))


def list_pending(session: Session, slug: str = "", *, after: UUID | None = None, limit: int = 100) -> list[UUID]:
    """Credentials that were awarded in the name of an organization, or of the house, and are not yet signed, in the order of their ids."""
    pending = _pending(slug).with_only_columns(Credential.id)
    if after is not None:
        pending = pending.where(Credential.id > after)
    return list(session.scalars(pending.order_by(Credential.id).limit(limit)))


def count_pending(session: Session, slug: str = "") -> int:
    """How many of them there are."""
    return session.scalar(_pending(slug).with_only_columns(func.count())) or 0


def _pending(slug: str) -> Select[Credential]:
    return (
        select(Credential)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .outerjoin(Organization, Organization.id == AchievementVersion.organization_id)
        .where(Credential.state == CredentialState.PENDING, Organization.slug == slug if slug else Organization.id.is_(None))
    )


def list_of_course(session: Session, holder_id: UUID, course_id: UUID, state: CredentialState) -> list[UUID]:
    """A person's credentials of a course in one state, as far as they earned them here: no payment stands behind an imported one."""
    statement = (
        select(Credential.id)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(Credential.holder_id == holder_id, Achievement.course_id == course_id, Credential.state == state)
        .where(Credential.enrollment_id.is_not(None))
    )
    return list(session.scalars(statement.order_by(Credential.awarded_at)))


def is_held(session: Session, credential: Credential) -> bool:
    """Whether it must not be signed at present: what the holder paid for the course, or for renewing, is away, or a bank is deciding."""
    found = select(is_money_away()).select_from(Credential).join(AchievementVersion).join(Achievement)
    return bool(session.scalar(found.where(Credential.id == credential.id)))


def is_money_away() -> ColumnElement[bool]:
    """The same, in a query that names the credential and its achievement."""
    has_fee = exists().where(
        FeeRenewal.credential_id == Credential.id,
        FeeRenewal.order_line_id == RenewalFee.order_line_id,
        RenewalFee.status == EntitlementStatus.ACTIVE,
    )
    lacks_course = and_(Credential.enrollment_id.is_not(None), withdrawn(Credential.holder_id, Achievement.course_id))
    return or_(and_(Credential.source == CredentialSource.FEE, ~has_fee), lacks_course)


def find_signing_trouble(session: Session, credential: Credential) -> str | None:
    """Why a pending credential is not signed yet: a hold, or the error of the delivery that should have done it."""
    if is_held(session, credential):
        return "The holder’s payment was taken back or is disputed. It is signed when access returns."
    rows = session.execute(
        select(EventRecord.facts, Delivery.error)
        .join(Delivery, Delivery.event_id == EventRecord.id)
        .where(EventRecord.name == CredentialAwarded.__name__, EventRecord.occurred_at == credential.awarded_at)
        .where(Delivery.status != DeliveryStatus.DONE)
    )
    return next((error for facts, error in rows if facts["credential_id"] == str(credential.id)), None)


def list_versions(session: Session, credential_id: UUID) -> list[tuple[CredentialVersion, IssuerKey, StatusEntry, StatusList]]:
    """Every signed document of a credential with its key and its place on a status list, the latest first."""
    rows = session.execute(
        select(CredentialVersion, IssuerKey, StatusEntry, StatusList)
        .join(IssuerKey, IssuerKey.id == CredentialVersion.key_id)
        .join(StatusEntry, StatusEntry.id == CredentialVersion.status_entry_id)
        .join(StatusList, StatusList.id == StatusEntry.list_id)
        .where(CredentialVersion.credential_id == credential_id)
        .order_by(CredentialVersion.n.desc())
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def get_version(session: Session, credential_id: UUID, n: int) -> CredentialVersion:
    """One signed document of a credential; raises NotFoundError."""
    found = session.scalar(select(CredentialVersion).filter_by(credential_id=credential_id, n=n))
    if found is None:
        raise NotFoundError("There is no such version of this certificate.")
    return found


def list_history(session: Session, credential_id: UUID) -> list[CredentialEvent]:
    """What happened to a credential, in order."""
    return list(session.scalars(select(CredentialEvent).filter_by(credential_id=credential_id).order_by(CredentialEvent.position)))


def find_last_link(session: Session) -> CredentialEvent | None:
    """The end of the chain."""
    return session.scalars(select(CredentialEvent).order_by(CredentialEvent.position.desc()).limit(1)).one_or_none()


def lock_chain(session: Session) -> None:
    """Hold the end of the chain until the transaction ends. SQLite has one writer at a time as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))


def find_achievement_of_course(session: Session, course_id: UUID) -> AchievementVersion | None:
    """What can be earned in a course at present."""
    return session.scalar(
        select(AchievementVersion)
        .join(Achievement, and_(Achievement.id == AchievementVersion.achievement_id, Achievement.latest_n == AchievementVersion.n))
        .where(Achievement.course_id == course_id)
    )


def get_achievement_version(session: Session, slug: str, n: int) -> AchievementVersion:
    """One version of an achievement, also one that is no longer awarded; raises NotFoundError."""
    found = session.scalar(select(AchievementVersion).filter_by(slug=slug, n=n))
    if found is None:
        raise NotFoundError("There is no such achievement.")
    return found


def find_credential(session: Session, credential_id: UUID) -> Credential | None:
    """The credential alone."""
    return session.get(Credential, credential_id)


def get_status_list(session: Session, number: int) -> StatusList:
    """The published list; raises NotFoundError."""
    found = session.scalar(select(StatusList).filter_by(number=number))
    if found is None:
        raise NotFoundError("There is no such status list.")
    return found


def list_open_lists(session: Session, did: str) -> list[StatusList]:
    """The lists that take new credentials."""
    return list(session.scalars(select(StatusList).filter_by(did=did, closed_at=None).order_by(StatusList.number)))


def list_status_lists(session: Session, did: str) -> list[StatusList]:
    """All lists of a DID."""
    return list(session.scalars(select(StatusList).filter_by(did=did).order_by(StatusList.number)))


def lock_status_lists(session: Session, did: str) -> list[StatusList]:
    """All lists of a DID as they are now, locked until the transaction ends. Hold the chain before: `services.history` says why."""
    statement = select(StatusList).filter_by(did=did).order_by(StatusList.number).with_for_update(key_share=True)
    return list(session.scalars(statement, execution_options={"populate_existing": True}))


def last_list_number(session: Session) -> int:
    return session.scalar(select(func.max(StatusList.number))) or 0


def is_half_full(session: Session, list_id: UUID) -> bool:
    """Whether so many of a list's indexes are taken that finding a free one by chance begins to need several tries."""
    taken = select(func.count()).select_from(StatusEntry).filter_by(list_id=list_id)
    return (session.scalar(taken) or 0) >= HALF_FULL


def list_set_positions(session: Session, list_id: UUID) -> Collection[int]:
    """The indexes whose credentials were revoked."""
    return session.scalars(select(StatusEntry.position).where(StatusEntry.list_id == list_id, StatusEntry.set_at.is_not(None))).all()
