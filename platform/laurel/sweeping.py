"""Going through many things by the order of their ids, for a while at a time: the only worker has exams to hand in, too."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import database_now
from laurel.credentials.queries.points import list_complete
from laurel.credentials.queries.renewing import list_earned
from laurel.credentials.services.points import renew_complete
from laurel.credentials.services.renewing import renew_earned

log = logging.getLogger("laurel.worker")
AT_A_STRETCH = timedelta(seconds=20)
Work = Callable[[UUID], bool]


class Sweep:
    """One kind of work. A run that had no time left is gone on with by the next, so that nothing at the front holds up what follows.

    What fails by itself is passed over. `hopeless` are failures that all the others would share: at the first the run ends.
    """

    def __init__(self, failure: str, *, hopeless: tuple[type[Exception], ...], stretch: timedelta = AT_A_STRETCH) -> None:
        self.after: UUID | None = None
        self._failure = failure
        self._hopeless = hopeless
        self._stretch = stretch

    @property
    def is_under_way(self) -> bool:
        """Whether the last run ended before it had seen everything."""
        return self.after is not None

    def run(self, find_next: Callable[[UUID | None], Sequence[UUID]], work: Work, *, ends_at: datetime | None = None) -> int:
        """`find_next(after)` gives some ids that follow one; returns for how many of them `work` was true."""
        done, ends_at = 0, ends_at or clock.now() + self._stretch
        while due := find_next(self.after):
            for one in due:
                try:
                    done += work(one)
                except self._hopeless:
                    log.exception(self._failure, one)
                    self.after = None
                    return done
                except Exception:
                    log.exception(self._failure, one)
                self.after = one
                if clock.now() >= ends_at:
                    return done
        self.after = None
        return done


class Sweeps:
    """The same work for several, each with a sweep of its own: what stops one stops no other. They share the time and take turns."""

    def __init__(self, failure: str, *, hopeless: tuple[type[Exception], ...], stretch: timedelta = AT_A_STRETCH) -> None:
        self._make = partial(Sweep, failure, hopeless=hopeless)
        self._stretch = stretch
        self._sweeps: dict[str, Sweep] = {}
        self._waiting: list[str] = []

    def begin(self, names: Sequence[str]) -> None:
        """It is time for these; who waits already keeps their turn."""
        self._waiting += [name for name in names if name not in self._waiting]

    def go_on(self, find_next: Callable[[str, UUID | None], Sequence[UUID]], work: Work) -> int:
        """Work until nobody waits or the time is over. Whoever is not done then comes after those who had no turn."""
        done, ends_at = 0, clock.now() + self._stretch
        while self._waiting:
            name = self._waiting.pop(0)
            sweep = self._sweeps.setdefault(name, self._make())
            done += sweep.run(partial(find_next, name), work, ends_at=ends_at)
            if sweep.is_under_way:
                self._waiting.append(name)
                break
        return done


def make_renewals(transaction: Callable[[], AbstractContextManager[Session]]) -> int:
    """Award the renewals that were earned and not made, because the call was lost or failed too often; returns how many."""

    def find_next(after: UUID | None) -> Sequence[UUID]:
        with transaction() as session:
            return list_earned(session, after=after)

    def make(attempt_id: UUID) -> bool:
        with transaction() as session:
            return renew_earned(session, attempt_id, now=database_now(session)) is not None

    return Sweep("What attempt %s renews could not be awarded", hopeless=()).run(find_next, make)


def make_point_renewals(transaction: Callable[[], AbstractContextManager[Session]]) -> int:
    """Award the renewals whose points were complete before their window opened; returns how many."""

    def find_next(after: UUID | None) -> Sequence[UUID]:
        with transaction() as session:
            return list_complete(session, now=database_now(session), after=after)

    def make(credential_id: UUID) -> bool:
        with transaction() as session:
            return renew_complete(session, credential_id, now=database_now(session)) is not None

    return Sweep("Certificate %s could not be renewed by its points", hopeless=()).run(find_next, make)
