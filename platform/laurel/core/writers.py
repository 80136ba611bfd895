"""SQLite has one writer at a time. Within a process, those who want to write queue here, first come, first served.

Left to itself SQLite lets everybody who waits look again after a pause of its own: under load most looks are in vain, some
who wait are never lucky, and the lock lies idle in between.
"""

import sqlite3
import time
from collections import deque
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

PATIENCE_MS = 5000
"""So long a writer waits, here and for other processes together; then the database is busy."""
LEAST_MS = 50
HOLDS = "laurel_holds_the_turn"
TIMEOUT = "laurel_busy_timeout"


class WriterQueue:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._is_taken = False
        self._waiting: deque[Lock] = deque()

    def acquire(self, *, timeout: float) -> bool:
        """Wait for one's turn; False if it did not come within `timeout` seconds."""
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._mutex:
            if turn not in self._waiting:  # it came just now
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """Hand the turn on."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


def queue_writers(engine: Engine) -> None:
    """Begin every transaction of a SQLite engine as its session asked for: a writing one in its turn, with the write lock at once."""
    queue = WriterQueue()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("laurel_writes", True):
            _begin(connection, "BEGIN", PATIENCE_MS)
            return
        kept = connection.connection.record_info
        if kept is None:
            raise TypeError("Only connections of a pool can take turns.")
        asked = time.monotonic()
        if not kept.get(HOLDS):
            if not queue.acquire(timeout=PATIENCE_MS / 1000):
                raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
            kept[HOLDS] = True
        waited_ms = int((time.monotonic() - asked) * 1000)
        try:
            _begin(connection, "BEGIN IMMEDIATE", max(LEAST_MS, PATIENCE_MS - waited_ms) if waited_ms > LEAST_MS else PATIENCE_MS)
        except BaseException:
            hand_on(kept)
            raise

    def hand_on(kept: dict[Any, Any]) -> None:
        if kept.pop(HOLDS, False):
            queue.release()

    @event.listens_for(engine, "checkin")
    def checkin(_connection: Any, record: Any) -> None:
        hand_on(record.record_info)


def _begin(connection: Connection, statement: str, patience_ms: int) -> None:
    if connection.info.get(TIMEOUT, PATIENCE_MS) != patience_ms:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience_ms}")
        connection.info[TIMEOUT] = patience_ms
    connection.exec_driver_sql(statement)
