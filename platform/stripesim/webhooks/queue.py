"""What is still to be delivered. It is a table, so a restart loses nothing."""

import random
from dataclasses import dataclass

from stripesim.clock import Clock
from stripesim.store import Books, Doc
from stripesim.webhooks.listeners import listeners
from stripesim.webhooks.mode import DeliveryMode, Flavor, Mode

# Seconds before each further attempt; after the last one (about three days) the delivery is dead.
RETRY_AFTER = (1, 5, 30, 300, 1800, 7200, 21600, 43200, 86400, 86400)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way, taken from the queue."""

    id: int
    event: Doc
    endpoint: str
    flavor: Flavor
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: a status, or the reason why there is none."""

    status: int | None
    error: str | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Queue:
    """The deliveries, and the mode in which new ones are made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.mode = DeliveryMode()

    def add(self, books: Books, event_id: str) -> None:
        """Queue a fresh event, in the way that the present mode says."""
        for listener in listeners(books, books.get("event", event_id)["type"]):
            for _ in range(self.mode.count):
                self._insert(books, event_id, listener.id, self.mode.flavor, wait=self._wait())

    def add_again(self, books: Books, event_id: str, flavor: Flavor = Flavor.GENUINE) -> None:
        """Queue an event once more, whatever the mode: somebody pressed Resend."""
        for listener in listeners(books, books.get("event", event_id)["type"]):
            self._insert(books, event_id, listener.id, flavor, wait=0.0)

    def _wait(self) -> float:
        if self.mode.mode is Mode.DELAYED:
            return self.mode.seconds
        if self.mode.mode is Mode.SHUFFLED:
            return random.random() * self.mode.seconds  # noqa: S311 (not a secret)
        return 0.0

    def _insert(self, books: Books, event_id: str, endpoint: str, flavor: Flavor, *, wait: float) -> None:
        books.connection.execute(
            "INSERT INTO deliveries (event_id, endpoint, flavor, state, next_at) VALUES (?, ?, ?, 'waiting', ?)",
            (event_id, endpoint, flavor, self._clock.now_precisely() + wait),
        )

    def take_due(self, books: Books) -> list[Delivery]:
        """The deliveries whose time has come, in order; they are marked as being sent."""
        rows = books.connection.execute(
            "SELECT id, event_id, endpoint, flavor, attempts FROM deliveries"
            " WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at, id LIMIT 100",
            (self._clock.now_precisely(),),
        ).fetchall()
        books.connection.executemany("UPDATE deliveries SET state = 'sending' WHERE id = ?", [(row["id"],) for row in rows])
        return [
            Delivery(
                row["id"],
                books.get("event", row["event_id"]),
                row["endpoint"],
                Flavor(row["flavor"]),
                row["attempts"],
            )
            for row in rows
        ]

    def settle(self, books: Books, delivery: Delivery, outcome: Outcome) -> None:
        """Note what became of it. A hostile delivery is tried only once."""
        attempts = delivery.attempts + 1
        state, next_at = "delivered", 0.0
        if not outcome.is_accepted:
            is_over = delivery.flavor is not Flavor.GENUINE or attempts > len(RETRY_AFTER)
            state = "dead" if is_over else "waiting"
            wait = 0 if is_over else RETRY_AFTER[attempts - 1]
            next_at = self._clock.now_precisely() + wait
        is_news = outcome.is_accepted and delivery.flavor is Flavor.GENUINE and not self._has_arrived(books, delivery)
        books.connection.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, last_status = ?, last_error = ? WHERE id = ?",
            (state, attempts, next_at, outcome.status, outcome.error, delivery.id),
        )
        if is_news:
            event = books.get("event", delivery.event["id"])
            books.update(event | {"pending_webhooks": max(0, event["pending_webhooks"] - 1)})

    @staticmethod
    def _has_arrived(books: Books, delivery: Delivery) -> bool:
        """Whether this listener has accepted the event before."""
        found = books.connection.execute(
            "SELECT 1 FROM deliveries WHERE event_id = ? AND endpoint = ? AND flavor = 'genuine' AND state = 'delivered' LIMIT 1",
            (delivery.event["id"], delivery.endpoint),
        ).fetchone()
        return found is not None

    def next_wait(self, books: Books) -> float | None:
        """Seconds until the next delivery is due; nothing if none waits."""
        row = books.connection.execute("SELECT min(next_at) AS soonest FROM deliveries WHERE state = 'waiting'").fetchone()
        if row["soonest"] is None:
            return None
        return max(0.0, float(row["soonest"]) - self._clock.now_precisely())

    def is_unanswered(self, books: Books, event_id: str) -> bool:
        """Whether the event still waits for the first answer to its first delivery."""
        row = books.connection.execute(
            "SELECT count(*) AS total, coalesce(sum(attempts > 0), 0) AS tried FROM deliveries WHERE event_id = ?",
            (event_id,),
        ).fetchone()
        return bool(row["total"] > 0 and row["tried"] == 0)

    @staticmethod
    def list(books: Books, *, limit: int, before: int | None = None, event_id: str | None = None) -> list[Doc]:
        """The log, the newest first: all of it, what came before one entry, or that of one event."""
        rows = books.connection.execute(
            "SELECT d.*, json_extract(o.doc, '$.type') AS type FROM deliveries d JOIN objects o ON o.id = d.event_id"
            " WHERE (? IS NULL OR d.id < ?) AND (? IS NULL OR d.event_id = ?) ORDER BY d.id DESC LIMIT ?",
            (before, before, event_id, event_id, limit),
        ).fetchall()
        return [dict(row) for row in rows]

    @staticmethod
    def recover(books: Books) -> None:
        """Queue again what a former process was sending when it died."""
        books.connection.execute("UPDATE deliveries SET state = 'waiting' WHERE state = 'sending'")
