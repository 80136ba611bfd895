"""How often, for the load: Flask-Limiter with one table of limits. Counters are in Redis if there is one, else in this process's memory.

What must not be guessed is counted in the database instead (`web.counters`, docs/decisions/0028).
"""

import logging
import time
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from flask_limiter import Limiter, RequestLimit
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter, RateLimiter
from werkzeug.exceptions import TooManyRequests

from laurel.core import clock
from laurel.settings import Settings
from laurel.web.access import viewer

log = logging.getLogger("laurel.limits")
View = TypeVar("View", bound=Callable[..., Any])


def network() -> str:
    """The client's address; IPv6 by its /64, which one household or office shares."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def person_or_network() -> str:
    """The signed-in person, else the network."""
    found = viewer()
    return f"user:{found.id}" if found is not None else f"net:{network()}"


def names_no_certificate() -> bool:
    """Whether a form is only opened: neither the address nor a body says which certificate is meant."""
    return request.method in {"GET", "HEAD"} and not request.view_args and not request.args.get("number", "").strip()


def say_what_was_refused(limit: RequestLimit) -> None:
    """For the operator: what was asked for too often, and not by whom."""
    log.info("Too often: %s at %s", limit.limit, request.endpoint)


limiter = Limiter(key_func=person_or_network, on_breach=say_what_was_refused)
limiter.logger.setLevel(logging.WARNING)
"""Below that the library names the client's address; who looks at a certificate stands in no log (docs/production.md)."""

SAVE = "120 per minute"
START = "6 per minute"
VERIFY = limiter.shared_limit("60 per minute", scope="verify", exempt_when=names_no_certificate, override_defaults=False)
"""Looking certificates up, by whatever door: by number or by file, on the page or by the API. Opening the form counts as any page does."""
DEFAULT = "300 per minute"


class CalmMemory(Storage):
    """Counters in this process's memory; what is over is cleared away once a minute, by whoever counts then.

    The library's own starts a thread a hundred times a second while anybody counts, and each looks at every counter.
    """

    STORAGE_SCHEME = ["calm"]  # noqa: RUF012 (the library asks for a list)
    CLEAR_EVERY = 60.0

    def __init__(self, uri: str | None = None, **_options: object) -> None:
        super().__init__(uri)
        self.lock = Lock()
        self.counters: dict[str, tuple[int, float]] = {}
        self.clear_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, in a window of `expiry` seconds that begins with the first; returns how many there are now."""
        now = time.monotonic()
        with self.lock:
            if now >= self.clear_at:
                self.counters = {name: counter for name, counter in self.counters.items() if now < counter[1]}
                self.clear_at = now + self.CLEAR_EVERY
            count, ends_at = self.counters.get(key, (0, 0.0))
            if now >= ends_at:
                count, ends_at = 0, now + expiry
            self.counters[key] = count + amount, ends_at
            return count + amount

    def get(self, key: str) -> int:
        count, ends_at = self.counters.get(key, (0, 0.0))
        return count if time.monotonic() < ends_at else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, as seconds since 1970."""
        left = max(0.0, self.counters.get(key, (0, 0.0))[1] - time.monotonic())
        return clock.now().timestamp() + left

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self.lock:
            count = len(self.counters)
            self.counters.clear()
        return count

    def clear(self, key: str) -> None:
        with self.lock:
            self.counters.pop(key, None)


class Tally:
    """Counts in the shared store of the limits, and in this process for the five seconds after the store failed."""

    AWAY = 5.0

    def __init__(self, shared: Callable[[], RateLimiter]) -> None:
        self.shared = shared
        self.own = FixedWindowRateLimiter(CalmMemory())
        self.away_until = 0.0

    def hit(self, item: RateLimitItem, key: str) -> bool:
        """Count one; whether that is still allowed."""
        return self._ask(lambda limits: limits.hit(item, key))

    def _ask(self, question: Callable[[RateLimiter], bool]) -> bool:
        if time.monotonic() >= self.away_until:
            try:
                return question(self.shared())
            except Exception:
                self.away_until = time.monotonic() + self.AWAY
                log.warning("Counting in this process: the store of limits does not answer", exc_info=True)
        return question(self.own)


tally = Tally(lambda: limiter.limiter)


def at_most(limit: str, key: Callable[[], str]) -> Callable[[View], View]:
    """Like `limiter.limit`, and instead of it, for a view that is called so often that looking up what applies to it would be a
    tenth of its work: this counts, under `key`, and does nothing else."""
    item = parse(limit)

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **values: Any) -> Any:
            if not tally.hit(item, key()):
                raise TooManyRequests(retry_after=item.get_expiry())
            return view(*args, **values)

        counted.counts_itself = True  # type: ignore[attr-defined]
        return cast(View, counted)

    return decorate


@limiter.request_filter
def counts_itself() -> bool:
    """Whether the view counts by `at_most`: the library looks no further then."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "counts_itself", False)


def init_app(app: Flask, settings: Settings) -> None:
    app.config.update(
        RATELIMIT_DEFAULT=DEFAULT,
        RATELIMIT_HEADERS_ENABLED=False,
        RATELIMIT_STORAGE_URI=settings.redis_url or "calm://",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
        RATELIMIT_STORAGE_OPTIONS={"socket_timeout": 0.3} if settings.redis_url else {},
    )
    limiter.init_app(app)
