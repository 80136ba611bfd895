"""A process waits for its database, and says why it waits."""

import logging
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from laurel.core.db import Database
from laurel.core.starting import when_it_answers


def test_a_process_begins_once_its_server_answers(caplog: pytest.LogCaptureFixture) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    tries = []

    def begin() -> str:
        tries.append(len(tries))
        if len(tries) == 1:
            with away.session(writes=False) as session:
                session.execute(text("SELECT 1"))
        if len(tries) == 2:
            raise psycopg.OperationalError("still starting")
        return "ready"

    with caplog.at_level(logging.WARNING, "laurel.starting"):
        assert when_it_answers(away, begin) == "ready"
    assert len(tries) == 3
    assert len([record for record in caplog.records if "does not answer yet" in record.message]) == 2
    away.engine.dispose()


def test_a_file_that_cannot_be_opened_is_an_error_at_once(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite:///{tmp_path / 'no such folder' / 'laurel.db'}")

    def begin() -> None:
        with nowhere.session(writes=False) as session:
            session.execute(text("SELECT 1"))

    with pytest.raises(OperationalError):
        when_it_answers(nowhere, begin)
