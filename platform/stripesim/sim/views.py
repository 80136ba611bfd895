"""The control API: `/_sim/…`, JSON in and out, with the sandbox's key. Here: time, faults and delivery."""

from flask import Blueprint, current_app, request

from stripesim import upkeep
from stripesim.api import gate
from stripesim.api.errors import ApiError, invalid
from stripesim.sandbox import Sandbox
from stripesim.sim.asked import asked, number, one_of, whole
from stripesim.sim.faults import Fault, FaultKind
from stripesim.store import Doc
from stripesim.webhooks.mode import DeliveryMode, Mode

MOST_COPIES = 50
LONGEST_WAIT = 60.0
LONGEST_DELAY = 3600
LONGEST_JUMP = 366 * 24 * 3600
SHOWN_DELIVERIES = 200

bp = Blueprint("sim", __name__, url_prefix="/_sim")


def sandbox() -> Sandbox:
    found: Sandbox = current_app.extensions["sandbox"]
    return found


@bp.before_request
def authenticate() -> None:
    gate.authenticate(request.headers, sandbox().secrets.secret_key)


@bp.errorhandler(ApiError)
def refuse(error: ApiError) -> tuple[Doc, int]:
    return error.body(), error.status


@bp.get("/faults")
def list_faults() -> Doc:
    return {"faults": [fault.told() for fault in sandbox().faults.list()]}


@bp.post("/faults")
def add_fault() -> Doc:
    """Let the next matching API requests fail; `times` null means until the faults are cleared."""
    said = asked({"kind", "method", "path_prefix", "times", "seconds"})
    kind = one_of(FaultKind, said.pop("kind", None), "kind")
    times = said.pop("times", 1)
    if times is not None:
        times = whole(times, "times", least=1, most=10_000)
    seconds = number(said.pop("seconds", 0), "seconds", most=LONGEST_WAIT)
    if any(not isinstance(value, str) for value in said.values()):
        raise invalid("method and path_prefix are texts.")
    sandbox().faults.add(Fault(kind, times=times, seconds=seconds, **said))
    return list_faults()


@bp.delete("/faults")
def clear_faults() -> Doc:
    sandbox().faults.clear()
    return list_faults()


@bp.get("/delivery")
def show_delivery() -> Doc:
    return sandbox().queue.mode.told()


@bp.post("/delivery")
def change_delivery() -> Doc:
    """Choose how the events to come are delivered. Those already queued keep their way."""
    said = asked({"mode", "copies", "seconds"})
    sandbox().queue.mode = DeliveryMode(
        mode=one_of(Mode, said.get("mode"), "mode"),
        copies=whole(said.get("copies", 2), "copies", most=MOST_COPIES),
        seconds=number(said.get("seconds", 1.0), "seconds", most=LONGEST_DELAY),
    )
    return show_delivery()


@bp.get("/deliveries")
def list_deliveries() -> Doc:
    """The log, the newest first: `?event=evt_…` for one event, `?before=<id>` for what came earlier."""
    with sandbox().work() as work:
        found = sandbox().queue.list(
            work.books,
            limit=SHOWN_DELIVERIES,
            before=request.args.get("before", type=int),
            event_id=request.args.get("event"),
        )
    return {"deliveries": found}


@bp.get("/clock")
def show_clock() -> Doc:
    return {"now": sandbox().clock.now(), "ahead": sandbox().clock.ahead}


@bp.post("/clock")
def advance_clock() -> Doc:
    """Move time forward: sessions expire, banks answer, retries come due, keys are forgotten."""
    seconds = whole(asked({"advance"}).get("advance"), "advance", most=LONGEST_JUMP)
    return {"now": advance(sandbox(), seconds)}


def advance(where: Sandbox, seconds: int) -> int:
    now = where.advance_clock(seconds)
    with where.work() as work:
        upkeep.catch_up(work)
    return now
