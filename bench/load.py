"""Candidates: connections that save one answer after the other, each as soon as the one before is acknowledged.

One process, one thread, raw sockets: what it costs is printed with the result, so that it can be seen to be small. Run as a
program it reads a `Load` as JSON and writes a `Report` as JSON.
"""

import json
import resource
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from laurel.core.ids import new_id


@dataclass(kw_only=True)
class Seat:
    """One learner who sits an exam: the attempt, the session's cookie, the CSRF token, and how often it has saved."""

    attempt_id: str
    cookie: str
    csrf: str
    seq: int = 0
    acknowledged: int = 0


@dataclass(kw_only=True)
class Load:
    """What to do. `answers` holds, for each slot of the paper, two answers that take turns."""

    port: int
    candidates: int
    seconds: float
    answers: list[list[Any]]
    seats: list[Seat]


@dataclass(kw_only=True)
class Report:
    """What came of it: the milliseconds of each save, what went wrong, and the processor seconds that asking has cost."""

    seconds: float
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0
    seats: list[Seat] = field(default_factory=list)


class Candidate:
    """One connection. It takes turns between its seats, because Laurel lets an attempt save only 120 times a minute."""

    def __init__(self, load: Load, seats: list[Seat]) -> None:
        self.load, self.seats, self.turn = load, seats, -1
        self.socket = socket.create_connection(("127.0.0.1", load.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.sent_at, self.op_id = b"", 0.0, ""

    @property
    def seat(self) -> Seat:
        return self.seats[self.turn % len(self.seats)]

    def save(self) -> None:
        self.turn += 1
        seat = self.seat
        seat.seq += 1
        slot = seat.seq % len(self.load.answers)
        self.op_id = str(new_id())
        answer = self.load.answers[slot][seat.seq // len(self.load.answers) % 2]
        item = {"op_id": self.op_id, "slot": slot + 1, "seq": seat.seq, "answer": answer, "client_ts": "2026-11-20T09:30:01.123Z"}
        body = json.dumps({"items": [item], "lease": None}).encode()
        head = (
            f"PATCH /attempts/{seat.attempt_id}/answers HTTP/1.1\r\nHost: 127.0.0.1:{self.load.port}\r\n"
            f"Cookie: laurel_demo={seat.cookie}; laurel_viewer=1\r\nX-CSRFToken: {seat.csrf}\r\nOrigin: http://127.0.0.1:{self.load.port}\r\n"
            "Sec-Fetch-Site: same-origin\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate, br\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) laurel-bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        self.received, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(head + body)

    def read(self) -> tuple[int, bytes] | None:
        """Status and body of the answer, once all of it is there."""
        try:
            got = self.socket.recv(65536)
        except OSError as error:
            return 0, str(error).encode()
        self.received += got
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not got:
            return 0, b"the connection was closed"
        if not end:
            return None
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return (int(head[9:12]), body) if len(body) >= length else None


def run(load: Load) -> Report:
    """Save until the time is over; every answer that was sent is waited for."""
    shares = [load.seats[number :: load.candidates] for number in range(load.candidates)]
    report = Report(seconds=load.seconds, seats=load.seats)
    selector = selectors.DefaultSelector()
    for share in shares:
        candidate = Candidate(load, share)
        selector.register(candidate.socket, selectors.EVENT_READ, candidate)
    begun = time.perf_counter()
    end = begun + load.seconds
    for key in list(selector.get_map().values()):
        key.data.save()
    while selector.get_map():
        for key, _ in selector.select(timeout=10):
            if not _go_on(key.data, report, goes_on=time.perf_counter() < end):
                selector.unregister(key.fileobj)
                key.data.socket.close()
    report.seconds = time.perf_counter() - begun
    usage = resource.getrusage(resource.RUSAGE_SELF)
    report.cpu_seconds = usage.ru_utime + usage.ru_stime
    return report


def _go_on(candidate: Candidate, report: Report, *, goes_on: bool) -> bool:
    """Take the answer in, and save the next; False once this candidate is done."""
    answer = candidate.read()
    if answer is None:
        return True
    report.milliseconds.append((time.perf_counter() - candidate.sent_at) * 1000)
    status, body = answer
    if status == 200 and json.loads(body)["saved"] == [candidate.op_id]:
        candidate.seat.acknowledged += 1
    else:
        report.errors.append(f"{status} {body[:200].decode(errors='replace')}")
        goes_on = goes_on and status != 0
    if goes_on:
        candidate.save()
    return goes_on


def read_load(data: dict[str, Any]) -> Load:
    return Load(**data | {"seats": [Seat(**seat) for seat in data["seats"]]})


if __name__ == "__main__":
    json.dump(asdict(run(read_load(json.load(sys.stdin)))), sys.stdout)
