"""The sandbox as a whole: its store, clock, secrets, queue and courier, joined together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stripesim.api import idempotency
from stripesim.clock import Clock
from stripesim.recording import Recorder
from stripesim.secret_file import Secrets, load_or_make
from stripesim.sim.faults import Faults
from stripesim.store import Store
from stripesim.webhooks.courier import Courier
from stripesim.webhooks.queue import Queue
from stripesim.work import Origin, Work

NOBODY = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line says."""

    db: Path
    secret_file: Path
    webhook_url: str
    public_url: str
    port: int = 0
    record: Path | None = None


class Sandbox:
    """One running sandbox. `public_url` is where browsers find its pages."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.db)
        self.secrets: Secrets = load_or_make(settings.secret_file)
        self.recorder = Recorder(settings.record)
        self.faults = Faults()
        with self.store.transaction() as books:
            self.clock = Clock(books.setting("clock_ahead") or 0)
            self.queue = Queue(self.clock)
            self.queue.recover(books)
            idempotency.release_all(books)
        self.courier = Courier(
            self.store,
            self.queue,
            self.clock,
            self.secrets,
            self.recorder,
            url=settings.webhook_url,
        )

    @contextmanager
    def work(self, origin: Origin = NOBODY) -> Iterator[Work]:
        """One transaction; the courier looks at the queue after it."""
        with self.store.transaction() as books:
            yield Work(
                books=books,
                now=self.clock.now(),
                ahead=self.clock.ahead,
                public_url=self.settings.public_url,
                enqueue=self.queue.add,
                origin=origin,
            )
        self.courier.wake()

    def advance_clock(self, seconds: int) -> int:
        """Move the sandbox's time forward, for good. Returns the new moment."""
        with self.store.transaction() as books:
            self.clock.advance(seconds)
            books.set_setting("clock_ahead", self.clock.ahead)
        self.courier.wake()
        return self.clock.now()

    def close(self) -> None:
        self.courier.stop()
        self.store.close()
