"""Whether the database is busy or lost, as against a statement of ours that is wrong: then trying again may help."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

log = logging.getLogger("laurel.outages")

TROUBLE = {"25006", "25P03", "40001", "40P01", "55P03"}
"""A server that only reads (a fail-over) or that hung up on a transaction that stood still, two transactions in each other's way, a
deadlock, a lock that was not had in time."""
SQLITE_TROUBLE = ("database is locked", "disk is full", "disk i/o error", "unable to open")


def is_database_trouble(error: DBAPIError) -> bool:
    """Whether the database is away, full, locked or too slow, as against a statement of ours that is wrong."""
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (state and state[:2] in {"08", "53", "57", "58"}) or state in TROUBLE:
        return True
    text = str(error.orig).lower()
    return (
        isinstance(error, OperationalError)
        and (state is None)
        and ("sqlite" not in type(error.orig).__module__ or any(s in text for s in SQLITE_TROUBLE))
    )


def is_outage(error: BaseException | None) -> bool:
    """Whether this happened because the database cannot be asked at present, so that trying again may help."""
    return isinstance(error, PoolTimeoutError) or (isinstance(error, DBAPIError) and is_database_trouble(error))


@contextmanager
def unless_away() -> Iterator[None]:
    """Do what nothing rests on; a database that cannot be asked for it does not spoil the answer."""
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("The database is away: %s", error)
