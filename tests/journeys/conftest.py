"""The whole demo as a newcomer starts it, and a real browser."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.browser import find_chromium
from tests.faults.processes import free_port
from tests.journeys.keys import KeyBook

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180  # of silence; 5 on an idle machine
PASSWORD = "walk through the laurels"


@dataclass
class Demo:
    """A running demo: where it answers, and where it keeps its data."""

    address: str
    instance: Path
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Ctrl-C, and wait; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def start_demo(instance: Path, port: int | None = None) -> Demo:
    """`make demo` without make: returns when it has printed its address."""
    environment = {**os.environ, "LAUREL_INSTANCE": str(instance), "PYTHONPATH": str(ROOT / "platform")}
    environment.pop("DATABASE_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "laurel", "demo", "--port", str(port or free_port())],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return Demo(_address_of(process), instance, process)
    except BaseException:
        Demo("", instance, process).stop()
        raise


def _read(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
    """Take what it prints until it ends, or until the test that has killed it closes the pipe."""
    with contextlib.suppress(ValueError):
        for line in process.stdout or ():
            lines.put(line)


def _address_of(process: subprocess.Popen[str]) -> str:
    """The address that it prints once it runs."""
    lines: Queue[str] = Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    seen = []
    while True:
        line = lines.get(timeout=START_SECONDS)
        seen.append(line)
        found = re.search(r"running at\s+(\S+)", line)
        if found:
            return found[1]
        if process.poll() is not None and lines.empty():
            raise RuntimeError("The demo did not start:\n" + "".join(seen))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def keys() -> KeyBook:
    return KeyBook()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": find_chromium(), "args": quiet}


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser's console complained about; a test that takes this fixture fails if there is anything.

    Being asked to wait (429) is an answer that `Person.start` knows, and a declined card is a 402.
    """
    found: list[str] = []
    expected = re.compile("status of (402|429)")

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not expected.search(message.text):
            found.append(f"{message.text} at {message.location.get('url')}, on {page.url}")

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(f"{error} on {page.url}"))
    yield found
    assert found == []
