"""Everything that is done to the site. Each scenario yields its rows; the short ones are tests, `make faults` runs all."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.lab import Lab, Scale
from tests.faults.table import Row

Run = Callable[[Lab, Scale], Iterator[Row]]


def faketime_library() -> Path | None:
    """Where Debian puts it."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


TOOLS: dict[str, Callable[[], bool]] = {
    "strace": lambda: shutil.which("strace") is not None,
    "nftables": lambda: shutil.which("nft") is not None,
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
    from tests.faults.scenarios import browser, clocks, controls, deliveries, durability, locks, loss, network, outages, races  # noqa: F401

    return sorted(ALL, key=lambda one: order_of(one.code))
