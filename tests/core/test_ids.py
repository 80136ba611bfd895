from datetime import UTC, datetime
from uuid import RFC_4122

import time_machine

from laurel.core.ids import new_id


def test_an_id_is_a_uuid_of_version_seven() -> None:
    made = new_id()

    assert (made.version, made.variant) == (7, RFC_4122)


def test_ids_sort_by_the_time_they_were_made() -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as traveller:
        earlier = new_id()
        traveller.shift(0.001)
        later = new_id()

    assert earlier < later


def test_ids_of_one_moment_differ_and_sort_as_they_were_made() -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        made = [new_id() for _ in range(1000)]

    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}


def test_an_id_carries_the_time_even_after_the_clock_was_set_back() -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as traveller:
        new_id()
        traveller.move_to(datetime(2025, 1, 1, tzinfo=UTC))
        made = new_id()

    assert made.int >> 80 == int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
