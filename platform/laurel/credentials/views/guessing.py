"""What must not be found out by trying: which numbers there are, and whose a private certificate is.

Wrong tries are counted in the database, so that they count for all processes and outlive each; right ones cost a look
(docs/decisions/0028).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from werkzeug.exceptions import TooManyRequests

from laurel.core.db import database_now
from laurel.credentials.rules.visibility import is_same_name
from laurel.web.counters import Allowance, count_try, find_wait
from laurel.web.limits import network
from laurel.web.session import current_session, separate_transaction

UNKNOWN_NUMBERS = 30, timedelta(minutes=1)
"""So many numbers that we never gave out, from one network, by whatever door. Then it looks up none until the minute is over."""
WRONG_BY_ONE = 10, timedelta(days=1)
"""So many wrong names from one network about one certificate: then that network asks no more, and no other is kept from asking."""
WRONG_BY_ALL = 40, timedelta(days=1)
"""So many from all networks: from then on the day of the award is asked, too. Whoever was shown the certificate knows it; whoever tries
names has to try each with every day. Nobody is turned away, so nobody can switch the question off for others."""


class DayNeededError(Exception):
    """The name alone is not answered any more."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a private certificate is, and since when: what is asked, and what is compared with it."""

    credential_id: UUID
    name: str
    day: date


def refuse_guesses() -> None:
    """Raise TooManyRequests where this network has looked up too many numbers that are none. One read by primary key."""
    wait = find_wait(current_session(), _unknown_numbers())
    if wait is not None:
        raise _too_many(wait)


def count_guess() -> None:
    """A well-formed number was looked up that we never gave out. What is no number at all is no guess: it is not looked up."""
    with separate_transaction() as session:
        wait = count_try(session, [_unknown_numbers()], now=database_now(session))
    if wait is not None:
        raise _too_many(wait)


def needs_day(credential_id: UUID) -> bool:
    """Whether so many wrong names were tried that the day is asked, too."""
    return find_wait(current_session(), _wrong_by_all(credential_id)) is not None


def is_holder(holder: Holder, name: str, day: date | None) -> bool:
    """Whether the certificate is this name's. Only a wrong answer stays counted, and it is counted before it is given: however
    many ask at once, none gets one more. DayNeededError if the day is missing, TooManyRequests if this network has asked enough."""
    with separate_transaction() as session:
        now = database_now(session)
        wait = count_try(session, [_wrong_by_one(holder.credential_id)], now=now)
        if wait is not None:
            raise _too_many(wait)
        is_day_needed = count_try(session, [_wrong_by_all(holder.credential_id)], now=now) is not None
        if is_day_needed and day is None:
            raise DayNeededError
        belongs = is_same_name(name, holder.name) and (not is_day_needed or day == holder.day)
        if belongs:
            session.rollback()
    return belongs


def _unknown_numbers() -> Allowance:
    return Allowance("unknown number", network(), *UNKNOWN_NUMBERS)


def _wrong_by_one(credential_id: UUID) -> Allowance:
    return Allowance("wrong name", f"{credential_id} {network()}", *WRONG_BY_ONE)


def _wrong_by_all(credential_id: UUID) -> Allowance:
    return Allowance("wrong name by all", str(credential_id), *WRONG_BY_ALL)


def _too_many(wait: timedelta) -> TooManyRequests:
    return TooManyRequests(retry_after=max(1, int(wait.total_seconds()) + 1))
