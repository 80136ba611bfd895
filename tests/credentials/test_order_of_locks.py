"""Whoever changes several certificates at once waits for the others in turn, and nobody waits in a circle (`services.history`)."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, IssuerKey, StatusEntry
from laurel.credentials.queries.keys import find_active_key, list_keys
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.key_acts import Verb
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import name_changes
from laurel.credentials.services.bulk import confirm
from laurel.credentials.services.bulk_batches import Desk, run_job
from laurel.credentials.services.bulk_reinstating import draft_reinstatement, judge
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.key_acts import agree, plan, propose
from laurel.credentials.services.keys import AlreadyStagedError
from laurel.credentials.services.status_lists import refresh_status_lists
from laurel.credentials.services.visibility import change_visibility
from tests.credentials.rotation import stage
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending, make_revocation_job
from tests.fakes import PlainVault

VAULT = PlainVault()
Act = Callable[[Session, UUID], None]
SOMEBODY_WAITS_FOR_ME = """
SELECT count(*) FROM pg_locks waiting JOIN pg_locks mine ON mine.transactionid = waiting.transactionid
WHERE NOT waiting.granted AND mine.granted AND mine.pid = pg_backend_pid()"""
EACH = 3


@dataclass
class Crowd:
    """People with certificates, and what is done to these at the same moment, each in a transaction of its own."""

    database: Database
    acts: list[Callable[[], None]] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A deadlock is found by PostgreSQL itself, and nobody else gives up."""
        with self.database.session(writes=True) as session:
            yield session
            session.commit()

    def will(self, act: Callable[[Session], object]) -> None:
        def run() -> None:
            with self.transaction() as session:
                act(session)

        self.acts.append(run)

    def insist(self, act: Callable[[Session], object]) -> None:
        """As the worker does: what was signed within this very second is signed anew by its next try."""

        def run() -> None:
            end = time.monotonic() + 20
            while True:
                try:
                    with self.transaction() as session:
                        act(session)
                except ConflictError as error:
                    if "a moment ago" not in error.message or time.monotonic() > end:
                        raise
                else:
                    return

        self.acts.append(run)

    def go(self) -> None:
        """All at once; an error in one fails the test."""
        ready = threading.Barrier(len(self.acts))

        def start(act: Callable[[], None]) -> None:
            ready.wait(timeout=20)
            act()

        with ThreadPoolExecutor(len(self.acts)) as pool:
            list(pool.map(start, self.acts))


def holder_of(session: Session, certificates: int = EACH) -> tuple[User, list[Credential]]:
    person = make_user(session)
    return person, [make_credential(session, learner=person) for _ in range(certificates)]


def plan_name_change(crowd: Crowd, session: Session, person: User, credentials: list[Credential]) -> None:
    confirmed = [credential.id for credential in credentials]
    change = name_changes.ask_for_name(session, person.id, new_name="Grace Hopper", words="", confirmed=confirmed, now=clock.now())
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
    crowd.insist(lambda db: name_changes.apply_name(db, change.id, issuer=ISSUER, keys=VAULT, now=clock.now()))


def plan_bulk_revocation(crowd: Crowd, session: Session, credentials: list[Credential], staff: User) -> None:
    job = make_revocation_job(session, *credentials, actor=staff)
    confirm(session, job.id, count=len(credentials), actor_id=staff.id, now=clock.now())
    crowd.acts.append(lambda: run_job(crowd.transaction, job.id, Desk(ISSUER, VAULT)))


def plan_single_acts(crowd: Crowd, session: Session, person: User, credentials: list[Credential]) -> None:
    """One is revoked, one corrected, one made private, one erased, and one more signed, each by somebody else."""
    first, second, third, fourth = (credential.id for credential in credentials)
    number = credentials[3].number
    waiting, why = make_pending(session, learner=person).id, RevocationReason.ISSUED_IN_ERROR
    crowd.will(lambda db: revoke(db, first, reason=why, note="Why.", actor_id=None, now=clock.now()))
    crowd.will(
        lambda db: correct(db, second, holder_name="Ada King", reason="Typo.", actor_id=None, issuer=ISSUER, keys=VAULT, now=clock.now())
    )
    crowd.will(lambda db: change_visibility(db, person.id, third, wanted=Visibility.PRIVATE, now=clock.now()))
    crowd.will(lambda db: erase_own(db, person.id, fourth, typed=number, now=clock.now()))
    crowd.will(lambda db: issue(db, waiting, issuer=ISSUER, keys=VAULT, now=clock.now()))


