"""Browsers that save: one operation after the other, and what was not settled again under the same id, as the outbox does."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from threading import Event, Thread
from typing import Any
from uuid import UUID

from laurel.core.ids import new_id
from tests.faults.journal import Journal, Kind, Op, Try
from tests.faults.world import RIGHT, SLOTS, Learner

TIMEOUT = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
GIVE_UP = 40.0
"""So long a client goes on with its last operation after it was told to stop."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> dict[str, Any]:
        """What it says; empty if it is no JSON object."""
        try:
            said = json.loads(self.text)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


class Line:
    """One keep-alive connection of one browser. After an error the next request opens a new one."""

    def __init__(self, port: int, learner: Learner, *, timeout: float = TIMEOUT) -> None:
        self.port, self.learner, self.timeout = port, learner, timeout
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, body: str | None = None, *, content_type: str = "application/json") -> Reply:
        """Send a request; raises OSError or HTTPException if no answer comes."""
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": content_type, **self.learner.headers}
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            self._connection.request(method, path, body.encode() if body is not None else None, headers)
            answer = self._connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode())
        except (OSError, HTTPException):
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None

    def save(self, op: Op) -> Reply:
        item = {"op_id": str(op.op_id), "slot": op.slot, "seq": op.seq, "answer": op.answer, "client_ts": ""}
        return self.ask("PATCH", f"/attempts/{op.attempt_id}/answers", json.dumps({"items": [item], "lease": None}))


def judge(op: Op, reply: Reply) -> tuple[Kind, str]:
    """What the client now knows, and what was wrong with the reply itself."""
    said, wanted = reply.json(), str(op.op_id)
    if reply.status in {200, 409}:
        kinds = [kind for kind, name in ((Kind.OK, "saved"), (Kind.LATE, "late")) if wanted in said.get(name, [])]
        silent = reply.status == 200 and not kinds
        return (kinds or [Kind.FAIL])[0], f"200 without a word about the operation: {reply.text[:200]}" if silent else ""
    if reply.status == 503:
        polite = reply.headers.get("retry-after") == "2" and said.get("error") == "temporarily_unavailable"
        return Kind.UNKNOWN, "" if polite else f"a 503 without Retry-After or JSON: {reply.text[:200]}"
    if reply.status == 429:
        return Kind.UNKNOWN, ""
    return Kind.UNKNOWN if reply.status >= 500 else Kind.FAIL, f"{reply.status}: {reply.text[:200]}"


@dataclass
class Client:
    """One learner who answers, `pace` seconds from one answer to the next, over all their attempts in turn."""

    number: int
    learner: Learner
    port: int
    journal: Journal
    pace: float
    stopping: Event = field(default_factory=Event)
    line: Line = field(init=False)
    thread: Thread = field(init=False)
    _seqs: dict[tuple[UUID, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line = Line(self.port, self.learner)

    def start(self) -> None:
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        for op in self.operations():
            if self.stopping.is_set():
                break
            began = time.monotonic()
            self.settle(op)
            self.stopping.wait(max(0.0, self.pace - (time.monotonic() - began)))
        self.line.close()

    def operations(self) -> Iterator[Op]:
        """Every third answer is right; the others are told apart by their number."""
        for turn, attempt_id in enumerate(cycle(self.learner.attempts)):
            slot = turn // len(self.learner.attempts) % SLOTS + 1
            seq = self._seqs[attempt_id, slot] = self._seqs.get((attempt_id, slot), 0) + 1
            said = RIGHT if turn % 3 == 0 else f"answer {self.number} {turn}"
            yield Op(new_id(), attempt_id, slot, seq, {"text": said})

    def settle(self, op: Op) -> Kind:
        """Send until it is known what became of it, or until it is time to give up."""
        pause, last_moment = FIRST_PAUSE, None
        while True:
            kind = self.send(op)
            if kind is not Kind.UNKNOWN:
                return kind
            if self.stopping.is_set():
                last_moment = last_moment or time.monotonic() + GIVE_UP
                if time.monotonic() > last_moment:
                    return kind
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def send(self, op: Op) -> Kind:
        sent_at = time.monotonic()
        try:
            reply = self.line.save(op)
        except (OSError, HTTPException):
            kind, status, trouble = Kind.UNKNOWN, None, ""
        else:
            status = reply.status
            kind, trouble = judge(op, reply)
        took = time.monotonic() - sent_at
        entry = Try(op=op, client=self.number, sent_at=sent_at, took=took, kind=kind, status=status, trouble=trouble)
        self.journal.note(entry)
        return kind

    def stop(self) -> None:
        """Finish what is under way."""
        self.stopping.set()
        self.thread.join(GIVE_UP + TIMEOUT + 5)
        assert not self.thread.is_alive(), "A client hangs."
