from datetime import UTC, datetime, timedelta, timezone

import pytest

from laurel.credentials.rules.moments import LAST_MOMENT, add_days, add_months, end_of_validity, timestamp


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 11, 20), 12, (2027, 11, 20)),
        ((2026, 11, 20), 24, (2028, 11, 20)),
        ((2027, 1, 31), 1, (2027, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2028, 2, 29), 12, (2029, 2, 28)),
        ((2026, 10, 31), 1, (2026, 11, 30)),
        ((2026, 12, 31), 2, (2027, 2, 28)),
    ],
)
def test_months_are_counted_as_people_count_them(start: tuple[int, int, int], months: int, end: tuple[int, int, int]) -> None:
    assert add_months(datetime(*start, 9, 30, tzinfo=UTC), months) == datetime(*end, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("start", [LAST_MOMENT, datetime(9999, 12, 1, tzinfo=UTC)])
def test_what_would_lie_behind_the_last_moment_there_is_lies_in_it(start: datetime) -> None:
    assert (add_months(start, 1), add_months(start, 600), add_days(start, 90)) == (LAST_MOMENT, LAST_MOMENT, LAST_MOMENT)
    assert add_days(start, 0) == add_months(start, 0) == start


def test_no_months_is_no_end() -> None:
    assert end_of_validity(datetime(2026, 11, 20, tzinfo=UTC), 0) is None


def test_a_moment_is_written_in_utc_and_whole_seconds() -> None:
    there = datetime(2026, 11, 20, 11, 30, 59, 999999, tzinfo=timezone(timedelta(hours=2)))

    assert timestamp(there) == "2026-11-20T09:30:59Z"
