"""What must not be found out by trying is counted for all processes at once, and outlives each."""

import logging
import multiprocessing
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, Queue

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.app import Ports, create_app
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import Credential
from laurel.credentials.rules.numbers import number_of
from laurel.settings import Settings
from laurel.web.counters import Counter as Row
from laurel.web.limits import limiter
from tests.conftest import BrowserLikeClient, QueryCount
from tests.factories.credentials import make_credential
from tests.factories.holders import make_private

BROWSER = {"Accept": "text/html"}
HOLDER = "Ada Lovelace"
DOORS = ["/v/{number}", "/verify?number={number}", "/api/v1/certificates/{number}"]


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    make_private(session, issued)
    session.commit()
    return issued


@pytest.fixture
def anew(app: Flask, client: FlaskClient) -> Callable[[], FlaskClient]:
    """A client of a process that has just begun: whatever one keeps to itself is forgotten."""

    def begin() -> FlaskClient:
        with app.app_context():
            limiter.reset()
        return app.test_client()

    return begin


def unknown(n: int) -> str:
    """A well-formed number that was never given out."""
    return number_of(n)


def ask_wrong_names(url: str, settings: Settings, ports: Ports, path: str, said: "Queue[int]") -> None:
    """What one web process answers to somebody who tries nine names."""
    app = create_app(settings, Database(url), ports)
    app.test_client_class = BrowserLikeClient
    client = app.test_client()
    for n in range(9):
        said.put(client.post(f"{path}/holder", data={"name": f"Name {n}"}).status_code)


def test_two_processes_together_answer_ten_wrong_names(database_url: str, credential: Credential, settings: Settings, ports: Ports) -> None:
    fork = multiprocessing.get_context("fork")
    said = fork.Queue()
    both = [
        fork.Process(target=ask_wrong_names, args=(database_url, settings, ports, f"/credentials/{credential.id}", said)) for _ in range(2)
    ]
    for one in both:
        one.start()
    try:
        answers = [said.get(timeout=60) for _ in range(18)]
    except Empty:
        answers = []
    for one in both:
        one.join(60)

    assert Counter(answers) == {200: 10, 429: 8}


def test_wrong_names_outlive_the_process_that_counted_them(anew: Callable[[], FlaskClient], credential: Credential) -> None:
    path = f"/credentials/{credential.id}/holder"

    assert [anew().post(path, data={"name": f"Name {n}"}).status_code for n in range(12)] == [200] * 10 + [429] * 2
    refused = anew().post(path, data={"name": HOLDER})
    assert refused.status_code == 429
    assert 80_000 < int(refused.headers["Retry-After"]) <= 86_401
    elsewhere = anew().post(path, data={"name": HOLDER}, environ_base={"REMOTE_ADDR": "10.0.0.2"})
    assert "Yes, it belongs" in elsewhere.text


def test_the_day_is_asked_after_forty_wrong_names_whatever_process_answered_them(
    anew: Callable[[], FlaskClient], credential: Credential
) -> None:
    home = f"/credentials/{credential.id}"
    for n in range(40):
        anew().post(f"{home}/holder", data={"name": f"Name {n}"}, environ_base={"REMOTE_ADDR": f"10.0.{n // 5}.1"})
    honest = {"environ_base": {"REMOTE_ADDR": "10.1.0.1"}}

    assert 'id="day"' in anew().get(home, headers=BROWSER).text
    assert anew().post(f"{home}/holder", data={"name": HOLDER}, **honest).status_code == 400  # type: ignore[arg-type]
    told = anew().post(f"{home}/holder", data={"name": HOLDER, "day": str(credential.awarded_at.date())}, **honest)  # type: ignore[arg-type]
    assert "Yes, it belongs" in told.text


def test_whoever_asks_for_the_right_name_is_not_counted(anew: Callable[[], FlaskClient], session: Session, credential: Credential) -> None:
    for _ in range(12):
        assert "Yes, it belongs" in anew().post(f"/credentials/{credential.id}/holder", data={"name": HOLDER}).text

    assert session.scalars(select(Row)).all() == []


@pytest.mark.parametrize("door", DOORS)
def test_thirty_unknown_numbers_a_minute_are_looked_up_and_then_none_by_any_door(
    anew: Callable[[], FlaskClient], credential: Credential, door: str
) -> None:
    with time_machine.travel(clock.now(), tick=False):
        guesses = [anew().get(door.format(number=unknown(n))).status_code for n in range(31)]
        known = [anew().get(way.format(number=credential.number)).status_code for way in DOORS]
        elsewhere = anew().get(door.format(number=credential.number), environ_base={"REMOTE_ADDR": "10.0.0.2"})

    assert guesses == [404] * 30 + [429]
    assert known == [429] * 3
    assert elsewhere.status_code in {200, 303}


def test_after_a_minute_numbers_are_looked_up_again(anew: Callable[[], FlaskClient], session: Session, credential: Credential) -> None:
    for n in range(31):
        anew().get(f"/v/{unknown(n)}")
    assert anew().get(f"/v/{credential.number}").status_code == 429

    row = session.scalars(select(Row)).one()
    row.ends_at -= timedelta(minutes=1)
    session.commit()

    assert anew().get(f"/v/{credential.number}").status_code == 303


def test_what_is_no_number_is_no_guess_and_a_known_number_costs_a_look(
    anew: Callable[[], FlaskClient], session: Session, credential: Credential, queries: QueryCount
) -> None:
    for _ in range(31):
        anew().get("/v/nonsense")
    assert session.scalars(select(Row)).all() == []

    queries.clear()
    assert anew().get(f"/v/{credential.number}").status_code == 303
    assert (queries.selects, queries.writes) == (2, 0)


@pytest.mark.parametrize(
    ("path", "times", "endpoint"),
    [
        ("/v/nonsense", 31, "credentials.follow_number"),
        ("/verify?number=nonsense", 61, "credentials.verify_page"),
        ("/api/v1/certificates/nonsense", 61, "credentials.certificate_status"),
        ("/credentials/00000000-0000-4000-8000-000000000000", 301, "credentials.credential_page"),
    ],
)
def test_whoever_looks_at_certificates_too_often_stands_in_no_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, times: int, endpoint: str
) -> None:
    caplog.set_level(logging.DEBUG)
    statuses = [client.get(path, environ_base={"REMOTE_ADDR": "203.0.113.77"}).status_code for _ in range(times)]

    assert statuses[-2:] != [429, 429]
    assert statuses[-1] == 429
    assert "203.0.113" not in caplog.text
    assert endpoint in caplog.text  # that it happens is for the operator to know


def test_a_counter_says_nothing_of_who_asked_or_for_whom(anew: Callable[[], FlaskClient], session: Session, credential: Credential) -> None:
    anew().post(f"/credentials/{credential.id}/holder", data={"name": "Charles Babbage"}, environ_base={"REMOTE_ADDR": "10.7.7.7"})
    anew().get(f"/v/{unknown(1)}", environ_base={"REMOTE_ADDR": "10.7.7.7"})

    keys = session.scalars(select(Row.key)).all()
    assert len(keys) == 3
    for secret in ("10.7.7.7", str(credential.id), "Babbage", unknown(1)):
        assert not any(secret in key for key in keys)
