"""How often: Flask-Limiter with one table of limits. Counters are in Redis if there is one, else in this process's memory."""

from ipaddress import ip_address, ip_network

from flask import Flask, request
from flask_limiter import Limiter

from laurel.settings import Settings
from laurel.web.access import viewer


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


limiter = Limiter(key_func=person_or_network)

SAVE = "120 per minute"
START = "6 per minute"
VERIFY = "60 per minute"
DEFAULT = "300 per minute"


def init_app(app: Flask, settings: Settings) -> None:
    app.config.update(
        RATELIMIT_DEFAULT=DEFAULT,
        RATELIMIT_HEADERS_ENABLED=False,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
        RATELIMIT_STORAGE_OPTIONS={"socket_timeout": 0.3} if settings.redis_url else {},
    )
    limiter.init_app(app)