def check_books(session: Session) -> None:
    """The chain holds, and exactly what counts has a place on a status list that is not set."""
    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
    assert find_break((event.link, event.hash) for event in chain) is None
    unset = select(func.count()).select_from(StatusEntry).where(StatusEntry.set_at.is_(None))
    issued = select(func.count()).select_from(Credential).where(Credential.state == CredentialState.ISSUED)
    assert session.scalar(unset) == session.scalar(issued)
    current = select(func.count()).select_from(CredentialVersion).join(Credential, Credential.id == CredentialVersion.credential_id)
    current = current.where(CredentialVersion.n == Credential.current_n, CredentialVersion.superseded_at.is_(None))
    assert session.scalar(current) == session.scalar(select(func.count()).select_from(Credential).where(Credential.current_n > 0))


def test_name_change_bulk_revocation_and_single_acts_at_once_all_succeed(app: Flask, database: Database) -> None:
    crowd = Crowd(database)
    with database.session(writes=True) as session:
        staff, other = make_user(session, roles=["admin"]), make_user(session, roles=["admin"])
        people = [*(holder_of(session) for _ in range(3)), holder_of(session, EACH + 1)]
        session.commit()
        for person, credentials in people[:2]:
            plan_name_change(crowd, session, person, credentials)
        # the same certificates as the changes of name, the other way round
        plan_bulk_revocation(crowd, session, [*people[2][1], *reversed(people[0][1])], staff)
        plan_bulk_revocation(crowd, session, [*people[0][1][:1], *reversed(people[1][1])], other)
        plan_single_acts(crowd, session, *people[3])
        crowd.will(lambda db: refresh_status_lists(db, ISSUER, VAULT, now=clock.now()))
        session.commit()

    crowd.go()

    with database.session(writes=False) as session:
        check_books(session)
        assert all(session.get_one(Credential, one.id).state is CredentialState.REVOKED for _, some in people[:3] for one in some)


def plan_bulk_reinstatement(crowd: Crowd, session: Session, credentials: list[Credential], key: str) -> None:
    staff = make_user(session, roles=["admin"]).id
    rows = judge(session, numbers=[credential.number for credential in credentials], actor_id=staff, now=clock.now())
    job = draft_reinstatement(session, rows, key=key, title=key, reason="A mistake.", actor_id=staff, now=clock.now())
    confirm(session, job.id, count=len(credentials), actor_id=staff, now=clock.now())
    crowd.acts.append(lambda: run_job(crowd.transaction, job.id, Desk(ISSUER, VAULT)))


