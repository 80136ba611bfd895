"""Acts on a certificate whose process is killed, by `kill -9`, between any two of their steps: all of it happened, or nothing (F15)."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.bus import deliver
from laurel.core.db import Database
from laurel.core.events import Delivery, DeliveryStatus
from laurel.credentials.gateway import KeyPair
from laurel.credentials.keypair_gateway import LocalSigner
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, StatusEntry
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.reinstating import reinstate
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.factories.renewals import make_holder
from tests.fakes import PlainVault

OPENING = "the key is opened"  # between what is wanted and the signature
STORING = ("INSERT INTO credential_versions", "INSERT INTO credential_events", "INSERT INTO deliveries", "COMMIT")
REVOKING = ("UPDATE status_entries", "INSERT INTO credential_events", "INSERT INTO deliveries", "COMMIT")
LATER = timedelta(minutes=5)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyVault(PlainVault):
    """Whoever opens a key in it is killed."""

    def open(self, pair: KeyPair) -> LocalSigner:
        die()
        return super().open(pair)


@dataclass(frozen=True)
class Case:
    """A certificate, what is done to it, and where that is killed. `places`: of each document afterwards, whether it is revoked."""

    make: Callable[[Session], Credential]
    act: Callable[[Session, UUID, PlainVault], object]
    deaths: tuple[str, ...]
    state: CredentialState
    places: list[bool]


def sign(session: Session, credential_id: UUID, vault: PlainVault) -> None:
    issue(session, credential_id, issuer=ISSUER, keys=vault, now=clock.now())


def rename(session: Session, credential_id: UUID, vault: PlainVault) -> None:
    facts = {"issuer": ISSUER, "keys": vault, "now": clock.now() + LATER}
    correct(session, credential_id, holder_name="Ada King", reason="Typo.", actor_id=None, **facts)  # type: ignore[arg-type]


def take_away(session: Session, credential_id: UUID, _vault: PlainVault) -> None:
    revoke(session, credential_id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())


def bring_back(session: Session, credential_id: UUID, vault: PlainVault) -> None:
    staff = session.get_one(Credential, credential_id).holder_id  # who does it does not matter here
    facts = {"issuer": ISSUER, "keys": vault, "now": clock.now() + LATER}
    reinstate(session, credential_id, reason="Mixed up.", actor_id=staff, **facts)  # type: ignore[arg-type]


def make_revoked(session: Session) -> Credential:
    credential = make_credential(session)
    take_away(session, credential.id, PlainVault())
    return credential


CASES = {
    "issue": Case(make_pending, sign, (OPENING, *STORING), CredentialState.ISSUED, [False]),
    "correct": Case(make_credential, rename, (OPENING, *STORING), CredentialState.ISSUED, [True, False]),
    "revoke": Case(make_credential, take_away, REVOKING, CredentialState.REVOKED, [True]),
    "revoke what is not signed": Case(make_pending, take_away, REVOKING[1:], CredentialState.REVOKED, []),
    "reinstate": Case(make_revoked, bring_back, (OPENING, *STORING), CredentialState.ISSUED, [True, False]),
}


def kill_before(database: Database, statement: str, *, commits_before: bool = False) -> PlainVault:
    """From now on this process dies before such a statement; `commits_before` is the known-bad way: half of it is kept."""
    if statement == OPENING:
        return DeadlyVault()

    @event.listens_for(database.engine, "before_cursor_execute")
    def look(conn: object, _cursor: object, text: str, *_rest: object) -> None:
        if text.startswith(statement):
            if commits_before:
                conn.connection.commit()  # type: ignore[attr-defined]
            die()

    @event.listens_for(database.engine, "commit")
    def commit(_conn: object) -> None:
        if statement == "COMMIT":
            die()

    return PlainVault()


def act_and_die(url: str, credential_id: UUID, case: Case, statement: str, *, commits_before: bool = False) -> None:
    database = Database(url)
    vault = kill_before(database, statement, commits_before=commits_before)
    with database.session(writes=True) as session:
        case.act(session, credential_id, vault)
        session.commit()


def kill(target: Callable[..., None], *args: object, **facts: object) -> None:
    process = multiprocessing.get_context("fork").Process(target=target, args=args, kwargs=facts)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def books(session: Session) -> dict[str, object]:
    """Everything that any of the acts changes."""
    return {
        "certificates": session.execute(
            select(Credential.state, Credential.current_n, Credential.holder_name, Credential.revoked_at)
        ).all(),
        "documents": session.execute(select(CredentialVersion.sha256, CredentialVersion.superseded_at)).all(),
        "places": session.execute(select(StatusEntry.position, StatusEntry.set_at)).all(),
        "history": session.scalars(select(CredentialEvent.hash).order_by(CredentialEvent.position)).all(),
        "owed": session.scalar(select(func.count()).select_from(Delivery)),
    }


def read(database: Database) -> dict[str, object]:
    with database.session(writes=False) as session:
        return books(session)


def begin(session: Session, case: Case) -> UUID:
    """The case's certificate, on a site that has a key and status lists."""
    make_credential(session)
    credential_id = case.make(session).id
    session.commit()
    return credential_id


