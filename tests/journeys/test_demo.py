"""The demo as a process: it starts fast the second time, keeps its data, and leaves nothing behind."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.journeys.conftest import ROOT, start_demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


def processes_of(instance: Path) -> list[psutil.Process]:
    """The processes that this demo started: they were given its folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("LAUREL_INSTANCE") == str(instance):
                found.append(process)
        except psutil.Error:
            continue
    return found


def work_of(instance: Path) -> float:
    """The processor time of the demo so far: what a busy machine does not change."""
    times = [process.cpu_times() for process in processes_of(instance)]
    return sum(found.user + found.system for found in times)


def test_a_second_start_is_fast_keeps_the_data_and_leaves_nothing(tmp_path: Path) -> None:
    first = start_demo(tmp_path)
    first_work = work_of(tmp_path)
    assert first.stop() == 0
    database = (tmp_path / "laurel.db").stat()

    began = time.monotonic()
    second = start_demo(tmp_path)
    took, work = time.monotonic() - began, work_of(tmp_path)
    status = second.stop()

    assert min(took, work) < max(15, 2 * first_work), (
        "5 seconds on an idle machine; tests may run beside it, and its processors may be slow"
    )
    assert (tmp_path / "laurel.db").stat().st_ino == database.st_ino
    assert status == 0
    assert processes_of(tmp_path) == []


def test_a_demo_that_is_killed_leaves_nothing_either(tmp_path: Path) -> None:
    demo = start_demo(tmp_path)
    demo.process.kill()
    demo.process.wait()
    if demo.process.stdout is not None:
        demo.process.stdout.close()

    _ended, left = psutil.wait_procs(processes_of(tmp_path), timeout=30)

    assert left == []


@pytest.mark.parametrize("port", ["taken", "0", "99999"])
def test_a_port_that_cannot_be_used_is_said_at_once_and_nothing_is_set_up(tmp_path: Path, port: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        wanted = str(other.getsockname()[1]) if port == "taken" else port
        demo = subprocess.run(
            [sys.executable, "-m", "laurel", "demo", "--port", wanted],
            env={"LAUREL_INSTANCE": str(tmp_path / "instance"), "PYTHONPATH": str(ROOT / "platform")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert demo.returncode == 1
    assert "make demo PORT=" in demo.stderr
    assert not (tmp_path / "instance").exists()
