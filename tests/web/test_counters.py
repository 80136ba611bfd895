"""Counters that are exact, however many count at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.db import Database
from laurel.web.counters import Allowance, Counter, count_try, delete_ended_counters, give_back

HOUR = timedelta(hours=1)


def allow(tries: int, *, subject: str = "ada", action: str = "knock", window: timedelta = HOUR) -> Allowance:
    return Allowance(action, subject, tries, window)


def test_so_many_tries_are_allowed_and_no_more(session: Session, now: datetime) -> None:
    waits = [count_try(session, [allow(3)], now=now + timedelta(minutes=minute)) for minute in range(5)]

    assert waits == [None, None, None, timedelta(minutes=57), timedelta(minutes=56)]


def test_the_window_begins_with_the_first_try_and_ends(session: Session, now: datetime) -> None:
    for _ in range(2):
        count_try(session, [allow(1)], now=now)

    assert count_try(session, [allow(1)], now=now + HOUR - timedelta(seconds=1)) == timedelta(seconds=1)
    assert count_try(session, [allow(1)], now=now + HOUR) is None
    assert count_try(session, [allow(1)], now=now + HOUR) == HOUR


def test_subjects_and_actions_count_apart(session: Session, now: datetime) -> None:
    assert count_try(session, [allow(1)], now=now) is None
    assert count_try(session, [allow(1, subject="grace")], now=now) is None
    assert count_try(session, [allow(1, action="ring")], now=now) is None
    assert count_try(session, [allow(1)], now=now) == HOUR


def test_the_longest_wait_decides(session: Session, now: datetime) -> None:
    both = [allow(1, window=timedelta(minutes=5)), allow(1, window=HOUR)]
    count_try(session, both, now=now)

    assert count_try(session, both, now=now) == HOUR


def test_a_try_is_given_back(session: Session, now: datetime) -> None:
    for _ in range(5):
        assert count_try(session, [allow(1)], now=now) is None
        give_back(session, [allow(1)])
    give_back(session, [allow(1)])

    assert session.scalars(select(Counter.tries)).one() == 0


def test_subjects_are_not_stored(session: Session, now: datetime) -> None:
    count_try(session, [allow(1, subject="ada@example.com")], now=now)

    assert "ada" not in session.scalars(select(Counter.key)).one()


def test_the_sum_over_parallel_workers_keeps_the_limit(database: Database, now: datetime) -> None:
    def knock(_number: int) -> bool:
        with database.session(writes=True) as session:
            wait = count_try(session, [allow(7), allow(100, action="all")], now=now)
            session.commit()
        return wait is None

    with ThreadPoolExecutor(6) as pool:
        allowed = sum(pool.map(knock, range(24)))

    assert allowed == 7


def test_counters_that_are_over_are_cleared_away(session: Session, now: datetime) -> None:
    count_try(session, [allow(1), allow(1, window=timedelta(minutes=1))], now=now)

    assert delete_ended_counters(session, now=now + timedelta(minutes=2)) == 1
    assert session.scalar(select(func.count()).select_from(Counter)) == 1
