"""Going through all credentials, entries of the history and status lists, a page at a time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from laurel.commerce.models import RenewalFee, RenewalPermit
from laurel.credentials.models import (
    AchievementVersion,
    BulkJob,
    BulkRow,
    Credential,
    CredentialEvent,
    CredentialVersion,
    FeeRenewal,
    IssuerKey,
    PointActivity,
    PointRenewal,
    StatusEntry,
    StatusList,
)
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.auditing_chain import map_erased_links, map_told
from laurel.credentials.rules.auditing_chain import Told
from laurel.credentials.rules.bulk import BulkKind, RowState
from laurel.credentials.rules.history import HistoryKind
from laurel.learning.models import Enrollment
from laurel.quizzes.models import Attempt, ExamRound

Version = tuple[CredentialVersion, IssuerKey, StatusEntry, StatusList]


@dataclass(frozen=True, slots=True)
class Stored:
    """A credential and the rows that it rests on. `told`: what the history decided about it.

    `is_vouched_for`: a confirmed import names it. `renewed`: the credential that it renews, that one's end, and for which credential
    the attempt was made, the fee paid or the points collected; `gap_id`: which one it renewed, where that was erased and the link goes
    past it. `organization_slug`: in whose name it is awarded, empty for the house.
    """

    credential: Credential
    achievement: AchievementVersion
    organization_slug: str
    enrolled_id: UUID | None
    is_vouched_for: bool
    attempt: Attempt | None
    versions: Sequence[Version]
    told: Sequence[Told]
    renewed: tuple[Credential, datetime | None, UUID | None] | None
    gap_id: UUID | None
    fee: RenewalFee | None
    points: tuple[PointRenewal, int | None] | None
    """By how many points it was renewed, and those of the activities that are there."""


def list_ids(session: Session, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The next credentials in the order of their ids."""
    statement = select(Credential.id).order_by(Credential.id).limit(limit)
    return session.scalars(statement if after is None else statement.where(Credential.id > after)).all()


def list_stored(session: Session, ids: Sequence[UUID]) -> list[Stored]:
    """These credentials with all that they rest on; a few queries, however many they are."""
    versions, told = _list_versions(session, ids), map_told(session, ids)
    rows = session.execute(_stored().where(Credential.id.in_(ids)).order_by(Credential.id)).all()
    gaps = map_erased_links(session, [row[0] for row in rows if row[4] is not None and row[6] != row[4].id])
    return [
        Stored(
            credential=row[0],
            achievement=row[7],
            organization_slug=row[8] or "",
            enrolled_id=row[1],
            is_vouched_for=row[3],
            attempt=row[2],
            versions=versions[row[0].id],
            told=told[row[0].id],
            renewed=(row[4], row[5], row[6]) if row[4] is not None else None,
            gap_id=gaps.get(row[0].id),
            fee=row[9],
            points=(row[10], int(row[11]) if row[11] is not None else None) if row[10] is not None else None,
        )
        for row in rows
    ]


def _stored() -> Select[*tuple[Any, ...]]:
    named = select(BulkRow.id).join(BulkJob, BulkJob.id == BulkRow.job_id)
    named = named.where(BulkRow.credential_id == Credential.id, BulkRow.state == RowState.DONE, BulkJob.kind == BulkKind.ISSUE)
    vouched = named.correlate(Credential).exists()
    old, present, round_ = aliased(Credential), aliased(CredentialVersion), ExamRound
    sat = (round_.learner_id == Attempt.learner_id) & (round_.quiz_id == Attempt.quiz_id) & (round_.number == Attempt.round_number)
    counted = select(PointActivity).where(PointActivity.renewal_id == Credential.id).correlate(Credential)
    about = counted.with_only_columns(PointActivity.credential_id).limit(1).scalar_subquery()
    bound = counted.with_only_columns(func.sum(PointActivity.hundredths)).scalar_subquery()
    meant = func.coalesce(round_.opened_for, RenewalPermit.about_id, about)
    earned = (Credential, Enrollment.learner_id, Attempt, vouched, old, present.valid_until, meant)
    return (
        select(*earned, AchievementVersion, Organization.slug, RenewalFee, PointRenewal, bound)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .outerjoin(Organization, Organization.id == AchievementVersion.organization_id)
        .outerjoin(Enrollment, Enrollment.id == Credential.enrollment_id)
        .outerjoin(Attempt, Attempt.id == Credential.attempt_id)
        .outerjoin(round_, sat)
        .outerjoin(FeeRenewal, FeeRenewal.credential_id == Credential.id)
        .outerjoin(RenewalFee, (RenewalFee.order_line_id == FeeRenewal.order_line_id) & RenewalFee.used_at.is_not(None))
        .outerjoin(PointRenewal, PointRenewal.credential_id == Credential.id)
        .outerjoin(RenewalPermit, RenewalPermit.id == RenewalFee.permit_id)
        .outerjoin(old, old.id == Credential.renewed_from_id)
        .outerjoin(present, (present.credential_id == old.id) & (present.n == old.current_n))
    )


