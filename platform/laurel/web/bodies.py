"""How much a view takes: 256 kB, unless it says more. So a text that is too long for its field is told so beside it, and kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., Any])


def takes(limit: int) -> Callable[[View], View]:
    """Let a view be sent `limit` bytes."""

    def declare(view: View) -> View:
        view.takes_bytes = limit  # type: ignore[attr-defined]
        return view

    return declare


def init_app(app: Flask) -> None:
    """Before anything reads the form: its token is looked for in it, too."""

    @app.before_request
    def allow() -> None:
        limit = getattr(current_app.view_functions.get(request.endpoint or ""), "takes_bytes", None)
        if limit is not None:
            request.max_content_length = request.max_form_memory_size = limit
