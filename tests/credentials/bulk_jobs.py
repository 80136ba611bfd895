"""Bulk jobs for tests: drafted from lines of a file, confirmed, and done."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import BulkJob, BulkRow
from laurel.credentials.queries.bulk import count_rows
from laurel.credentials.rules.bulk import RowState
from laurel.credentials.rules.bulk_table import COLUMNS, read_table
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.services.bulk import confirm, draft_import
from laurel.credentials.services.bulk_batches import Desk, advance
from laurel.credentials.services.bulk_waiting import wake
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER
from tests.fakes import PlainVault

YESTERDAY = clock.now() - timedelta(days=1)


def desk() -> Desk:
    return Desk(ISSUER, PlainVault())


def draft(
    session: Session,
    *lines: str,
    actor: User | None = None,
    key: str = "key",
    duplicates: Duplicates = Duplicates.SKIP,
) -> BulkJob:
    data = "\n".join([",".join(COLUMNS), *lines]).encode()
    return draft_import(
        session,
        read_table(data, {column: column for column in COLUMNS}, duplicates),
        key=key,
        title="people.csv",
        duplicates=duplicates,
        tells_holder=True,
        actor_id=(actor or make_user(session, roles=["admin"])).id,
        now=clock.now(),
    )


def make_line(person: User, course: str, *, at: datetime = YESTERDAY, name: str = "") -> str:
    return f"{person.email},{name or person.name},{course},{at:%Y-%m-%d}"


def start(session: Session, job: BulkJob) -> UUID:
    confirm(session, job.id, count=count_rows(session, job.id)[RowState.READY], actor_id=job.actor_id, now=clock.now())
    return job.id


def finish(session: Session, job_id: UUID) -> None:
    wake(session, job_id, ISSUER, PlainVault(), now=clock.now())
    while advance(session, job_id, desk(), now=clock.now(), size=2):
        pass


def rows_of(session: Session, job: BulkJob) -> list[BulkRow]:
    return list(session.scalars(select(BulkRow).filter_by(job_id=job.id).order_by(BulkRow.n)))