def test_two_who_reinstate_many_and_those_who_change_their_name_at_once_all_succeed(app: Flask, database: Database) -> None:
    crowd = Crowd(database)
    with database.session(writes=True) as session:
        with time_machine.travel(clock.now() - timedelta(days=1)):
            people = [holder_of(session) for _ in range(3)]
        wrongly = [one for _person, credentials in people for one in credentials[1:]]
        for one in wrongly:
            revoke(session, one.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
        for person, credentials in people[:2]:
            plan_name_change(crowd, session, person, credentials[:1])
        plan_bulk_reinstatement(crowd, session, wrongly[:4], "first")
        plan_bulk_reinstatement(crowd, session, wrongly[2:], "second")
        session.commit()

    crowd.go()

    with database.session(writes=False) as session:
        check_books(session)
        assert all(session.get_one(Credential, one.id).state is CredentialState.ISSUED for _, some in people for one in some)
        again = select(func.count()).select_from(CredentialEvent).where(CredentialEvent.kind == HistoryKind.REINSTATED)
        assert session.scalar(again) == len(wrongly)


def test_who_agrees_to_the_change_of_a_key_waits_in_turn_with_those_who_stage_others(app: Flask, database: Database) -> None:
    crowd = Crowd(database)
    with database.session(writes=True) as session:
        make_credential(session)
        staged, asker, second = stage(session), make_user(session, roles=["owner"]), make_user(session, roles=["owner"])
        act = plan(session, ISSUER, staged.id, Verb.ACTIVATE, reason="The yearly change.", now=clock.now())
        request = propose(session, ISSUER, act, actor_id=asker.id, now=clock.now())
        session.commit()

    crowd.will(lambda db: agree(db, ISSUER, VAULT, request.id, seen=request.fingerprint, person_id=second.id, now=clock.now()))

    def stage_another(db: Session) -> None:
        with suppress(AlreadyStagedError):  # before the first was activated, or after somebody else
            stage(db)

    for _ in range(EACH):
        crowd.will(stage_another)
    crowd.go()

    with database.session(writes=False) as session:
        check_books(session)
        assert find_active_key(session, ISSUER.did) == session.get_one(IssuerKey, staged.id)
        assert [key.state for key in list_keys(session, ISSUER.did)].count(KeyState.STAGED) <= 1


def state_and_places(session: Session, credential_id: UUID) -> tuple[CredentialState, list[bool]]:
    """Where it stands, and of each of its places on status lists whether it is set, the oldest first."""
    places = (
        select(StatusEntry.set_at)
        .join(CredentialVersion, CredentialVersion.status_entry_id == StatusEntry.id)
        .where(CredentialVersion.credential_id == credential_id)
        .order_by(CredentialVersion.n)
    )
    return session.get_one(Credential, credential_id).state, [set_at is not None for set_at in session.scalars(places)]


def test_what_is_revoked_while_four_correct_it_ends_revoked_with_every_place_set(app: Flask, database: Database) -> None:
    crowd = Crowd(database)
    with database.session(writes=True) as session:
        credential_id = make_credential(session).id
        session.commit()

    def rename(session: Session) -> None:
        with suppress(ConflictError):  # it was revoked first
            correct(
                session, credential_id, holder_name="Ada King", reason="Typo.", actor_id=None, issuer=ISSUER, keys=VAULT, now=clock.now()
            )

    for _ in range(4):
        crowd.will(rename)
    why = RevocationReason.ISSUED_IN_ERROR
    crowd.will(lambda db: revoke(db, credential_id, reason=why, note="Why.", actor_id=None, now=clock.now()))
    crowd.go()

    with database.session(writes=False) as session:
        state, places = state_and_places(session, credential_id)
        assert state is CredentialState.REVOKED
        assert places in ([True], [True, True])
        check_books(session)


def sign(session: Session, credential_id: UUID) -> None:
    issue(session, credential_id, issuer=ISSUER, keys=VAULT, now=clock.now())


def take_away(session: Session, credential_id: UUID) -> None:
    revoke(session, credential_id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())


def test_of_four_who_issue_and_two_who_revoke_at_once_it_is_revoked_and_one_document_comes_of_it_or_none(
    app: Flask, database: Database
) -> None:
    crowd = Crowd(database)
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.commit()

    for act in (take_away, sign, sign, take_away, sign, sign):
        crowd.will(partial(act, credential_id=credential_id))
    crowd.go()

    with database.session(writes=False) as session:
        state, places = state_and_places(session, credential_id)
        assert state is CredentialState.REVOKED
        assert places in ([], [True])
        check_books(session)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("first", "second", "places"), [(sign, take_away, [True]), (take_away, sign, [])])
def test_who_comes_while_the_other_is_at_it_waits_and_sees_what_they_did(
    app: Flask, database: Database, first: Act, second: Act, places: list[bool]
) -> None:
    """Issuing and revoking the same certificate, truly at the same time: the second begins before the first has committed."""
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.commit()
    crowd = Crowd(database)
    crowd.will(partial(second, credential_id=credential_id))
    with crowd.transaction() as session, ThreadPoolExecutor(1) as pool:
        first(session, credential_id)
        waiting = pool.submit(crowd.acts[0])
        while not session.execute(text(SOMEBODY_WAITS_FOR_ME)).scalar_one():
            assert not waiting.done()
        session.commit()
        waiting.result(20)

    with database.session(writes=False) as session:
        assert state_and_places(session, credential_id) == (CredentialState.REVOKED, places)
        check_books(session)
