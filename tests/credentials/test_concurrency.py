"""Several at once, in threads with a transaction each, on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.core.events import EventRecord
from laurel.credentials import handlers, queries
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, IssuerKey, StatusEntry, StatusList
from laurel.credentials.rules.history import find_break
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.issuers import open_signatory
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.status_lists import reserve_entry
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_completion, make_credential, make_pending
from tests.fakes import PlainVault

THREADS = 8


def at_once(database: Database, work: Callable[[Session], None]) -> None:
    """Eight threads do the same work at the same moment, each in a transaction of its own; an error in one fails the test."""
    ready = threading.Barrier(THREADS)

    def run(_number: int) -> None:
        ready.wait(timeout=20)
        with database.session(writes=True) as session:
            work(session)
            session.commit()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))


def test_eight_deliveries_of_one_completion_make_one_credential(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        event = make_completion(session)
        session.commit()

    at_once(database, lambda session: handlers.award_credential(session, event))

    with database.session(writes=False) as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 1
        assert session.scalar(select(func.count()).select_from(EventRecord).filter_by(name="CredentialAwarded")) == 1


def test_eight_workers_sign_one_credential_once(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.commit()

    def sign(session: Session) -> None:
        issue(session, credential_id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    at_once(database, sign)

    with database.session(writes=False) as session:
        assert session.scalar(select(func.count()).select_from(CredentialVersion)) == 1
        assert session.scalar(select(func.count()).select_from(StatusEntry)) == 1
        assert session.scalar(select(func.count()).select_from(EventRecord).filter_by(name="CredentialIssued")) == 1


def test_eight_credentials_at_once_share_one_key_and_never_an_index(app: Flask, database: Database) -> None:
    waiting: list[UUID] = []
    with database.session(writes=True) as session:
        waiting.extend(make_pending(session, learner=make_user(session)).id for _ in range(THREADS))
        session.commit()
    lock = threading.Lock()

    def sign_next(session: Session) -> None:
        with lock:
            credential_id = waiting.pop()
        issue(session, credential_id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    at_once(database, sign_next)

    with database.session(writes=False) as session:
        chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
        assert session.scalar(select(func.count()).select_from(IssuerKey)) == 1
        assert session.scalar(select(func.count()).select_from(CredentialVersion)) == THREADS
        assert find_break((event.link, event.hash) for event in chain) is None
        assert len(chain) == THREADS + 1


def test_who_draws_the_same_index_at_the_same_moment_draws_again(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        signatory = open_signatory(session, ISSUER, PlainVault(), now=clock.now())
        reserve_entry(session, signatory, now=clock.now(), pick=lambda _n: 0)
        session.commit()

    def reserve(session: Session) -> None:
        tries = count()
        opened = open_signatory(session, ISSUER, PlainVault(), now=clock.now())
        reserve_entry(session, opened, now=clock.now(), pick=lambda n: 0 if n <= 2 else next(tries))

    at_once(database, reserve)

    with database.session(writes=False) as session:
        [first, _second] = queries.list_open_lists(session, ISSUER.did)
        taken = session.scalars(select(StatusEntry.position).filter_by(list_id=first.id).order_by(StatusEntry.position)).all()
        assert taken == list(range(THREADS + 1))
        assert session.scalar(select(func.count()).select_from(StatusList)) == 2


def rename(session: Session, credential_id: UUID, name: str) -> None:
    correct(session, credential_id, holder_name=name, reason="Typo.", actor_id=None, issuer=ISSUER, keys=PlainVault(), now=clock.now())


def test_eight_corrections_of_one_certificate_to_one_name_make_one_version(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        credential_id = make_credential(session).id
        session.commit()

    at_once(database, lambda session: rename(session, credential_id, "Ada King"))

    with database.session(writes=False) as session:
        versions = session.scalars(select(CredentialVersion).order_by(CredentialVersion.n)).all()
        assert [version.n for version in versions] == [1, 2]
        assert [version.superseded_at is None for version in versions] == [False, True]
        assert session.scalar(select(func.count()).select_from(EventRecord).filter_by(name="CredentialCorrected")) == 1


def test_eight_certificates_corrected_at_once_get_one_version_and_one_index_each(app: Flask, database: Database) -> None:
    waiting: list[UUID] = []
    with database.session(writes=True) as session:
        waiting.extend(make_credential(session, learner=make_user(session)).id for _ in range(THREADS))
        session.commit()
    lock = threading.Lock()

    def rename_next(session: Session) -> None:
        with lock:
            credential_id = waiting.pop()
        rename(session, credential_id, "Ada King")

    at_once(database, rename_next)

    with database.session(writes=False) as session:
        chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
        places = session.execute(select(StatusEntry.list_id, StatusEntry.position)).all()
        assert sorted(session.scalars(select(CredentialVersion.n))) == [1] * THREADS + [2] * THREADS
        assert len(set(places)) == 2 * THREADS
        assert session.scalar(select(func.count()).select_from(StatusEntry).where(StatusEntry.set_at.is_not(None))) == THREADS
        assert find_break((event.link, event.hash) for event in chain) is None
