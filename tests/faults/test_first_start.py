"""A site that starts for the first time: several processes at once find a database without a queue."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from laurel.queueing import make_huey
from laurel.settings import Settings

PROCESSES = 12


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_processes_that_start_at_once_all_find_their_queue(settings: Settings, database_url: str) -> None:
    barrier = Barrier(PROCESSES)

    def start(_number: int) -> int:
        barrier.wait(20)
        queue = make_huey(replace(settings, database_url=database_url)).storage
        size = queue.queue_size()
        queue.close()
        return int(size)

    with ThreadPoolExecutor(PROCESSES) as pool:
        assert list(pool.map(start, range(PROCESSES))) == [0] * PROCESSES
