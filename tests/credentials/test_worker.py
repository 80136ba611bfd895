from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.ids import new_id
from laurel.credentials import queries
from laurel.credentials.models import StatusList
from laurel.credentials.queries.keys import count_to_be_signed_again, find_active_key
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.issuers import ensure_key
from laurel.settings import Settings
from laurel.sweeping import Sweep, Sweeps
from laurel.worker import Chores
from tests.credentials.rotation import compromise, rotate
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.fakes import PlainVault


@pytest.fixture
def vault(ports: Ports) -> PlainVault:
    assert isinstance(ports.keys, PlainVault)
    return ports.keys


@pytest.fixture
def chores(app: Flask, settings: Settings, database: Database, ports: Ports) -> Chores:
    return Chores(settings, database, ports)


def test_the_worker_signs_what_the_deliveries_gave_up_on(chores: Chores, database: Database, vault: PlainVault) -> None:
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.commit()

    vault.lost = True
    assert chores.issue_pending() == 0
    vault.lost = False
    assert chores.issue_pending() == 1
    assert chores.issue_pending() == 0

    with database.session(writes=False) as session:
        assert queries.get_credential(session, credential_id).credential.state is CredentialState.ISSUED


def test_what_fails_at_the_front_of_a_sweep_holds_up_nothing_that_follows() -> None:
    ids = sorted(new_id() for _ in range(7))
    sweep, seen = Sweep("%s", hopeless=(OSError,)), []

    def work(one: UUID) -> bool:
        seen.append(one)
        if one in ids[:3]:
            raise ValueError
        return one != ids[4]

    assert sweep.run(lambda after: [one for one in ids if after is None or one > after][:2], work) == 3
    assert seen == ids
    assert not sweep.is_under_way


def test_a_sweep_that_had_no_time_left_is_gone_on_with_by_the_next() -> None:
    ids = sorted(new_id() for _ in range(3))
    sweep, seen = Sweep("%s", hopeless=(), stretch=timedelta(0)), []

    for _ in ids:
        assert sweep.run(lambda after: [one for one in ids if after is None or one > after], lambda one: not seen.append(one)) == 1
        assert sweep.is_under_way
    assert sweep.run(lambda after: [one for one in ids if after is None or one > after], lambda one: not seen.append(one)) == 0

    assert seen == ids
    assert not sweep.is_under_way


def test_what_stops_one_sweep_stops_no_other_and_who_had_no_time_comes_after_who_had_no_turn() -> None:
    ids = {name: sorted(new_id() for _ in range(2)) for name in "abc"}
    seen: list[UUID] = []

    def find_next(name: str, after: UUID | None) -> list[UUID]:
        return [one for one in ids[name] if after is None or one > after]

    def work(one: UUID) -> bool:
        seen.append(one)
        if one in ids["a"]:
            raise OSError
        return True

    sweeps = Sweeps("%s", hopeless=(OSError,), stretch=timedelta(0))
    sweeps.begin(["a", "b", "c"])
    sweeps.begin(["a", "b", "c"])
    assert [sweeps.go_on(find_next, work) for _ in range(7)] == [1, 1, 1, 1, 0, 0, 0]
    assert seen == [ids["a"][0], ids["b"][0], ids["c"][0], ids["b"][1], ids["c"][1]]


def test_where_all_would_fail_a_sweep_tries_one(
    chores: Chores, database: Database, vault: PlainVault, caplog: pytest.LogCaptureFixture
) -> None:
    with database.session(writes=True) as session:
        learner = make_user(session)
        for _ in range(3):
            make_pending(session, learner=learner)
        ensure_key(session, ISSUER, vault, now=clock.now())
        session.commit()
    vault.lost = True
    assert chores.issue_pending() == 0
    vault.lost = False

    assert caplog.text.count("could not be signed") == 1
    assert chores.issue_pending() == 3


def test_those_that_wait_are_found_page_by_page(session: Session) -> None:
    waiting = sorted(make_pending(session).id for _ in range(3))

    assert queries.list_pending(session, limit=2) == waiting[:2]
    assert queries.list_pending(session, after=waiting[1], limit=2) == waiting[2:]


def test_after_a_compromise_the_status_lists_come_first_and_certificates_bit_by_bit(
    app: Flask, settings: Settings, database: Database, ports: Ports
) -> None:
    with database.session(writes=True) as session:
        for _ in range(2):
            make_credential(session)
        stolen = find_active_key(session, ISSUER.did)
        assert stolen is not None
        compromise(session, stolen.fragment)
        rotate(session)
        session.commit()
    hurried = Chores(settings, database, ports, stretch=timedelta(0))

    hurried.look_after_credentials()

    with database.session(writes=False) as session:
        assert stolen.id not in set(session.scalars(select(StatusList.key_id)))
        assert count_to_be_signed_again(session, ISSUER.did, now=clock.now()) == 1
    hurried.look_after_credentials()
    with database.session(writes=False) as session:
        assert count_to_be_signed_again(session, ISSUER.did, now=clock.now()) == 0


def test_a_chore_of_the_hour_that_fails_stops_no_other(chores: Chores, database: Database) -> None:
    with database.session(writes=True) as session:
        credential_id = make_pending(session).id
        session.execute(text("ALTER TABLE browser_sessions RENAME TO gone"))
        session.commit()

    chores.look_after_the_rest()

    with database.session(writes=False) as session:
        assert queries.get_credential(session, credential_id).credential.state is CredentialState.ISSUED


def test_the_worker_keeps_the_published_lists_fresh(chores: Chores, database: Database) -> None:
    with time_machine.travel(clock.now() - timedelta(days=6), tick=False), database.session(writes=True) as session:
        make_credential(session)
        session.commit()

    chores.refresh_lists()

    with database.session(writes=False) as session:
        assert all(found.valid_until > clock.now() + timedelta(days=6) for found in session.scalars(select(StatusList)))
