"""A request's way through the API: faults, key, version, form, idempotency, the verb, the answer."""

import json
import logging
import socket
from dataclasses import dataclass
from typing import Any

from flask import Request, Response

from stripesim import API_VERSION
from stripesim.api import form, gate, idempotency
from stripesim.api.endpoint import Call, Endpoint
from stripesim.api.errors import ApiError, failed, invalid, locked, too_many
from stripesim.api.expand import Expander
from stripesim.api.form import Raw
from stripesim.api.idempotency import Claim
from stripesim.api.routes import PARTS
from stripesim.ids import new_id
from stripesim.sandbox import Sandbox
from stripesim.sim.faults import Fault, FaultKind
from stripesim.work import Origin

# The faults that turn a request away before anything is done.
REFUSALS = {FaultKind.ERROR_429: too_many, FaultKind.LOCK_TIMEOUT: locked}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    replay_of: str | None = None


class Pipeline:
    """Runs endpoints on behalf of HTTP requests."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def respond(self, request: Request, endpoint: Endpoint | None, object_id: str = "") -> Response:
        """Answer one request; `endpoint` is empty for an address that doesn't exist."""
        request_id = new_id("req", length=14)
        self._sandbox.recorder.request(request)
        fault = self._sandbox.faults.take(request.method, request.path)
        if fault is not None and fault.kind in (FaultKind.DOWN, FaultKind.TIMEOUT_BEFORE):
            return self._hang_up(request, fault)
        try:
            answer = self._answer(request, endpoint, object_id, request_id, fault)
        except ApiError as error:
            answer = Answer(error.status, json.dumps(error.body()))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            answer = Answer(500, json.dumps(failed().body()))
        if fault is not None and fault.kind is FaultKind.TIMEOUT_AFTER:
            return self._hang_up(request, fault)
        body = json.loads(answer.body)
        self._sandbox.recorder.response(request, status=answer.status, body=body)
        return _response(request, answer, request_id, fault)

    def refuse_size(self, request: Request) -> Response:
        """Stripe reads no more than this either; nothing of the request is kept."""
        answer = Answer(413, json.dumps(ApiError(413, "The request is too large.").body()))
        return _response(request, answer, new_id("req", length=14), None)

    def _hang_up(self, request: Request, fault: Fault) -> Response:
        """Close the connection without an answer, as a dead server does."""
        self._sandbox.faults.hold(fault)
        connection = request.environ.get("werkzeug.socket")
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
        return Response(status=502)

    def _answer(
        self,
        request: Request,
        endpoint: Endpoint | None,
        object_id: str,
        request_id: str,
        fault: Fault | None,
    ) -> Answer:
        gate.authenticate(request.headers, self._sandbox.secrets.secret_key)
        if endpoint is None:
            where = f"{request.method}: {request.path}"
            raise ApiError(404, f"Unrecognized request URL ({where}).")
        gate.check_version(request.headers)
        if fault is not None and fault.kind in REFUSALS:
            raise REFUSALS[fault.kind]()
        raw = _raw_params(request)
        params = endpoint.shape.read(raw, "")
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        origin = Origin(request_id, key)
        attempt = _Attempt(self._sandbox, endpoint, request.path, object_id, params, origin, fault)
        if key is None:
            return attempt.run(None)
        claim = idempotency.claim_for(key, endpoint=request.path, params=raw, request_id=request_id)
        with self._sandbox.work(origin) as work:
            kept = idempotency.begin(work.books, claim, now=work.now)
        if kept is not None:
            return Answer(kept.status, kept.body, replay_of=kept.request_id)
        return attempt.run(claim)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One run of an endpoint, whose result and whose key's memory are committed together."""

    sandbox: Sandbox
    endpoint: Endpoint
    path: str
    object_id: str
    params: dict[str, Any]
    origin: Origin
    fault: Fault | None

    def run(self, claim: Claim | None) -> Answer:
        try:
            return self._succeed(claim)
        except ApiError as error:
            answer = Answer(error.status, json.dumps(error.body()))
            self._settle(claim, answer, is_kept=error.is_kept)
            return answer
        except BaseException:
            self._settle(claim, None, is_kept=False)
            raise

    def _succeed(self, claim: Claim | None) -> Answer:
        if self.fault is not None and self.fault.kind is FaultKind.ERROR_500:
            raise failed()
        if self.fault is not None and self.fault.kind is FaultKind.SLOW:
            self.sandbox.faults.hold(self.fault)
        with self.sandbox.work(self.origin) as work:
            call = Call(work, self.path, self.object_id, self.params)
            doc = self.endpoint.run(call)
            doc = Expander(work, PARTS).expand(doc, self.params.get("expand", []))
            answer = Answer(200, json.dumps(doc))
            if claim is not None:
                idempotency.keep(work.books, claim, status=answer.status, body=answer.body)
        return answer

    def _settle(self, claim: Claim | None, answer: Answer | None, *, is_kept: bool) -> None:
        if claim is None:
            return
        with self.sandbox.work(self.origin) as work:
            if is_kept and answer is not None:
                idempotency.keep(work.books, claim, status=answer.status, body=answer.body)
            else:
                idempotency.release(work.books, claim)


def _raw_params(request: Request) -> dict[str, Raw]:
    if request.method != "POST":
        return form.decode(request.query_string.decode("utf-8", "replace"))
    if request.mimetype not in ("", "application/x-www-form-urlencoded"):
        raise invalid(f"Invalid content type: {request.mimetype}. Parameters are form-encoded.")
    try:
        return form.decode(request.get_data().decode())
    except UnicodeDecodeError as error:
        raise invalid("The request's parameters are not UTF-8.") from error


def _response(request: Request, answer: Answer, request_id: str, fault: Fault | None) -> Response:
    body = json.dumps(json.loads(answer.body), indent=2)
    if fault is not None and fault.kind is FaultKind.MALFORMED:
        body = body[: len(body) // 2]
    response = Response(body, status=answer.status, mimetype="application/json")
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = API_VERSION
    if (key := request.headers.get("Idempotency-Key")) is not None:
        response.headers["Idempotency-Key"] = key
    if answer.replay_of is not None:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.replay_of
    if answer.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    return response
