"""Whether a JSON-LD document is spelled as everybody spells it.

A signature covers what a document means, not its members: readers of JSON see all that was signed only if the document is the
compacted form of its own expansion (VC Data Integrity 1.0, §2.4.1).
"""

from typing import Any
from urllib.parse import urlsplit

from laurel.credentials.rules.gate import CONTEXT, is_address

VOCABULARY = frozenset({CONTEXT, "type"})


def find_difference(document: Any, compacted: Any, place: str = "") -> str | None:
    """Where the document first differs from its compacted form; None if nowhere. A list of one counts as its entry, `{"id": x}` as x."""
    ours, theirs = _fold(document), _fold(compacted)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            there = f"{place}/{key}"
            found = find_difference(ours[key], theirs[key], there) if key in ours and key in theirs else there
            if found is not None:
                return found
        return None
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return next((found for at, (mine, other) in pairs if (found := find_difference(mine, other, f"{place}/{at}")) is not None), None)
    is_same = type(ours) is type(theirs) and ours == theirs
    return None if is_same else place or "/"


def _fold(value: Any) -> Any:
    while True:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif isinstance(value, dict) and value.keys() == {"id"}:
            value = value["id"]
        else:
            return value


def shape_of(value: Any, key: str = "") -> object:
    """What the spelling of a document depends on: members, kinds of values, contexts and types, and whose its addresses are.

    Compaction chooses a term by these and never by the words of a text, so documents of one shape are spelled well or badly together.
    """
    if key in VOCABULARY:
        return str(value)
    if isinstance(value, dict):
        return frozenset((name, shape_of(entry, name)) for name, entry in value.items())
    if isinstance(value, list):
        return len(value) > 1, frozenset(shape_of(entry, key) for entry in value)
    if isinstance(value, str) and is_address(key):
        return urlsplit(value)[:2]
    return type(value)
