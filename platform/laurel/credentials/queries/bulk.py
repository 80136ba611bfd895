"""Finding bulk jobs, their rows, and what a row needs to know."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from laurel.accounts.models import User
from laurel.accounts.queries import owners_of
from laurel.catalog.models import Course
from laurel.core.errors import NotFoundError
from laurel.credentials.models import (
    Achievement,
    AchievementVersion,
    BulkJob,
    BulkRow,
    Credential,
    CredentialVersion,
    IssuerKey,
    NameChange,
)
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries import SignedCredential
from laurel.credentials.rules.bulk import MAX_ROWS, BulkState, RowState
from laurel.credentials.rules.duplicates import Held
from laurel.credentials.rules.erasure import number_sha256
from laurel.credentials.rules.name_changes import NameChangeState

Value = TypeVar("Value")
CHUNK = 500
"""Values in one IN list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationFilter:
    """Which credentials shall be revoked: of one achievement, awarded in [since, until), or of these numbers."""

    achievement_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    numbers: tuple[str, ...] = ()


def get_job(session: Session, job_id: UUID) -> BulkJob:
    """The job; raises NotFoundError."""
    found = session.get(BulkJob, job_id)
    if found is None:
        raise NotFoundError("There is no such job.")
    return found


def lock_job(session: Session, job_id: UUID) -> BulkJob:
    """The job as it is now, locked until the transaction ends; raises NotFoundError."""
    found = session.get(BulkJob, job_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such job.")
    return found


def lock_running_job(session: Session, job_id: UUID) -> BulkJob | None:
    """The job if it is running and nobody else is at it, locked until the transaction ends."""
    statement = select(BulkJob).where(BulkJob.id == job_id, BulkJob.state == BulkState.RUNNING)
    return session.scalar(statement.with_for_update(skip_locked=True))


def find_job_by_key(session: Session, key: str) -> BulkJob | None:
    """What was made of the same form before."""
    return session.scalar(select(BulkJob).filter_by(key=key))


def get_job_by_key(session: Session, key: str) -> BulkJob:
    """The same; raises NoResultFound."""
    return session.scalars(select(BulkJob).filter_by(key=key)).one()


def list_running_jobs(session: Session) -> list[UUID]:
    """Jobs with something left to do, the oldest confirmation first."""
    return list(session.scalars(select(BulkJob.id).filter_by(state=BulkState.RUNNING).order_by(BulkJob.confirmed_at, BulkJob.id)))


def select_jobs() -> Select[BulkJob, str]:
    """All jobs with the name of who made them, the latest first."""
    return select(BulkJob, User.name).join(User, User.id == BulkJob.actor_id).order_by(BulkJob.created_at.desc(), BulkJob.id)


def select_rows(job_id: UUID, states: Collection[RowState] = ()) -> Select[BulkRow, str | None]:
    """A job's rows in their order, those in one of the `states` or all, each with the number of its credential if it has one."""
    statement = (
        select(BulkRow, Credential.number)
        .outerjoin(Credential, Credential.id == BulkRow.credential_id)
        .where(BulkRow.job_id == job_id)
        .order_by(BulkRow.n)
    )
    return statement.where(BulkRow.state.in_(states)) if states else statement


def count_rows(session: Session, job_id: UUID) -> dict[RowState, int]:
    """How many rows are in each state."""
    rows = session.execute(select(BulkRow.state, func.count()).where(BulkRow.job_id == job_id).group_by(BulkRow.state))
    found = {row[0]: row[1] for row in rows}
    return {state: found.get(state, 0) for state in RowState}


def list_next_rows(session: Session, job_id: UUID, *, limit: int) -> Sequence[BulkRow]:
    """The next rows to be done."""
    waiting = select(BulkRow).filter_by(job_id=job_id, state=RowState.READY).order_by(BulkRow.n).limit(limit)
    return session.scalars(waiting).all()


def map_people(session: Session, emails: Iterable[str]) -> dict[str, UUID]:
    """Person by address, be it their first or a further one, of those that have an account."""
    found: dict[str, UUID] = {}
    for some in _in_chunks(list(set(emails))):
        found |= {row[0]: row[1] for row in session.execute(owners_of(some))}
    return found


def lock_people(session: Session, emails: Collection[str], credential_ids: Collection[UUID]) -> list[UUID]:
    """The people with these addresses, and those who hold these, locked by their ids until the transaction ends."""
    if not emails and not credential_ids:
        return []
    owners, holders = owners_of(emails).subquery(), select(Credential.holder_id).where(Credential.id.in_(credential_ids))
    named = select(User.id).where(or_(User.id.in_(select(owners.c.id)), User.id.in_(holders))).order_by(User.id)
    return list(session.scalars(named.with_for_update(key_share=True)))


def lock_certificates(session: Session, holder_ids: Collection[UUID], credential_ids: Collection[UUID]) -> None:
    """Every certificate of these people, and these, locked by their ids until the transaction ends."""
    wanted = select(Credential.id).where(or_(Credential.holder_id.in_(holder_ids), Credential.id.in_(credential_ids)))
    session.execute(wanted.order_by(Credential.id).with_for_update(key_share=True))


def map_achievements(session: Session) -> dict[str, AchievementVersion]:
    """What can be earned at present, by the course's slug."""
    rows = session.execute(
        select(Course.slug, AchievementVersion)
        .join(Achievement, Achievement.course_id == Course.id)
        .join(AchievementVersion, (AchievementVersion.achievement_id == Achievement.id) & (AchievementVersion.n == Achievement.latest_n))
    )
    return {row[0]: row[1] for row in rows}


def list_signers(session: Session, job_id: UUID) -> list[str | None]:
    """The names of the organizations that would sign what an import has still to issue; None stands for the house."""
    signing = (
        select(Organization.name)
        .select_from(BulkRow)
        .join(Course, Course.slug == BulkRow.course)
        .join(Achievement, Achievement.course_id == Course.id)
        .join(AchievementVersion, (AchievementVersion.achievement_id == Achievement.id) & (AchievementVersion.n == Achievement.latest_n))
        .outerjoin(Organization, Organization.id == AchievementVersion.organization_id)
        .where(BulkRow.job_id == job_id, BulkRow.state == RowState.READY)
    )
    return list(session.scalars(signing.distinct()))


def list_named(session: Session, numbers: Sequence[str], job_id: UUID | None) -> list[tuple[Credential, User, str]]:
    """Credentials of these numbers, and those that this job did, with holder and achievement's name, the first award first."""
    statement = (
        select(Credential, User, AchievementVersion.name)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(User, User.id == Credential.holder_id)
    )
    done = select(BulkRow.credential_id).where(BulkRow.job_id == job_id, BulkRow.state == RowState.DONE)
    wanted = [Credential.number.in_(some) for some in _in_chunks(numbers)] + ([Credential.id.in_(done)] if job_id is not None else [])
    found = {row[0].id: (row[0], row[1], row[2]) for each in wanted for row in session.execute(statement.where(each))}
    return sorted(found.values(), key=lambda row: (row[0].awarded_at, row[0].id))


def list_erased_numbers(session: Session, numbers: Iterable[str]) -> set[str]:
    """Those of these numbers whose certificate was erased."""
    hashes = {number_sha256(number): number for number in numbers}
    found: set[str] = set()
    for some in _in_chunks(list(hashes)):
        known = select(ErasedCredential.number_sha256).where(ErasedCredential.number_sha256.in_(some))
        found |= {hashes[digest] for digest in session.scalars(known)}
    return found


def select_waiting(job_id: UUID) -> Select[UUID, UUID | None]:
    """(row, organization) of what waits for a key; None stands for the house. What is there already is signed by who signed it first."""
    awarded, present = aliased(AchievementVersion), aliased(AchievementVersion)
    signer = case((BulkRow.credential_id.is_not(None), awarded.organization_id), else_=present.organization_id)
    return (
        select(BulkRow.id, signer.label("organization_id"))
        .outerjoin(Credential, Credential.id == BulkRow.credential_id)
        .outerjoin(awarded, awarded.id == Credential.achievement_version_id)
        .outerjoin(Course, Course.slug == BulkRow.course)
        .outerjoin(Achievement, Achievement.course_id == Course.id)
        .outerjoin(present, (present.achievement_id == Achievement.id) & (present.n == Achievement.latest_n))
        .where(BulkRow.job_id == job_id, BulkRow.state == RowState.WAITING)
    )


def map_waiting(session: Session, job_id: UUID) -> dict[UUID | None, int]:
    """How many rows wait for a key of each organization."""
    waiting = select_waiting(job_id).subquery()
    rows = session.execute(select(waiting.c.organization_id, func.count()).group_by(waiting.c.organization_id))
    return {row[0]: row[1] for row in rows}


def list_held(session: Session, holder_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], list[Held]]:
    """(holder, achievement) → what these people hold or held, the first award first."""
    found: dict[tuple[UUID, UUID], list[Held]] = defaultdict(list)
    is_current = (CredentialVersion.credential_id == Credential.id) & (CredentialVersion.n == Credential.current_n)
    for some in _in_chunks(list(holder_ids)):
        rows = session.execute(
            select(Credential, AchievementVersion.achievement_id, CredentialVersion.valid_from, CredentialVersion.valid_until)
            .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
            .outerjoin(CredentialVersion, is_current)
            .where(Credential.holder_id.in_(some))
            .order_by(Credential.awarded_at, Credential.id)
        )
        for credential, achievement_id, valid_from, valid_until in rows:
            found[credential.holder_id, achievement_id].append(_held(credential, valid_from, valid_until))
    return found


