"""The control API: `/_sim/…`, JSON in and out, with the sandbox's key."""

from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, current_app, request

from stripesim.api import gate
from stripesim.api.endpoint import find_named
from stripesim.api.errors import ApiError, invalid
from stripesim.checkout import lifecycle
from stripesim.sandbox import Sandbox
from stripesim.sim.faults import Fault, FaultKind
from stripesim.store import Doc
from stripesim.webhooks.mode import DeliveryMode, Mode

Kind = TypeVar("Kind", bound=StrEnum)

MOST_COPIES = 50
LONGEST_WAIT = 60.0

bp = Blueprint("sim", __name__, url_prefix="/_sim")


def _sandbox() -> Sandbox:
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


@bp.before_request
def authenticate() -> None:
    gate.authenticate(request.headers, _sandbox().secrets.secret_key)


@bp.errorhandler(ApiError)
def refuse(error: ApiError) -> tuple[Doc, int]:
    return error.body(), error.status


@bp.get("/faults")
def list_faults() -> Doc:
    return {"faults": [fault.told() for fault in _sandbox().faults.list()]}


@bp.post("/faults")
def add_fault() -> Doc:
    """Let the next matching API requests fail; `times` null means until the faults are cleared."""
    asked = _asked({"kind", "method", "path_prefix", "times", "seconds"})
    kind = _one_of(FaultKind, asked.pop("kind", None), "kind")
    times = asked.pop("times", 1)
    if times is not None:
        times = int(_number(times, "times", most=10_000))
    seconds = _number(asked.pop("seconds", 0), "seconds", most=LONGEST_WAIT)
    if any(not isinstance(value, str) for value in asked.values()):
        raise invalid("method and path_prefix are texts.")
    _sandbox().faults.add(Fault(kind, times=times, seconds=seconds, **asked))
    return list_faults()


@bp.delete("/faults")
def clear_faults() -> Doc:
    _sandbox().faults.clear()
    return list_faults()


@bp.get("/delivery")
def show_delivery() -> Doc:
    return _sandbox().queue.mode.told()


@bp.post("/delivery")
def change_delivery() -> Doc:
    """Choose how the events to come are delivered. Those already queued keep their way."""
    asked = _asked({"mode", "copies", "seconds"})
    _sandbox().queue.mode = DeliveryMode(
        mode=_one_of(Mode, asked.get("mode"), "mode"),
        copies=int(_number(asked.get("copies", 2), "copies", most=MOST_COPIES)),
        seconds=_number(asked.get("seconds", 1.0), "seconds", most=3600),
    )
    return show_delivery()


@bp.get("/deliveries")
def list_deliveries() -> Doc:
    with _sandbox().work() as work:
        return {"deliveries": _sandbox().queue.list(work.books, limit=200)}


@bp.post("/events/<event_id>/resend")
def resend_event(event_id: str) -> Doc:
    with _sandbox().work() as work:
        event = find_named(work, "event", event_id, param="id", status=404)
        _sandbox().queue.add_again(work.books, event_id)
    return event


@bp.post("/sessions/<session_id>/expire")
def expire_session(session_id: str) -> Doc:
    with _sandbox().work() as work:
        session = find_named(work, "checkout.session", session_id, param="id", status=404)
        if session["status"] != "open":
            raise invalid(f"The session is {session['status']}.")
        return lifecycle.expire(work, session)


@bp.post("/clock")
def advance_clock() -> Doc:
    """Move time forward: sessions expire, retries come due, keys are forgotten."""
    asked = _asked({"advance"})
    seconds = int(_number(asked.get("advance"), "advance", most=366 * 24 * 3600))
    now = _sandbox().advance_clock(seconds)
    with _sandbox().work() as work:
        lifecycle.expire_overdue(work)
    return {"now": now}


def _asked(names: set[str]) -> dict[str, Any]:
    asked = request.get_json(force=True, silent=True)
    if not isinstance(asked, dict):
        raise invalid("The body must be a JSON object.")
    for name in asked:
        if name not in names:
            raise invalid(f"Unknown field: {name}. Known are {', '.join(sorted(names))}.")
    return asked


def _one_of(kinds: type[Kind], value: Any, name: str) -> Kind:
    try:
        return kinds(value)
    except ValueError as error:
        known = ", ".join(kinds)
        raise invalid(f"{name} must be one of {known}.", param=name) from error


def _number(value: Any, name: str, *, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise invalid(f"{name} must be a number from 0 to {most}.", param=name)
    return float(value)
