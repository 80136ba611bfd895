"""Reinstating many that were revoked by mistake: the dry run looks at each as whoever reinstates one does, and so does each row again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.dates import day
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import BulkJob, BulkRow, Credential
from laurel.credentials.queries import bulk as queries
from laurel.credentials.queries import get_credential
from laurel.credentials.queries.reinstating import find_rival
from laurel.credentials.rules.bulk import MAX_REINSTATED, BulkKind, BulkState, RowState
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.notes import check_note
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.bulk import OWN, Verdict, add_job, add_rows, list_missing, show_certificate, verdict_of
from laurel.credentials.services.reinstating import reinstate, why_not

COUNTS = "It is not revoked: it counts already."
ANEW = "It was revoked by somebody else since. Look at it by itself."


def get_revocation(session: Session, job_id: UUID) -> BulkJob:
    """The job whose revocations shall be taken back; raises NotFoundError if it is none that has revoked anything."""
    job = queries.get_job(session, job_id)
    if job.kind is not BulkKind.REVOKE or not queries.count_rows(session, job_id)[RowState.DONE]:
        raise NotFoundError("There is no such job that has revoked certificates.")
    if job.state in {BulkState.RUNNING, BulkState.PAUSED}:
        raise ConflictError("This job still revokes. Stop it first.")
    return job


def judge(
    session: Session, *, numbers: Sequence[str] = (), revocation: BulkJob | None = None, actor_id: UUID, now: datetime
) -> list[dict[str, Any]]:
    """What a dry run says of each: those of these numbers, and all that the job `revocation` revoked. Only reads, some queries for each."""
    named = queries.list_named(session, numbers, revocation.id if revocation is not None else None)
    missing = set(numbers) - {credential.number for credential, _holder, _name in named}
    if not named and not missing:
        raise InvalidInputError("Nothing is left of what this job revoked.")
    if len(named) + len(missing) > MAX_REINSTATED:
        raise InvalidInputError(
            f"At most {MAX_REINSTATED:,} are reinstated at once. Give their numbers, and do it in parts.", field="numbers"
        )
    rows, ready = [], defaultdict[UUID, dict[UUID, int]](dict)
    for n, (credential, holder, name) in enumerate(named, start=1):
        undone = revocation if credential.number not in numbers else None  # whoever names it means it, whoever revoked it
        verdict = _verdict(session, credential, undone, actor_id=actor_id, now=now)
        if verdict[0] is RowState.READY:
            verdict = _beside(session, credential, ready[holder.id], now=now) or verdict
        if verdict[0] is RowState.READY:
            ready[holder.id][credential.id] = n
        rows.append({**show_certificate(n, credential, holder, name), **verdict_of(verdict)})
    return rows + list_missing(session, missing, after=len(rows))


def draft_reinstatement(
    session: Session, rows: Sequence[dict[str, Any]], *, key: str, title: str, reason: str, actor_id: UUID, now: datetime
) -> BulkJob:
    """The dry run of what `judge` has said, nothing reinstated. The same `key` again is the same job."""
    terms = {"reason": check_note(reason, field="reason")}
    job = add_job(session, BulkKind.REINSTATE, key=key, title=title, terms=terms, actor_id=actor_id, now=now)
    if job is None:
        return queries.get_job_by_key(session, key)
    add_rows(session, job, rows)
    return job


def reinstate_row(session: Session, job: BulkJob, row: BulkRow, *, issuer: Issuer, keys: KeyVault, now: datetime) -> None:
    """One row, by every rule of a single one. What was revoked again since the dry run is somebody else's decision."""
    if row.credential_id is None:
        raise NotFoundError("There is no such certificate.")
    credential = get_credential(session, row.credential_id).credential
    if credential.holder_id == job.actor_id:
        raise ForbiddenError(OWN)
    if credential.state is not CredentialState.REVOKED:
        row.state, row.message = RowState.SKIPPED, "It was reinstated in the meantime."
        return
    if credential.revoked_at is not None and credential.revoked_at > job.created_at:
        raise ConflictError(ANEW)
    reinstate(session, credential.id, reason=job.terms["reason"], actor_id=job.actor_id, issuer=issuer, keys=keys, now=now)
    row.state, row.message = RowState.DONE, ""


def _verdict(session: Session, credential: Credential, revocation: BulkJob | None, *, actor_id: UUID, now: datetime) -> Verdict:
    if credential.holder_id == actor_id:
        return RowState.WRONG, OWN
    if credential.state is not CredentialState.REVOKED:
        return RowState.SKIPPED, COUNTS
    if revocation is not None and not _is_of(revocation, credential):
        return RowState.SKIPPED, ANEW
    obstacle = why_not(session, credential.id, now=now)
    return (RowState.WRONG, obstacle) if obstacle is not None else (RowState.READY, _former(credential))


def _beside(session: Session, credential: Credential, ready: Mapping[UUID, int], *, now: datetime) -> Verdict | None:
    """What is to be said of it because of a row before it; `ready`: its holder's certificates that will count by then, with their rows."""
    rival = find_rival(session, credential, ready, now=now) if ready else None
    if rival is None:
        return None
    which = f"No. {ready[rival.id]} of this list ({rival.number})"
    return RowState.WRONG, f"{which} is for the same holder and program, and only one of them can count: the first award."


def _is_of(revocation: BulkJob, credential: Credential) -> bool:
    """Whether it is this job that has revoked it, and nobody after it was reinstated."""
    begun, ended, at = revocation.confirmed_at, revocation.finished_at, credential.revoked_at
    return begun is not None and ended is not None and at is not None and begun <= at <= ended


def _former(credential: Credential) -> str:
    return f"Revoked on {day(credential.revoked_at)}: {credential.revocation_reason}." if credential.revoked_at else ""
