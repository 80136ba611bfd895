"""The pulse of a web process: every few seconds it says that it is there, notices when nobody was, and gives the time back."""

import logging
import threading
import time
from datetime import timedelta
from uuid import UUID

from laurel.core.db import Database, database_now
from laurel.quizzes import services
from laurel.quizzes.queries.outages import list_unsettled
from laurel.quizzes.rules.outages import BEAT

log = logging.getLogger("laurel.pulse")


class Pulse:
    """Heartbeats of one process, on a connection of their own: a pool that is used up stops no heartbeat."""

    def __init__(self, database: Database, instance: str) -> None:
        self.database = database
        self.instance = instance
        self.last: float | None = None

    def beat(self) -> None:
        """One heartbeat, and what follows from it. A database that is away is told later what was missed."""
        moment = time.monotonic()
        passed = None if self.last is None else timedelta(seconds=moment - self.last)
        failed = services.failed_saves.take()
        try:
            with self.database.session(writes=True) as session:
                now = database_now(session)
                services.beat(session, instance=self.instance, now=now, passed=passed, failed=failed)
                session.commit()
            self.last = moment
            settle_outages(self.database)
        except Exception:
            services.failed_saves.add(failed)
            log.exception("A heartbeat was lost")

    def start(self) -> None:
        """Beat now, before the first request is answered, and from then on in a thread that ends with the process."""
        self.beat()
        threading.Thread(target=self._run, name="pulse", daemon=True).start()

    def _run(self) -> None:
        waiting = threading.Event()
        while not waiting.wait(BEAT.total_seconds()):
            self.beat()


def settle_outages(database: Database) -> None:
    """Give everybody back what the outages written down took from them, a few at a time; what a crash left undone is taken up again."""
    with database.session(writes=False) as session:
        unsettled = list_unsettled(session)
    for outage in unsettled:
        after: UUID | None = None
        while True:
            with database.session(writes=True) as session:
                after = services.settle_some(session, outage, after=after, now=database_now(session))
                session.commit()
            if after is None:
                break
