"""The worker among much to do: it is called once, however often the bell rings, and it ends nothing half-way."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from huey import Huey
from sqlalchemy import func, select

from laurel.app import Ports
from laurel.core import clock
from laurel.core.bus import bus
from laurel.core.db import Database
from laurel.core.mail import Mail, MailStatus, add_mail
from laurel.queueing import make_huey
from laurel.settings import Settings
from laurel.timetable import add_tasks
from laurel.worker import TOGETHER, Chores


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_workers_own_bell_stands_in_the_queue_once_until_it_is_answered(
    app: Flask, database: Database, settings: Settings, ports: Ports, tmp_path: Path
) -> None:
    queue = make_huey(replace(settings, instance=tmp_path))
    ring = add_tasks(queue, Chores(settings, database, ports))

    for _ in range(1000):
        ring()
    assert queue.pending_count() == 1
    queue.execute(queue.dequeue())
    for thread in threading.enumerate():
        if thread.name == "bulk":  # what answers the bell looks after bulk jobs aside
            thread.join()
    ring()

    assert queue.pending_count() == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_mail_that_waits_is_sent_at_one_call(app: Flask, database: Database, settings: Settings, ports: Ports) -> None:
    with database.session(writes=True) as session:
        for n in range(TOGETHER + 20):
            add_mail(session, key=str(n), recipient=f"a{n}@example.com", subject="x", text="x", html=None, now=clock.now())
        session.commit()

    done = Chores(settings, database, ports).run_due()

    assert done == TOGETHER + 20
    with database.session(writes=False) as session:
        assert session.scalar(select(func.count()).select_from(Mail).where(Mail.status != MailStatus.SENT)) == 0


@pytest.fixture
def mails(database: Database) -> int:
    """More mails than are sent at one go."""
    with database.session(writes=True) as session:
        for n in range(TOGETHER + 1):
            add_mail(session, key=str(n), recipient=f"a{n}@example.com", subject="x", text="x", html=None, now=clock.now())
        session.commit()
    return TOGETHER + 1


@pytest.fixture
def queue(settings: Settings, database: Database, ports: Ports, mails: int, tmp_path: Path) -> Iterator[Huey]:
    """The worker's queue, empty, with its bell on the bus as in the worker itself."""
    queue, silent = make_huey(replace(settings, instance=tmp_path)), bus.nudge
    bus.nudge = add_tasks(queue, Chores(settings, database, ports))
    yield queue
    bus.nudge = silent


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_has_worked_long_enough_rings_for_the_rest(
    app: Flask, database: Database, settings: Settings, ports: Ports, mails: int, queue: Huey
) -> None:
    assert queue.pending_count() == 0

    assert Chores(settings, database, ports, stretch=timedelta()).run_due() == TOGETHER < mails

    assert queue.pending_count() == 1
