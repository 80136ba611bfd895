"""Who hears of an event: the shop that the command line names, and the endpoints that were registered over the API."""

from dataclasses import dataclass

from stripesim.store import Books, Condition

MAIN = ""
KIND = "webhook_endpoint"


@dataclass(frozen=True, slots=True)
class Listener:
    """One address. `id` is empty for the main one, whose address and secret the courier knows."""

    id: str
    url: str = ""
    secret: str = ""


def listeners(books: Books, event_type: str) -> list[Listener]:
    """The main shop hears everything; a registered endpoint what it asked for."""
    registered = books.list(KIND, [Condition("status", "=", "enabled")])
    concerned = [endpoint for endpoint in registered if {"*", event_type} & set(endpoint["enabled_events"])]
    return [Listener(MAIN), *(_listener(books, endpoint["id"], endpoint["url"]) for endpoint in concerned)]


def find_listener(books: Books, endpoint_id: str) -> Listener | None:
    """The listener of a delivery; nothing if its endpoint was deleted meanwhile."""
    if endpoint_id == MAIN:
        return Listener(MAIN)
    endpoint = books.find(KIND, endpoint_id)
    return None if endpoint is None else _listener(books, endpoint_id, endpoint["url"])


def _listener(books: Books, endpoint_id: str, url: str) -> Listener:
    return Listener(endpoint_id, url, books.private(endpoint_id)["secret"])
