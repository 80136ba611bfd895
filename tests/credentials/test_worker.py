from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials import queries
from laurel.credentials.models import StatusList
from laurel.credentials.rules.verdicts import CredentialState
from laurel.settings import Settings
from laurel.worker import Chores
from tests.factories.credentials import make_credential, make_pending
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


def test_the_worker_keeps_the_published_lists_fresh(chores: Chores, database: Database) -> None:
    with time_machine.travel(clock.now() - timedelta(days=6), tick=False), database.session(writes=True) as session:
        make_credential(session)
        session.commit()

    chores.refresh_lists()

    with database.session(writes=False) as session:
        assert all(found.valid_until > clock.now() + timedelta(days=6) for found in session.scalars(select(StatusList)))
