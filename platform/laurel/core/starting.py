"""Processes that begin while the database is away wait for it."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from sqlalchemy.exc import OperationalError

from laurel.core.db import Database

PAUSE_SECONDS = 0.5
Made = TypeVar("Made")

log = logging.getLogger("laurel.starting")


def when_it_answers(database: Database, begin: Callable[[], Made]) -> Made:
    """What `begin` makes, as soon as the database lets it. `begin` may run several times.

    A web process that gave up would make gunicorn stop the whole server, and processes are made anew at any time: also in
    the seconds in which PostgreSQL starts again. An embedded database that cannot be opened will not come by waiting.
    """
    while True:
        try:
            return begin()
        except (OperationalError, psycopg.OperationalError) as error:
            if database.is_sqlite:
                raise
            log.warning("The database does not answer yet: %s", error)
            time.sleep(PAUSE_SECONDS)
