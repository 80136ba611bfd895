"""One thread of each process is kept free for exams: pages that hang, whatever the reason, do not take the saving of answers with them.

The connections need no such reserve: there are more of them than threads. It is the threads that run out.
"""

from collections.abc import Callable
from threading import Condition
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from laurel.core.errors import UnavailableError

THREADS = 4
"""The threads of one web process."""
PATIENCE_SECONDS = 1.0
"""So long a page waits for a place. It holds the last thread meanwhile; where pages hang it is the next in vain, and does not."""

View = TypeVar("View", bound=Callable[..., Any])


class Places:
    """Places for requests that are not urgent."""

    def __init__(self, number: int, *, patience: float = PATIENCE_SECONDS) -> None:
        self._free = number
        self._patience = patience
        self._is_stuck = False
        self._changed = Condition()

    def take(self) -> bool:
        """Take a place; False if none became free in time. Once one has waited in vain, nobody waits until something moves."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0, timeout=0 if self._is_stuck else self._patience):
                self._is_stuck = True
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._is_stuck = False
            self._changed.notify()


def urgent(view: View) -> View:
    """A view that an exam depends on: it may use every thread."""
    view.is_urgent = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask, places: Places | None = None) -> None:
    places = places or Places(THREADS - 1)

    @app.before_request
    def enter() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, "is_urgent", False):
            return
        if not places.take():
            raise UnavailableError("Too many pages are waiting at the moment. Nothing was changed.")
        g.has_place = True

    @app.teardown_request
    def leave(_error: BaseException | None = None) -> None:
        if g.pop("has_place", False):
            places.give_back()