def _held(credential: Credential, valid_from: datetime | None, valid_until: datetime | None) -> Held:
    return Held(
        credential_id=credential.id,
        number=credential.number,
        name=credential.holder_name,
        awarded_on=credential.awarded_at.date(),
        state=credential.state,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def list_renamed_people(session: Session, person_ids: Collection[UUID]) -> set[UUID]:
    """Those of these people who have changed their name here, or are about to."""
    found: set[UUID] = set()
    gone = (NameChangeState.REFUSED, NameChangeState.WITHDRAWN, NameChangeState.REVERSED)
    for some in _in_chunks(list(person_ids)):
        found |= set(session.scalars(select(NameChange.person_id).where(NameChange.person_id.in_(some), NameChange.state.not_in(gone))))
    return found


def count_corrections(session: Session, job_id: UUID) -> int:
    """How many rows of an import are about a certificate that is there already and shall be corrected."""
    ready = select(func.count()).select_from(BulkRow).where(BulkRow.job_id == job_id, BulkRow.state == RowState.READY)
    return session.scalar(ready.where(BulkRow.credential_id.is_not(None))) or 0


def list_issued(session: Session, job_id: UUID, *, after: int, limit: int) -> list[tuple[int, SignedCredential]]:
    """(line, certificate) of what an import issued or corrected, in the order of the file, from the line after `after` on."""
    rows = session.execute(
        select(BulkRow.n, Credential, AchievementVersion, CredentialVersion, IssuerKey, Organization)
        .join(Credential, Credential.id == BulkRow.credential_id)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .outerjoin(Organization, Organization.id == AchievementVersion.organization_id)
        .join(CredentialVersion, (CredentialVersion.credential_id == Credential.id) & (CredentialVersion.n == Credential.current_n))
        .join(IssuerKey, IssuerKey.id == CredentialVersion.key_id)
        .where(BulkRow.job_id == job_id, BulkRow.state == RowState.DONE, BulkRow.n > after)
        .order_by(BulkRow.n)
        .limit(limit)
    )
    return [(row[0], SignedCredential(row[1], row[2], row[3], row[4], row[5])) for row in rows]


def list_revocable(session: Session, wanted: RevocationFilter) -> list[tuple[Credential, User, str]]:
    """Credentials that fit the filter, with holder and achievement's name, pending and revoked ones too, one more than a job takes."""
    statement = (
        select(Credential, User, AchievementVersion.name)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(User, User.id == Credential.holder_id)
        .order_by(Credential.awarded_at, Credential.id)
        .limit(MAX_ROWS + 1)
    )
    if wanted.achievement_id is not None:
        statement = statement.where(AchievementVersion.achievement_id == wanted.achievement_id)
    if wanted.since is not None:
        statement = statement.where(Credential.awarded_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(Credential.awarded_at < wanted.until)
    if not wanted.numbers:
        return [(row[0], row[1], row[2]) for row in session.execute(statement)]
    chunks = (session.execute(statement.where(Credential.number.in_(some))) for some in _in_chunks(wanted.numbers))
    return [(row[0], row[1], row[2]) for rows in chunks for row in rows]


def _in_chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))