@pytest.mark.parametrize("name", CASES)
def test_killed_anywhere_it_changes_nothing_and_done_again_it_is_done_once(
    app: Flask, database_url: str, database: Database, name: str
) -> None:
    case = CASES[name]
    with database.session(writes=True) as session:
        credential_id = begin(session, case)
    before = read(database)

    for statement in case.deaths:
        kill(act_and_die, database_url, credential_id, case, statement)
        assert read(database) == before, statement
    with database.session(writes=True) as session:
        case.act(session, credential_id, PlainVault())
        session.commit()

    with database.session(writes=False) as session:
        rows = select(StatusEntry.set_at).join(CredentialVersion, CredentialVersion.status_entry_id == StatusEntry.id)
        mine = rows.where(CredentialVersion.credential_id == credential_id).order_by(CredentialVersion.n)
        assert [at is not None for at in session.scalars(mine)] == case.places
        assert session.get_one(Credential, credential_id).state is case.state
    assert list(Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now() + LATER).differences()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_act_that_keeps_half_of_what_it_does_would_be_seen(app: Flask, database_url: str, database: Database) -> None:
    case = CASES["issue"]
    with database.session(writes=True) as session:
        credential_id = begin(session, case)
    before = read(database)

    kill(act_and_die, database_url, credential_id, case, "INSERT INTO credential_events", commits_before=True)

    assert read(database) != before
    assert list(Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now()).differences()) != []


def wait_for_signature(session: Session) -> UUID:
    return make_pending(session).id


def wait_for_renewal(session: Session) -> UUID:
    holder = make_holder(session)
    holder.begin()
    holder.hand_in(holder.start(), works=False)
    return holder.credential.id


def deliver_and_die(url: str, delivery_id: UUID) -> None:
    database = Database(url)
    kill_before(database, "INSERT INTO credential_events")
    deliver(partial(database.session, writes=True), delivery_id, clock=clock.now)


@pytest.mark.parametrize(
    ("wait", "handler"), [(wait_for_signature, "credentials.issue_credential"), (wait_for_renewal, "credentials.renew_credential")]
)
def test_a_job_that_is_killed_is_seen_and_done_once_when_its_lease_is_over(
    app: Flask, database_url: str, database: Database, wait: Callable[[Session], UUID], handler: str
) -> None:
    with database.session(writes=True) as session:
        wait(session)
        session.commit()
        due = select(Delivery).where(Delivery.handler == handler, Delivery.status == DeliveryStatus.DUE)
        delivery_id = session.scalars(due.order_by(Delivery.due_at.desc()).limit(1)).one().id
    made = select(func.count()).select_from(Credential), select(func.count()).select_from(CredentialVersion)
    with database.session(writes=False) as session:
        before = [session.scalar(count) or 0 for count in made]

    kill(deliver_and_die, database_url, delivery_id)
    with database.session(writes=False) as session:
        assert [session.scalar(count) for count in made] == before
        seen = session.get_one(Delivery, delivery_id)
        assert (seen.status, seen.tries, seen.leased_until is not None) == (DeliveryStatus.DUE, 1, True)
    for is_done in (True, False):
        assert deliver(partial(database.session, writes=True), delivery_id, clock=lambda: clock.now() + LATER) is is_done

    with database.session(writes=False) as session:
        assert sum(session.scalar(count) or 0 for count in made) == sum(before) + 1
