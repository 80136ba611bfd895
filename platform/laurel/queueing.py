"""Where calls for the worker wait: Redis, the production database, or a file beside the embedded one. And the bell that calls it."""

import json
import logging
from collections.abc import Callable
from threading import Event, Thread

import psycopg
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from laurel.core.db import postgresql_options
from laurel.settings import Settings

log = logging.getLogger("laurel.worker")
TABLES_LOCK = 5_140_824
"""The advisory lock under which the queue's tables are made."""


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Our messages carry nothing but names, so they need no pickle: whoever can write to the queue cannot run code."""

    def _serialize(self, data: object) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


def make_huey(settings: Settings) -> Huey:
    """The queue: Redis where there is one, else the production database's own, else a file beside the embedded one."""
    if settings.redis_url:
        return RedisHuey("laurel", url=settings.redis_url, serializer=JsonSerializer(), results=False)
    if settings.database_url.startswith("postgresql"):
        return _postgresql_queue(settings.database_url.replace("postgresql+psycopg://", "postgresql://"))
    return SqliteHuey("laurel", filename=str(settings.instance / "queue.db"), serializer=JsonSerializer(), results=False)


def _postgresql_queue(dsn: str) -> Huey:
    """The queue in the production database. Processes that start at once make its tables one after the other; and whoever rings
    the bell in a request waits no longer for a database that is gone than the request itself would."""
    options = postgresql_options(application="laurel-queue")
    with psycopg.connect(dsn, **{**options, "options": ""}) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (TABLES_LOCK,))
        return PostgresHuey("laurel", dsn=dsn, serializer=JsonSerializer(), results=False, **options)


class Bell:
    """Wakes the worker from a thread of its own: a request that has committed waits for nothing more."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._wanted = Event()
        Thread(target=self._run, name="bell", daemon=True).start()

    def ring(self) -> None:
        """Ring soon; several at once are one. A ring that is lost costs a minute, no more."""
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._ring()
            except Exception:
                log.exception("The worker was not woken; its sweep will find what is due.")
