"""Limits that need not be exact: in memory, for all pages."""

from collections.abc import Iterator

import pytest
from flask import Flask

from laurel.web.limits import network
from tests.databases import SqliteTemplates


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    """One database is enough: nothing here depends on which."""
    with sqlite_templates.fresh() as url:
        yield url


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("::ffff:203.0.113.77", "203.0.113.77"),
        ("", "unknown"),
    ],
)
def test_a_household_counts_as_one(app: Flask, address: str, counted: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert network() == counted


def test_a_flood_is_refused_with_a_time(probe_app: Flask) -> None:
    probe = probe_app.test_client()

    answers = [probe.get("/probe/public") for _ in range(301)]

    assert {answer.status_code for answer in answers[:300]} == {200}
    assert answers[300].status_code == 429
    assert int(answers[300].headers["Retry-After"]) > 0
