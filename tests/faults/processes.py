"""Real processes: started in a session of their own, found again by their boot id, killed by their recorded pid and no other."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from random import Random
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).resolve().parents[2]
PORTS = range(21_000, 32_000)
"""Below `net.ipv4.ip_local_port_range`: a port from that range may at any moment be somebody's outgoing connection."""
START_SECONDS = 60.0


class WrongServerError(Exception):
    """Something answers at the address, but it is not what we started."""


def free_port(chance: Random | None = None) -> int:
    """A port that nobody listens at, taken at random so that two runs beside each other rarely meet."""
    chance = chance or Random(secrets.randbits(64))
    for _ in range(200):
        port = chance.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("No free port.")


def wait_until(condition: Callable[[], object], *, seconds: float = START_SECONDS, what: str = "it", pause: float = 0.02) -> None:
    """Return as soon as `condition` holds; RuntimeError if it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            raise RuntimeError(f"{what} did not come about within {seconds:.0f} seconds.")
        time.sleep(pause)


class Process:
    """One program and whatever it starts."""

    def __init__(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None, user: str | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self._started = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.PIPE,  # ours to hold: with --exit-with-stdin a process ends when this one is gone
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        self.pid = self._started.pid

    def is_running(self) -> bool:
        return self._started.poll() is None

    def children(self) -> list[psutil.Process]:
        """The processes that this one has forked, alive now."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def signal(self, number: signal.Signals) -> None:
        self._started.send_signal(number)

    def kill(self) -> None:
        """`kill -9` for it and its children, and wait until all are gone."""
        family = self.children()
        self._started.kill()
        kill_all(family)
        self._forget()

    def stop(self, *, seconds: float = 40) -> None:
        """Ask it to end, and wait."""
        family = self.children()
        if self.is_running():
            self._started.terminate()
            try:
                self._started.wait(seconds)
            except subprocess.TimeoutExpired:
                self._started.kill()
        kill_all(family)
        self._forget()

    def _forget(self) -> None:
        self._started.wait(20)
        if self._started.stdin is not None:
            self._started.stdin.close()

    def tail(self, lines: int = 30) -> str:
        """The end of what it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def kill_all(family: Sequence[psutil.Process]) -> None:
    """`kill -9`, and wait. psutil compares the start time too, so that a pid that was given out again is safe."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until(lambda: not any(is_alive(process) for process in family), seconds=20, what="The end of a killed process", pause=0.005)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs. One that ended and waits for its parent to notice (a zombie) holds nothing any more."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Web:
    """`laurel serve`, as it is delivered: two processes of gunicorn."""

    workers = 2

    def __init__(self, environment: Mapping[str, str], *, log: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.environment = {"PYTHONPATH": str(ROOT / "platform"), "PUBLIC_URL": self.address, **environment}
        self.boot_id = ""
        self.process: Process | None = None

    def command(self) -> list[str]:
        serve = [sys.executable, "-m", "laurel", "serve", "--port", str(self.port)]
        return [*serve, "--workers", str(self.workers), "--exit-with-stdin"]

    def start(self) -> None:
        """Start it and return when it answers."""
        self.launch()
        wait_until(self.answers, what=f"The start of the web server ({self.log})")

    def launch(self) -> None:
        """Start it and return at once."""
        self.boot_id = secrets.token_hex(8)
        self.process = Process(self.command(), log=self.log, environment={**self.environment, "LAUREL_BOOT_ID": self.boot_id})

    def answers(self) -> bool:
        """Whether the server that we started answers; WrongServerError if another one does."""
        if not self.running.is_running():
            raise RuntimeError(f"The web server ended by itself:\n{self.running.tail()}")
        try:
            with urlopen(f"{self.address}/healthz", timeout=5) as answer:
                said = answer.read()
        except (OSError, HTTPException):
            return False
        try:
            boot = json.loads(said)["boot"]
        except (ValueError, KeyError, TypeError):
            boot = None
        if boot != self.boot_id:
            raise WrongServerError(f"{self.address} is answered by a server that we did not start.")
        return True

    @property
    def running(self) -> Process:
        assert self.process is not None, "It was not started."
        return self.process

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None


class Worker:
    """`laurel worker`."""

    def __init__(self, environment: Mapping[str, str], *, log: Path) -> None:
        self.environment = {"PYTHONPATH": str(ROOT / "platform"), **environment}
        self.log = log
        self.process: Process | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "laurel", "worker", "--exit-with-stdin"]
        self.process = Process(command, log=self.log, environment=self.environment)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None
