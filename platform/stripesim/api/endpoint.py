"""One line of the API: where it is, what it takes, what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripesim.api.errors import missing_object
from stripesim.api.shape import Field, Group, Integer, ListOf, Text
from stripesim.store import Doc
from stripesim.work import Work

NOTHING = Group({})
EXPAND: dict[str, Field] = {"expand": ListOf(Text())}
PAGE: dict[str, Field] = {
    "limit": Integer(1, 100),
    "starting_after": Text(),
    "ending_before": Text(),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that passed every check of form."""

    work: Work
    path: str
    object_id: str
    params: dict[str, Any]

    def subject(self, kind: str, *, label: str | None = None) -> Doc:
        """The object that the path names, or 404."""
        return find_named(self.work, kind, self.object_id, param="id", label=label, status=404)


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: str
    path: str
    run: Callable[[Call], Doc]
    takes: Group = NOTHING

    @property
    def shape(self) -> Group:
        return self.takes.plus(EXPAND)


def listing(path: str, run: Callable[[Call], Doc], filters: dict[str, Field]) -> Endpoint:
    return Endpoint("GET", path, run, Group({**filters, **PAGE}))


def find_named(
    work: Work,
    kind: str,
    object_id: str,
    *,
    param: str,
    label: str | None = None,
    status: int = 400,
) -> Doc:
    """The object that a parameter names, or Stripe's words for its absence."""
    doc = work.books.find(kind, object_id)
    if doc is None:
        raise missing_object(label or kind, object_id, param=param, status=status)
    return doc
