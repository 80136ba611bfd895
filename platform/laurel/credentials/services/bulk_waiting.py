"""Rows of a running job whose issuer has no key that can be used: they wait, hold up no other, and go on by themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.credentials.gateway import ANYTHING, KeyVault, KeyVaultError
from laurel.credentials.models import BulkJob, BulkRow
from laurel.credentials.queries import bulk as queries
from laurel.credentials.rules.bulk import RowState
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.services.issuers import NoActiveKeyError, issuer_for, open_signatory

NO_KEY = (NoActiveKeyError, KeyVaultError)
"""What hinders one issuer, and nobody else."""
WHY = "Who would sign it has no signing key that can be used. It is tried again by itself once there is one."


def put_off(row: BulkRow) -> None:
    row.state, row.message = RowState.WAITING, WHY


def wake(session: Session, job_id: UUID, house: Issuer, keys: KeyVault, *, now: datetime) -> None:
    """Make ready again what waits for an issuer that can sign by now. What waits for another costs no further try."""
    if queries.lock_running_job(session, job_id) is None:
        return
    waiting = queries.select_waiting(job_id).subquery()
    for organization_id in queries.map_waiting(session, job_id):
        if _can_sign(session, issuer_for(session, house, organization_id), keys, now=now):
            theirs = select(waiting.c.id).where(waiting.c.organization_id.is_not_distinct_from(organization_id))
            session.execute(update(BulkRow).where(BulkRow.id.in_(theirs)).values(state=RowState.READY, message=""))


def say_waiting(session: Session, job: BulkJob, house: Issuer) -> str:
    """How many rows wait, and for whom, in a sentence for staff; empty if none does."""
    waiting = queries.map_waiting(session, job.id)
    if not waiting:
        return ""
    count, names = sum(waiting.values()), sorted(issuer_for(session, house, one).name for one in waiting)
    rows = "1 row waits" if count == 1 else f"{count:,} rows wait"
    return f"{rows} for a signing key of {' and '.join(names)}. See Signing keys in the back office; all others are done."


def _can_sign(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> bool:
    try:
        open_signatory(session, issuer, keys, now=now).signer.sign(ANYTHING)
    except NO_KEY:
        return False
    return True
