"""The thread that carries events to the shop's webhook endpoint."""

import http.client
import itertools
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from stripesim.clock import Clock
from stripesim.recording import Recorder
from stripesim.secret_file import Secrets
from stripesim.store import Store
from stripesim.webhooks.listeners import find_listener
from stripesim.webhooks.mode import Flavor
from stripesim.webhooks.queue import Delivery, Outcome, Queue
from stripesim.webhooks.signature import sign

log = logging.getLogger(__name__)

TIMEOUT = 10.0
LONGEST_NAP = 1.0
STALENESS = 3600
HEADERS = {
    "Accept": "*/*; q=0.5, application/xml",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


class Courier:
    """Delivers what is due: events one after the other, copies of one event side by side."""

    def __init__(
        self,
        store: Store,
        queue: Queue,
        clock: Clock,
        secrets: Secrets,
        recorder: Recorder,
        *,
        url: str,
    ) -> None:
        self._store, self._queue, self._clock = store, queue, clock
        self._secrets, self._recorder, self._url = secrets, recorder, url
        self._awake, self._stopping = threading.Event(), threading.Event()
        self._answered = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._awake.set()
        self._thread.join(timeout=TIMEOUT + 1)

    def wake(self) -> None:
        self._awake.set()

    def wait_for_answer(self, event_id: str, *, seconds: float) -> None:
        """Return when the shop has answered the event's first delivery, or when time is up."""
        deadline = time.monotonic() + seconds
        with self._answered:
            while (left := deadline - time.monotonic()) > 0:
                with self._store.transaction() as books:
                    if not self._queue.is_unanswered(books, event_id):
                        return
                self._answered.wait(left)

    def _run(self) -> None:
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="courier") as pool:
            while not self._stopping.is_set():
                self._awake.clear()
                with self._store.transaction() as books:
                    due = self._queue.take_due(books)
                    wait = self._queue.next_wait(books)
                for _, copies in itertools.groupby(due, key=lambda one: one.event["id"]):
                    list(pool.map(self._deliver, copies))
                if not due:
                    self._awake.wait(LONGEST_NAP if wait is None else min(wait, LONGEST_NAP))

    def _deliver(self, delivery: Delivery) -> None:
        if self._stopping.is_set():
            return  # it is queued again at the next start
        try:
            outcome = self._send(delivery)
        except Exception as error:  # whatever it is, the next delivery must go out
            log.exception("%s could not be sent", delivery.event["type"])
            outcome = Outcome(None, repr(error))
        if not outcome.is_accepted:
            log.info("%s not accepted: %s", delivery.event["type"], outcome)
        with self._store.transaction() as books:
            self._queue.settle(books, delivery, outcome)
        with self._answered:
            self._answered.notify_all()

    def _send(self, delivery: Delivery) -> Outcome:
        with self._store.transaction() as books:
            listener = find_listener(books, delivery.endpoint)
        if listener is None:
            return Outcome(410, "This webhook endpoint was deleted.")
        payload = json.dumps(delivery.event, indent=2, ensure_ascii=False).encode()
        secret = listener.secret or self._secrets.webhook_secret
        headers = HEADERS | {"Stripe-Signature": self._signature(delivery.flavor, payload, secret)}
        if delivery.flavor is Flavor.GENUINE:
            self._recorder.webhook(delivery.event)
        try:
            return Outcome(post(listener.url or self._url, payload, headers))
        except (OSError, http.client.HTTPException) as error:
            return Outcome(None, f"{type(error).__name__}: {error}")

    def _signature(self, flavor: Flavor, payload: bytes, secret: str) -> str:
        at = self._clock.wall()
        if flavor is Flavor.FORGED:
            secret = "whsec_forged"  # noqa: S105 (wrong on purpose)
        if flavor is Flavor.STALE:
            at -= STALENESS
        return sign(payload, secret=secret, at=at)


def post(url: str, payload: bytes, headers: dict[str, str]) -> int:
    """Post the payload and return the status. Follows no redirect and asks no proxy."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", target, payload, headers)
        return connection.getresponse().status
    finally:
        connection.close()
