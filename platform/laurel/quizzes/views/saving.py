"""Saving by script: answers as they are given, and which tab may do it."""

from typing import Any
from uuid import UUID

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from laurel.core.db import database_now
from laurel.quizzes import queries, services
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.saving import InvalidSaveError, SaveRequest, read_request
from laurel.quizzes.services import ReusedOpError, SaveReply
from laurel.quizzes.views.blueprint import bp
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import SAVE, at_most
from laurel.web.session import current_session, transaction
from laurel.web.urgency import urgent

MAX_BODY = 64 * 1024


def per_attempt() -> str:
    """The limit is the attempt's: a whole campus may sit behind one address."""
    return f"attempt:{(request.view_args or {}).get('attempt_id')}"


def read_body(attempt_id: UUID) -> SaveRequest:
    """The request's JSON; 415 for another type, 413 for more than 64 kB, InvalidSaveError for what is no saving.

    Whoever has no such attempt hears 404, whatever they send.
    """
    try:
        return _read_body()
    except (HTTPException, InvalidSaveError):
        queries.get_attempt_of(current_session(), my_id(), attempt_id)
        raise


def _read_body() -> SaveRequest:
    if request.mimetype != "application/json":
        abort(415)
    if (request.content_length or 0) > MAX_BODY:
        abort(413)
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:  # sent in chunks, without saying how much
        abort(413)
    return read_request(body)


@bp.patch("/<uuid:attempt_id>/answers")
@policy(PATCH=SIGNED_IN)
@urgent
@at_most(SAVE, key=per_attempt)
def save_answers(attempt_id: UUID) -> ResponseReturnValue:
    """Save a batch. 200 means that `saved` is on disk; without items it only tells where the attempt stands."""
    try:
        wanted = read_body(attempt_id)
        with transaction() as session:
            reply = services.save_answers(session, attempt_id=attempt_id, learner_id=my_id(), items=wanted.items, lease=wanted.lease)
            if wanted.trouble:
                attempt = queries.lock_attempt_of(session, my_id(), attempt_id)
                services.report_trouble(session, attempt, seconds=wanted.trouble, now=reply.server_now)
    except InvalidSaveError as error:
        return {"error": "invalid_answer", "message": error.message, "op_id": str(error.op_id) if error.op_id else None}, 400
    except ReusedOpError as error:
        with transaction() as session:
            services.note_reused_op(session, attempt_id=attempt_id, learner_id=my_id(), op_id=error.op_id, now=database_now(session))
        return {"error": "operation_reused", "message": error.message, "op_id": str(error.op_id)}, 409
    return _answer(reply)


@bp.post("/<uuid:attempt_id>/lease")
@policy(POST=SIGNED_IN)
@urgent
@at_most(SAVE, key=per_attempt)
def take_lease(attempt_id: UUID) -> ResponseReturnValue:
    """This tab saves from now on: `{"items": [], "lease": "<its token>"}`."""
    try:
        wanted = read_body(attempt_id)
        with transaction() as session:
            if wanted.lease is None:
                raise InvalidSaveError("The lease needs a token.")
            now = database_now(session)
            reply = services.take_lease(session, attempt_id=attempt_id, learner_id=my_id(), token=wanted.lease, now=now)
    except InvalidSaveError as error:
        return {"error": "invalid_answer", "message": error.message, "op_id": None}, 400
    return _answer(reply)


def _answer(reply: SaveReply) -> ResponseReturnValue:
    """What every reply says; 409 if the attempt is closed, paused, or belongs to another tab by now."""
    said: dict[str, Any] = {
        "saved": [str(op_id) for op_id in reply.saved],
        "ignored": [{"op_id": str(op_id), "slot": slot, "seq": seq} for op_id, slot, seq in reply.ignored],
        "late": [str(op_id) for op_id in reply.late],
        "state": reply.state.value,
        "server_now": reply.server_now.isoformat(),
        "deadline_at": reply.deadline_at.isoformat() if reply.deadline_at else None,
        "announcements": list(reply.announcements),
    }
    if reply.state is AttemptState.PAUSED:
        return {"error": "paused", "message": "This attempt is paused. What was not saved can be sent when it goes on.", **said}, 409
    if not reply.is_open:
        return {"error": "closed", "message": "This attempt is closed.", **said}, 409
    if reply.closed:
        said["closed"] = [str(op_id) for op_id in reply.closed]
        return {
            "error": "slot_closed",
            "message": "The question was left before this answer arrived. It is kept, but it does not count.",
            **said,
        }, 409
    if not reply.holds_lease:
        return {"error": "lease_taken", "message": "Another tab or device has taken over.", **said}, 409
    return said, 200
