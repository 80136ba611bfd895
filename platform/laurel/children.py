"""Processes that live and die with the one that started them."""

import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

from laurel.settings import SettingsError

PATIENCE = 60.0
"""For how many seconds a process may start: two are usual, a busy machine takes longer."""


class Children:
    """Processes that live and die with this one: each ends when its standard input closes."""

    def __init__(self, log_folder: Path) -> None:
        self.log_folder = log_folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.log_folder.mkdir(parents=True, exist_ok=True)
        with (self.log_folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 (our own commands)
                arguments, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def find_ended(self) -> str | None:
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(address: str, children: Children, *, seconds: float = PATIENCE) -> None:
    """Return when `address` answers; raise SettingsError if a child ends or the time is over before that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended = children.find_ended()
        if ended is not None:
            raise SettingsError(f"{ended} did not start. See {children.log_folder / ended}.log")
        try:
            with urlopen(address, timeout=5) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise SettingsError(f"{address} did not answer within {seconds:.0f} seconds.")
