"""Lists: the newest first, a page at a time, from one id to the next."""

from collections.abc import Sequence
from typing import Any

from stripesim.api.endpoint import Call
from stripesim.api.errors import exclusive, missing_object
from stripesim.store import Condition, Doc

DEFAULT_LIMIT = 10


def page(call: Call, kind: str, conditions: Sequence[Condition] = ()) -> Doc:
    """The page of `kind` that the call's `limit`, `starting_after` and `ending_before` ask for."""
    limit = call.params.get("limit", DEFAULT_LIMIT)
    before, after = _bound(call, kind, "starting_after"), _bound(call, kind, "ending_before")
    if before is not None and after is not None:
        raise exclusive("ending_before", "starting_after")
    docs = call.work.books.list(kind, conditions, limit=limit + 1, before=before, after=after)
    shown = docs[-limit:] if after is not None else docs[:limit]
    return envelope(shown, url=call.path, has_more=len(docs) > limit)


def slice_of(call: Call, docs: list[Doc]) -> Doc:
    """A page of objects that live inside another one, such as line items."""
    limit = call.params.get("limit", DEFAULT_LIMIT)
    ids = [doc["id"] for doc in docs]
    start, end = 0, len(docs)
    if (cursor := call.params.get("starting_after")) is not None:
        start = _index(ids, cursor, "starting_after") + 1
    if (cursor := call.params.get("ending_before")) is not None:
        end = _index(ids, cursor, "ending_before")
        start = max(start, end - limit)
    return envelope(docs[start:end][:limit], url=call.path, has_more=end - start > limit)


def envelope(docs: list[Doc], *, url: str, has_more: bool) -> Doc:
    return {"object": "list", "data": docs, "has_more": has_more, "url": url}


def conditions_of(params: dict[str, Any], *names: str) -> list[Condition]:
    """The equalities and ranges that the given parameters ask for."""
    found = []
    for name in names:
        value = params.get(name)
        if isinstance(value, list):
            found += [Condition(name, sign, bound) for sign, bound in value]
        elif value is not None:
            found.append(Condition(name, "=", value))
    return found


def _bound(call: Call, kind: str, param: str) -> int | None:
    object_id = call.params.get(param)
    if object_id is None:
        return None
    seq = call.work.books.position(kind, object_id)
    if seq is None:
        raise missing_object(kind, object_id, param=param, status=400)
    return seq


def _index(ids: list[str], cursor: str, param: str) -> int:
    if cursor not in ids:
        raise missing_object("item", cursor, param=param, status=400)
    return ids.index(cursor)
