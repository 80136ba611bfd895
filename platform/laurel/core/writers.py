"""SQLite has one writer at a time. Within a process, those who want to write queue here, first come, first served.

Left to itself SQLite lets everybody who waits look again after pauses that grow to a tenth of a second: under load most looks
are in vain, some who wait are never lucky, and the lock lies idle in between. Of each process only the first in the queue
looks, and every millisecond.
"""

import sqlite3
import time
from collections import deque
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

PATIENCE_MS = 5000
"""So long a writer waits, here and for other processes together; then the database is busy."""
PAUSE_SECONDS = 0.001
HOLDS = "laurel_holds_the_turn"


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


def queue_writers(engine: Engine, *, patience_ms: int = PATIENCE_MS) -> None:
    """Begin every transaction of a SQLite engine as its session asked for: a writing one in its turn, with the write lock at once."""
    queue = WriterQueue()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("laurel_writes", True):
            connection.exec_driver_sql("BEGIN")
            return
        until = time.monotonic() + patience_ms / 1000
        kept = connection.connection.record_info
        if kept is None:
            raise TypeError("Only connections of a pool can take turns.")
        if not kept.get(HOLDS):
            if not queue.acquire(timeout=patience_ms / 1000):
                raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
            kept[HOLDS] = True
        try:
            _begin_writing(connection.connection.driver_connection, until)
        except BaseException:
            hand_on(kept)
            raise

    def hand_on(kept: dict[Any, Any]) -> None:
        if kept.pop(HOLDS, False):
            queue.release()

    @event.listens_for(engine, "checkin")
    def checkin(_connection: Any, record: Any) -> None:
        hand_on(record.record_info)


def _begin_writing(connection: Any, until: float) -> None:
    """Take SQLite's write lock; OperationalError if other processes hold it until then."""
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise DBAPIError.instance("BEGIN IMMEDIATE", None, error, sqlite3.Error) from error
                time.sleep(PAUSE_SECONDS)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
