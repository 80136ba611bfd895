"""Everything that is done to the site. Each scenario yields its rows; the short ones are tests, `make faults` runs all."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.lab import Lab, Scale
from tests.faults.table import Row

Run = Callable[[Lab, Scale], Iterator[Row]]


def succeeds(*command: str) -> bool:
    """Whether a program is there and may do what it must: being installed is not enough in every container."""
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0


def install(tools: Sequence[str]) -> None:
    """Install the packages of the same names, where we may; whoever still lacks one is told so in the table."""
    if tools and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(tools)} (once) …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-qq", *tools], check=False, env=environment, stdout=subprocess.DEVNULL)


def faketime_library() -> Path | None:
    """Where Debian puts it."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


TOOLS: dict[str, Callable[[], bool]] = {
    "strace": lambda: succeeds("strace", "-o", os.devnull, "true"),
    "nftables": lambda: succeeds("nft", "list", "tables"),
    "libfaketime": lambda: faketime_library() is not None,
}


@dataclass(frozen=True)
class Scenario:
    """One way to hurt the site. `needs` names programs that a plain machine may lack."""

    code: str
    what: str
    run: Run
    is_short: bool
    needs: Sequence[str] = ()

    def missing(self) -> list[str]:
        return [tool for tool in self.needs if not TOOLS[tool]()]

    @property
    def is_control(self) -> bool:
        return self.what.startswith("control: ")

    def __str__(self) -> str:
        return f"{self.code} {self.what}"


ALL: list[Scenario] = []


def scenario(code: str, what: str, *, short: bool = False, needs: Sequence[str] = ()) -> Callable[[Run], Run]:
    """Put the function on the list."""

    def note(run: Run) -> Run:
        ALL.append(Scenario(code, what, run, short, needs))
        return run

    return note


def order_of(code: str) -> tuple[str, int, str]:
    """F2 comes before F10, and a control after what it controls."""
    digits = "".join(filter(str.isdigit, code))
    return code[0], int(digits), code


def load_all() -> list[Scenario]:
    """Every scenario, in the order of the table."""
    from tests.faults.scenarios import browser, clocks, controls, crowding, deliveries, durability, locks, loss, network, outages, races  # noqa: F401

    return sorted(ALL, key=lambda one: order_of(one.code))
