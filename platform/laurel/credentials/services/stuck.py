"""What was begun and does not come to its end: staff hear of it, and what can be tried again is."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.dates import moment
from laurel.core.db import database_now
from laurel.credentials.gateway import KeyVault, KeyVaultError
from laurel.credentials.queries.stuck import list_still_jobs, list_under_way, map_causes
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.services.issuers import NoActiveKeyError
from laurel.credentials.services.name_changes import apply_name, reverse_name

log = logging.getLogger("laurel.credentials")
Transaction = Callable[[], AbstractContextManager[Session]]
STILL = timedelta(minutes=15)
"""So long a job may stand still before staff are told: one that failed is tried every minute."""
SLOW = timedelta(hours=1)
"""So long a change of name may take: five tries."""


def find_stuck(session: Session, *, now: datetime) -> list[str]:
    """One sentence for each bulk job that stands still, and one for all changes of name."""
    sentences = [
        f"The job “{job.title}” has done nothing since {moment(job.moved_at or job.confirmed_at or job.created_at)}"
        + (f": {job.error}" if job.error else ". Is the worker running?")
        for job in list_still_jobs(session, since=now - STILL)
    ]
    changes = list_under_way(session)
    late = [record for record in map_causes(session, changes).values() if now - record.occurred_at >= SLOW]
    if late:
        which = "1 change of name could not be signed for" if len(late) == 1 else f"{len(late)} changes of name could not be signed for"
        sentences.append(f"{which} more than an hour. See Name changes in the back office, those that are approved or reversing.")
    return sentences


def carry_on(session: Session, change_id: UUID, *, issuer: Issuer, keys: KeyVault, now: datetime) -> None:
    """Do what a change of name waits for. Done already, it changes nothing. Raises what signing raises."""
    apply_name(session, change_id, issuer=issuer, keys=keys, now=now)
    reverse_name(session, change_id, issuer=issuer, keys=keys, now=now)


def carry_on_all(transaction: Transaction, issuer: Issuer, keys: KeyVault) -> None:
    """The same for all that wait, each by itself: what was given up after eight tries is tried again every hour."""
    with transaction() as session:
        waiting = [change.id for change in list_under_way(session)]
    for change_id in waiting:
        try:
            with transaction() as session:
                carry_on(session, change_id, issuer=issuer, keys=keys, now=database_now(session))
        except (NoActiveKeyError, KeyVaultError):
            log.exception("Change of name %s could not be signed", change_id)
            return
        except Exception:
            log.exception("Change of name %s could not be signed", change_id)
