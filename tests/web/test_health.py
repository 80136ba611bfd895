from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

from laurel.app import Ports, create_app
from laurel.core.db import Database
from laurel.settings import Settings, read_settings


def test_a_running_process_says_so(client: FlaskClient) -> None:
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json["status"] == "ok"


def test_a_ready_process_reaches_its_database(client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200


def test_who_started_a_process_finds_it_again(settings: Settings, shared_database: Database, ports: Ports) -> None:
    started = create_app(replace(settings, boot_id="the one that I started"), shared_database, ports)

    assert started.test_client().get("/healthz", base_url=settings.public_url).json == {"status": "ok", "boot": "the one that I started"}


def test_a_start_that_nobody_named_names_itself_and_tells_nothing_else(tmp_path: Path) -> None:
    environment = {"LAUREL_STAGE": "test", "LAUREL_INSTANCE": str(tmp_path)}
    one, other = read_settings(environment), read_settings(environment)

    assert len(one.boot_id) == len(other.boot_id) == 16
    assert one.boot_id != other.boot_id
    assert read_settings({**environment, "LAUREL_BOOT_ID": "mine"}).boot_id == "mine"
