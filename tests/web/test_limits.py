"""Limits that need not be exact: in memory, for all pages."""

from collections.abc import Iterator

import pytest
from flask import Flask
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from laurel.core.clock import now
from laurel.web.limits import CalmMemory, Tally, network
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


def test_a_counter_begins_anew_when_its_window_is_over() -> None:
    memory = CalmMemory()

    assert [memory.incr("open", 60) for _ in range(3)] == [1, 2, 3]
    assert [memory.incr("over at once", 0) for _ in range(3)] == [1, 1, 1]
    assert [memory.get(key) for key in ("open", "over at once", "never seen")] == [3, 0, 0]
    assert 58 < memory.get_expiry("open") - now().timestamp() <= 60


def test_what_is_over_does_not_stay_in_memory() -> None:
    memory = CalmMemory()
    for number in range(100):
        memory.incr(f"visitor {number}", 0)
    memory.incr("open", 60)

    memory.clear_at = 0.0  # a minute later
    memory.incr("another", 60)

    assert set(memory.counters) == {"open", "another"}


def test_counters_are_cleared_one_by_one_and_all_at_once() -> None:
    memory = CalmMemory()
    for key in ("a", "b", "c"):
        memory.incr(key, 60)

    memory.clear("a")

    assert (memory.get("a"), memory.reset(), memory.get("b")) == (0, 2, 0)


class LostStore(CalmMemory):
    """A store on a machine that does not answer."""

    STORAGE_SCHEME = ["lost"]  # noqa: RUF012
    asked = 0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.asked += 1
        raise ConnectionError("nobody is there")


def test_a_limit_holds_in_this_process_while_the_store_is_away() -> None:
    store = LostStore()
    tally = Tally(lambda: FixedWindowRateLimiter(store))

    answers = [tally.hit(parse("3 per minute"), "attempt:1") for _ in range(5)]

    assert answers == [True, True, True, False, False]
    assert store.asked == 1
    assert tally.hit(parse("3 per minute"), "attempt:2")
