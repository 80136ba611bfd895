"""One transaction's work: its books, its moment, and on whose behalf it is done."""

from collections.abc import Callable
from dataclasses import dataclass, field

from stripesim.store import Books


@dataclass(frozen=True, slots=True)
class Origin:
    """The API request that causes the work; empty for what a buyer or the clock causes."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What every verb of the sandbox is given first."""

    books: Books
    now: int
    ahead: int
    """How far `now` is ahead of the shop's clock."""
    public_url: str
    enqueue: Callable[[Books, str], None]
    origin: Origin = field(default_factory=Origin)
