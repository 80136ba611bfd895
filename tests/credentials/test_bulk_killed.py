"""A bulk job whose process is killed, by `kill -9`, inside a batch and between two of them: every row is done once."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.mail import Mail
from laurel.credentials.models import BulkJob, BulkRow, Credential, CredentialEvent, CredentialVersion
from laurel.credentials.queries.bulk import count_rows
from laurel.credentials.rules.bulk import BulkState, RowState
from laurel.credentials.rules.bulk_table import ImportRow
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.history import find_break
from laurel.credentials.services.bulk import confirm, draft_import
from laurel.credentials.services.bulk_batches import Desk, run_job
from laurel.settings import Settings
from laurel.worker import Chores
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement
from tests.fakes import PlainVault

ROWS, BATCH = 12, 3


@pytest.fixture
def job_id(app: Flask, database: Database) -> UUID:
    """A confirmed import of twelve certificates."""
    with database.session(writes=True) as session:
        course, at = make_achievement(session).slug, clock.now() - timedelta(days=1)
        people = [make_user(session) for _ in range(ROWS)]
        rows = [
            ImportRow(n=n, email=person.email, name=person.name, course=course, awarded_at=at, error="")
            for n, person in enumerate(people, start=2)
        ]
        facts = {"title": "x", "duplicates": Duplicates.ALLOW, "tells_holder": True, "now": clock.now()}
        job = draft_import(session, rows, key="k", actor_id=make_user(session, roles=["admin"]).id, **facts)
        confirm(session, job.id, count=ROWS, actor_id=job.actor_id, now=clock.now())
        session.commit()
        return job.id


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work_until_killed(url: str, job_id: UUID, *, at_document: int, give_way: Callable[[], None]) -> None:
    """What the worker does, until the process kills itself: once so many documents are signed and not yet committed, or in `give_way`."""
    database, signed = Database(url), 0

    @contextmanager
    def transaction() -> Iterator[Session]:
        with database.session(writes=True) as session:
            yield session
            session.commit()

    @event.listens_for(database.engine, "after_cursor_execute")
    def count(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal signed
        signed += statement.startswith("INSERT INTO credential_versions")
        if signed == at_document:
            die()

    run_job(transaction, job_id, Desk(ISSUER, PlainVault()), give_way=give_way, size=BATCH)


def test_a_job_that_is_killed_again_and_again_issues_every_row_once(
    database_url: str, database: Database, job_id: UUID, settings: Settings, ports: Ports
) -> None:
    done = 0
    deaths: list[tuple[int, Callable[[], None]]] = [(5, lambda: None), (100, die), (2, lambda: None)]
    for at_document, give_way in deaths:
        facts = {"at_document": at_document, "give_way": give_way}
        worker = multiprocessing.get_context("fork").Process(target=work_until_killed, args=(database_url, job_id), kwargs=facts)
        worker.start()
        worker.join(60)
        assert worker.exitcode == -signal.SIGKILL
        with database.session(writes=False) as session:
            before, done = done, count_rows(session, job_id)[RowState.DONE]
            assert before <= done < ROWS
            assert session.scalar(select(func.count()).select_from(CredentialVersion)) == done

    chores = Chores(settings, database, ports)
    chores.run_bulk()
    chores.run_due()

    assert done > 0
    with database.session(writes=False) as session:
        assert session.get_one(BulkJob, job_id).state is BulkState.DONE
        assert len(set(session.scalars(select(BulkRow.credential_id)))) == ROWS
        for column in (
            Credential.number,
            Credential.holder_id,
            CredentialVersion.credential_id,
            CredentialVersion.status_entry_id,
            Mail.recipient,
        ):
            found = session.scalars(select(column)).all()
            assert len(found) == len(set(found)) == ROWS
        chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
        assert find_break((link.link, link.hash) for link in chain) is None