def list_shared_entries(session: Session, entries: Sequence[UUID]) -> set[UUID]:
    """Those of these entries that more than one credential has."""
    statement = select(CredentialVersion.status_entry_id).where(CredentialVersion.status_entry_id.in_(entries))
    grouped = statement.group_by(CredentialVersion.status_entry_id).having(func.count(CredentialVersion.credential_id.distinct()) > 1)
    return set(session.scalars(grouped))


def list_unset_orphans(session: Session) -> list[tuple[int, int]]:
    """(list number, position) of entries that no document has and that are not set: one whose document was erased must be."""
    has_document = exists().where(CredentialVersion.status_entry_id == StatusEntry.id)
    rows = session.execute(
        select(StatusList.number, StatusEntry.position)
        .join(StatusList, StatusList.id == StatusEntry.list_id)
        .where(StatusEntry.set_at.is_(None), ~has_document)
        .order_by(StatusList.number, StatusEntry.position)
    )
    return [(row[0], row[1]) for row in rows]


def list_vanished(session: Session) -> Sequence[UUID]:
    """Credentials that the history speaks of, that are not there and were not erased."""
    is_there = exists().where(Credential.id == CredentialEvent.credential_id)
    was_erased = exists().where(ErasedCredential.credential_id == CredentialEvent.credential_id)
    named = select(CredentialEvent.credential_id).where(CredentialEvent.credential_id.is_not(None), ~is_there, ~was_erased)
    return [found for found in session.scalars(named.distinct()) if found is not None]


def list_unfounded_erasures(session: Session) -> Sequence[UUID]:
    """Credentials that are said to be erased, and are still there, or of whose erasure the history knows nothing."""
    is_there = exists().where(Credential.id == ErasedCredential.credential_id)
    recorded = exists().where(CredentialEvent.credential_id == ErasedCredential.credential_id, CredentialEvent.kind == HistoryKind.ERASED)
    return session.scalars(select(ErasedCredential.credential_id).where(or_(is_there, ~recorded))).all()


def list_published_lists(session: Session, dids: Sequence[str]) -> list[tuple[StatusList, IssuerKey]]:
    """The status lists with the keys that signed them."""
    rows = session.execute(
        select(StatusList, IssuerKey)
        .join(IssuerKey, IssuerKey.id == StatusList.key_id)
        .where(StatusList.did.in_(dids))
        .order_by(StatusList.number)
    )
    return [(row[0], row[1]) for row in rows]


def _list_versions(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Version]]:
    rows = session.execute(
        select(CredentialVersion, IssuerKey, StatusEntry, StatusList)
        .join(IssuerKey, IssuerKey.id == CredentialVersion.key_id)
        .join(StatusEntry, StatusEntry.id == CredentialVersion.status_entry_id)
        .join(StatusList, StatusList.id == StatusEntry.list_id)
        .where(CredentialVersion.credential_id.in_(ids))
        .order_by(CredentialVersion.credential_id, CredentialVersion.n)
    )
    found: dict[UUID, list[Version]] = defaultdict(list)
    for row in rows:
        found[row[0].credential_id].append((row[0], row[1], row[2], row[3]))
    return found
