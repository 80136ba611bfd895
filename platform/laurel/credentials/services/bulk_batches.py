"""Doing a confirmed bulk job. Each batch is one transaction: whoever is killed in the middle loses no row and repeats none.

An exam outranks all this. While a batch is written, nobody else writes to SQLite, and nobody else adds to the chain of events: so a
batch ends after a moment, and between two of them whoever waits has their turn.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import find_user_by_email
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError, UnavailableError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, BulkJob, BulkRow
from laurel.credentials.queries import bulk as queries
from laurel.credentials.queries import get_credential
from laurel.credentials.rules.bulk import BATCH, UNDONE, BulkKind, BulkState, RowState
from laurel.credentials.rules.duplicates import Act, Duplicates
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.bulk import OWN
from laurel.credentials.services.bulk_reinstating import reinstate_row
from laurel.credentials.services.bulk_waiting import NO_KEY, put_off, say_waiting, wake
from laurel.credentials.services.importing import Award, Terms, carry_out
from laurel.credentials.services.issuing import revoke

Transaction = Callable[[], AbstractContextManager[Session]]
OUTCOMES = {Act.ISSUE: RowState.DONE, Act.CORRECT: RowState.DONE, Act.LEAVE_OUT: RowState.SKIPPED, Act.REFUSE: RowState.FAILED}
HOLD_SECONDS = 0.03
"""After so long a batch takes no further row."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who issues, and with which keys."""

    issuer: Issuer
    keys: KeyVault


def run_job(transaction: Transaction, job_id: UUID, desk: Desk, *, give_way: Callable[[], None] = lambda: None, size: int = BATCH) -> None:
    """Batch after batch until nothing is left, somebody stopped it, or somebody else is at it. Between two of them it gives way.

    Rows whose issuer has no key wait for the next call. What hinders a whole batch is kept with the job for staff to read, and raised.
    """
    try:
        with transaction() as session:
            wake(session, job_id, desk.issuer, desk.keys, now=database_now(session))
        while True:
            with transaction() as session:
                if not advance(session, job_id, desk, now=database_now(session), size=size):
                    return
            give_way()
    except Exception as error:
        with transaction() as session:
            queries.lock_job(session, job_id).error = f"{type(error).__name__}: {error}"[:500]
        raise


def advance(session: Session, job_id: UUID, desk: Desk, *, now: datetime, size: int = BATCH) -> bool:
    """Do the next batch in the caller's transaction, `size` rows at most and one at least.

    False if there was nothing to do, or it is somebody else's at the moment.
    """
    ends_at = monotonic() + HOLD_SECONDS
    job = queries.lock_running_job(session, job_id)
    if job is None:
        return False
    rows = queries.list_next_rows(session, job_id, limit=size)
    achievements = queries.map_achievements(session) if rows and job.kind is BulkKind.ISSUE else {}
    _lock_all(session, rows)
    for row in rows:
        _try(session, job, row, achievements, desk, now=now)
        if monotonic() >= ends_at:
            break
    if any(row.state not in UNDONE for row in rows):
        job.moved_at = now
    job.error = "" if rows else say_waiting(session, job, desk.issuer)
    if not rows and not job.error:
        job.advance(BulkState.DONE)
        job.finished_at = job.moved_at = now
    return bool(rows)


def _lock_all(session: Session, rows: Sequence[BulkRow]) -> None:
    """Whomever and whatever the batch is about, in the order of `services.history`."""
    certificates = [row.credential_id for row in rows if row.credential_id]
    people = queries.lock_people(session, [row.email for row in rows if row.email], certificates)
    queries.lock_certificates(session, people, certificates)


def _try(session: Session, job: BulkJob, row: BulkRow, achievements: dict[str, AchievementVersion], desk: Desk, *, now: datetime) -> None:
    """One row by itself: what is wrong with it undoes nothing of the others."""
    try:
        with session.begin_nested():
            if job.kind is BulkKind.ISSUE:
                _issue(session, job, row, achievements, desk, now=now)
            elif job.kind is BulkKind.REVOKE:
                _revoke(session, job, row, now=now)
            else:
                reinstate_row(session, job, row, issuer=desk.issuer, keys=desk.keys, now=now)
    except NO_KEY:
        put_off(row)
    except UnavailableError:
        raise  # nothing is wrong with the row: the batch is tried again
    except (DomainError, UnsignableError) as error:
        row.state, row.message = RowState.FAILED, str(error)[:300]


def _issue(session: Session, job: BulkJob, row: BulkRow, achievements: dict[str, AchievementVersion], desk: Desk, *, now: datetime) -> None:
    holder, achievement = find_user_by_email(session, row.email), achievements.get(row.course)
    if holder is None or achievement is None or row.awarded_at is None:
        raise NotFoundError("The account or the course is not there any more.")
    award = Award(holder_id=holder.id, name=row.name, achievement=achievement, awarded_at=row.awarded_at)
    duplicates, tells_holder = Duplicates(job.terms["duplicates"]), bool(job.terms["tells_holder"])
    terms = Terms(duplicates=duplicates, tells_holder=tells_holder, actor_id=job.actor_id)
    if row.credential_id is not None and get_credential(session, row.credential_id).credential.state is CredentialState.REVOKED:
        raise ConflictError("What this row corrects was revoked in the meantime.")
    decision = carry_out(session, award, terms, issuer=desk.issuer, keys=desk.keys, now=now)
    row.state, row.message = OUTCOMES[decision.act], decision.message[:300]
    row.credential_id = decision.credential_id


def _revoke(session: Session, job: BulkJob, row: BulkRow, *, now: datetime) -> None:
    if row.credential_id is None:
        raise NotFoundError("There is no such certificate.")
    credential = get_credential(session, row.credential_id).credential
    if credential.holder_id == job.actor_id:  # who confirms may be another than who made the list
        raise ForbiddenError(OWN)
    if credential.state is CredentialState.REVOKED:
        row.state, row.message = RowState.SKIPPED, "It was revoked in the meantime."
        return
    revoke(
        session,
        row.credential_id,
        reason=RevocationReason(job.terms["reason"]),
        note=job.terms["note"],
        actor_id=job.actor_id,
        now=now,
        tells_holder=bool(job.terms["tells_holder"]),
    )
    row.state = RowState.DONE
