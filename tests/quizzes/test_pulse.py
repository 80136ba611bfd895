"""The pulse of a web process, and the worker beside it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core.db import Database, database_now
from laurel.core.ids import new_id
from laurel.pulse import Pulse
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, Heartbeat, Outage
from laurel.quizzes.rules import AttemptState
from laurel.settings import Settings
from laurel.worker import Chores
from tests.factories.quizzes import make_attempt, make_quiz
from tests.quizzes.pages import refresh

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pulse(database: Database) -> Iterator[Pulse]:
    services.failed_saves.take()
    yield Pulse(database, "web-1")
    services.failed_saves.take()


@pytest.fixture
def attempt(session: Session) -> Attempt:
    """Running for an hour that ends in five minutes."""
    attempt = make_attempt(session, make_quiz(session), now=database_now(session) - 55 * MINUTE)
    session.commit()
    return attempt


def silence(session: Session, *, minutes: float) -> None:
    """Let the last heartbeat be some minutes ago."""
    session.commit()
    session.add(Heartbeat(instance="web-0", at=database_now(session) - minutes * MINUTE))
    session.commit()


def test_a_process_that_starts_after_a_stop_gives_the_time_back_at_once(session: Session, attempt: Attempt, pulse: Pulse) -> None:
    silence(session, minutes=3)
    pulse.beat()
    refresh(session)
    outage = session.scalars(select(Outage)).one()
    assert outage.settled_at is not None
    credited = attempt.credited_seconds
    assert 180 <= credited < 240
    pulse.beat()
    refresh(session)
    assert attempt.credited_seconds == credited


def test_a_crash_before_the_time_was_given_back_is_taken_up_by_the_next_heartbeat(session: Session, attempt: Attempt, pulse: Pulse) -> None:
    silence(session, minutes=3)
    services.beat(session, instance="web-9", now=database_now(session))
    session.commit()
    assert attempt.credited_seconds == 0
    pulse.beat()
    refresh(session)
    assert attempt.credited_seconds >= 180


def test_a_database_that_is_away_costs_a_heartbeat_and_no_count(session: Session, attempt: Attempt, pulse: Pulse) -> None:
    broken = Pulse(Database("sqlite:////nowhere/at/all.db"), "web-2")
    services.failed_saves.add(3)
    broken.beat()
    assert broken.last is None
    silence(session, minutes=3)
    pulse.beat()
    refresh(session)
    assert session.scalars(select(Outage.failed_saves)).one() == 3


def test_a_save_that_fails_because_of_us_is_counted_and_retried_by_the_browser(
    session: Session, my_attempt: Attempt, client: FlaskClient, csrf: Callable[[], str], pulse: Pulse
) -> None:
    headers = {"X-CSRFToken": csrf(), "Accept": "application/json"}
    my_attempt.started_at -= 61 * MINUTE
    my_attempt.deadline_at -= 61 * MINUTE
    silence(session, minutes=4)
    body = {"items": [{"op_id": str(new_id()), "slot": 1, "seq": 1, "answer": {"choice": "o1"}}], "lease": None}
    refused = client.patch(f"/attempts/{my_attempt.id}/answers", headers=headers, json=body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    pulse.beat()
    saved = client.patch(f"/attempts/{my_attempt.id}/answers", headers=headers, json=body)
    assert (saved.status_code, saved.json["saved"]) == (200, [body["items"][0]["op_id"]])  # type: ignore[index]
    assert "We were not reachable for 4 minutes" in saved.json["announcements"][0]["text"]
    refresh(session)
    assert session.scalars(select(Outage.failed_saves)).one() == 1


@pytest.mark.usefixtures("app")
def test_the_worker_waits_for_the_web_to_come_back_and_then_hands_nothing_in(
    session: Session, database: Database, settings: Settings, ports: Ports, pulse: Pulse
) -> None:
    attempt = make_attempt(session, make_quiz(session), now=database_now(session) - 62 * MINUTE)  # over for two minutes
    silence(session, minutes=10)
    chores = Chores(settings, database, ports)
    chores.look_after_time()
    refresh(session)
    assert attempt.state is AttemptState.IN_PROGRESS
    pulse.beat()
    chores.look_after_time()
    refresh(session)
    assert (attempt.state, attempt.deadline_at is not None) == (AttemptState.IN_PROGRESS, True)
    assert attempt.deadline_at > database_now(session) + 7 * MINUTE


@pytest.mark.usefixtures("app")
def test_the_worker_hands_in_what_is_over_and_one_that_is_broken_holds_up_nobody(
    session: Session, database: Database, settings: Settings, ports: Ports
) -> None:
    from laurel.quizzes.queries import get_slot

    broken, fine = (make_attempt(session, make_quiz(session), now=database_now(session) - 70 * MINUTE) for _ in range(2))
    get_slot(session, broken.id, 1)[1].body = {"options": "damaged"}
    session.commit()
    Chores(settings, database, ports).look_after_time()
    refresh(session)
    assert (broken.state, fine.state) == (AttemptState.IN_PROGRESS, AttemptState.GRADED)


def test_a_page_that_is_opened_shows_that_we_are_back(session: Session, my_attempt: Attempt, client: FlaskClient) -> None:
    """The first request after an outage need not wait for the next heartbeat."""
    assert my_attempt.started_at is not None
    assert my_attempt.deadline_at is not None
    my_attempt.started_at -= 61 * MINUTE
    my_attempt.deadline_at -= 61 * MINUTE
    silence(session, minutes=4)
    answer = client.get(f"/attempts/{my_attempt.id}/questions/1")
    assert answer.status_code == 200
    assert "We were not reachable for 4 minutes" in answer.text
    refresh(session)
    assert my_attempt.credited_seconds >= 240
