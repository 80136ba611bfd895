"""What a document means: its JSON-LD and its canonical RDF, by `pyld`. No address is ever fetched."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

from laurel.credentials.rules.gate import UnsignableError

Result = TypeVar("Result")
Contexts = Mapping[str, dict[str, Any]]

# pyld keeps its contexts in caches for the whole process, and they are not thread-safe. openbadgeslib, which uses pyld too, brings its own.
_processing = threading.Lock()
_shipped = document_loader()


def expand(document: dict[str, Any]) -> list[Any]:
    """The document with every term as the address that it stands for.

    Raises UnsignableError for a term that no context defines: it would be left out of what is signed, without a word.
    """

    def refuse(term: str | None) -> None:
        raise UnsignableError("unknown term", str(term))

    return _process(lambda: jsonld.expand(document, {"documentLoader": _shipped}, on_property_dropped=refuse))


def compact(expanded: Sequence[Any], context: Sequence[str]) -> dict[str, Any]:
    """An expanded document in the terms of these contexts, as any processor would write it."""
    return _process(lambda: jsonld.compact(expanded, context, {"documentLoader": _shipped, "skipExpansion": True}))


def canonize(document: dict[str, Any] | Sequence[Any], contexts: Contexts | None = None) -> str:
    """What the document says, one statement a line, the same for all documents that say the same (RDFC-1.0).

    `contexts` are known besides those that openbadgeslib ships.
    """
    loader = document_loader(contexts) if contexts else _shipped
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": loader}
    return str(_process(lambda: jsonld.normalize(document, options)))


def _process(work: Callable[[], Result]) -> Result:
    try:
        with _processing:
            return work()
    except jsonld.JsonLdError as error:
        raise UnsignableError("JSON-LD", str(error)[:300]) from error
