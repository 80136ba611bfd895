"""However many answers are stored, a save finds what it needs through an index."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from laurel.core.db import Database
from laurel.core.ids import new_id
from laurel.quizzes.models import Attempt
from tests.quizzes.pages import url


@pytest.fixture
def executed(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What reached the database, with its parameters."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        found.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def test_no_save_reads_a_whole_table(
    client: FlaskClient,
    session: Session,
    my_attempt: Attempt,
    csrf: Callable[..., str],
    database: Database,
    executed: list[tuple[str, Any]],
) -> None:
    headers = {"X-CSRFToken": csrf(), "Accept": "application/json"}
    items = [{"op_id": str(new_id()), "slot": 1, "seq": seq, "answer": {"choice": "o1"}, "client_ts": ""} for seq in (1, 2)]
    executed.clear()
    for item in items:
        assert client.patch(url(my_attempt, "/answers"), headers=headers, json={"items": [item], "lease": None}).status_code == 200
    statements = [one for one in executed if not one[0].startswith("BEGIN")]

    plans = [line for statement, parameters in statements for line in explain(session, database, statement, parameters)]
    session.rollback()

    assert len(statements) >= 6
    assert any("index" in line.lower() for line in plans)
    assert [line for line in plans if "Seq Scan" in line or (line.startswith("SCAN ") and "CONSTANT" not in line)] == []


def explain(session: Session, database: Database, statement: str, parameters: Any) -> list[str]:
    """The lines of the plan. PostgreSQL would read a small table whole, index or not: it is told to avoid that where it can."""
    connection = session.connection()
    if database.is_sqlite:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
