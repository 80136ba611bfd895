"""Whose turn it is to have many certificates packed: one file at a time in each process, until it is sent or its reader has gone.

Packing takes the processor from exams, and a slow reader keeps a thread. So there is one turn for holders and staff together, and
nobody waits for it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Lock

from flask import Flask, Response, current_app, flash, g, got_request_exception, redirect, stream_with_context
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from laurel.core.errors import UnavailableError
from laurel.credentials.views.base import bp, show_domain_error
from laurel.web.errors import wants_json

COME_AGAIN = "60"  # seconds
_packing = Lock()


class OneAtATimeError(UnavailableError):
    """Somebody else's file is being packed in this process. `page` has the button that was pressed."""

    message = "Another file is being packed. Try again in a minute."

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page


def take_turn(page: str) -> ExitStack:
    """What ends the turn when it is closed; raises OneAtATimeError while it is somebody else's."""
    if not _packing.acquire(blocking=False):
        raise OneAtATimeError(page)
    turn = ExitStack()
    turn.callback(_packing.release)
    return turn


def hand_out(held: ExitStack, pieces: Iterator[bytes], name: str) -> Response:
    """The ZIP file as it is packed. The turn is the answer's from now on, and ends with it."""
    g.packing_turn = turn = held.pop_all()
    response = Response(stream_with_context(_until_the_end(turn, pieces)), mimetype="application/zip")
    response.call_on_close(turn.close)  # whoever goes away before the first byte
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _until_the_end(turn: ExitStack, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with turn:
        yield from pieces


@bp.errorhandler(OneAtATimeError)
def lead_back(error: OneAtATimeError) -> ResponseReturnValue:
    """People go back to the page of the button, which says it; programs are told when to ask again."""
    if not wants_json():
        flash(error.message, "warning")
        return redirect(error.page, 303)
    response = current_app.make_response(show_domain_error(error))
    response.headers["Retry-After"] = COME_AGAIN
    return response


@bp.record_once
def end_turns_of_what_fails(state: BlueprintSetupState) -> None:
    """An answer that fails after its view, as when its session cannot be kept, is thrown away without being closed."""
    got_request_exception.connect(_end_turn, state.app)


def _end_turn(_app: Flask, **_facts: object) -> None:
    g.pop("packing_turn", ExitStack()).close()
