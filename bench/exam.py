"""`make bench-exam`: how fast Laurel saves answers, beside a floor in the same run.

For each database, each number of stored answers and each number of candidates, Laurel and the floor take turns in short rounds, so
that whatever else the machine does disturbs both. Printed as a Markdown table; nothing passes or fails but lost answers.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import servers
from bench.filling import ANSWERS, Filled, check, fill
from bench.load import Load, Report, Seat

SEATS = 1024
"""Attempts that take turns, so that none saves more than its 120 times a minute."""


@dataclass
class Cell:
    """All rounds of one side, Laurel or the floor, in one row of the table."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    web_cpu: float = 0.0
    database_cpu: float = 0.0
    client_cpu: float = 0.0

    def add(self, report: Report) -> None:
        self.seconds += report.seconds
        self.milliseconds += report.milliseconds
        self.errors += report.errors
        self.client_cpu += report.cpu_seconds

    @property
    def saves(self) -> int:
        return len(self.milliseconds) - len(self.errors)

    @property
    def rate(self) -> float:
        return self.saves / self.seconds

    def percentile(self, share: int) -> float:
        return statistics.quantiles(self.milliseconds, n=100)[share - 1]

    def per_save(self, cpu_seconds: float) -> float:
        """Milliseconds of processor for each save."""
        return cpu_seconds * 1000 / max(1, self.saves)


@dataclass
class Place:
    """A filled database with Laurel and the floor in front of it."""

    filled: Filled
    laurel: servers.Server
    floor: servers.Server
    cluster: servers.Cluster | None


def ask(load: Load) -> Report:
    """Run the load in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=servers.ROOT,
        env={**os.environ, "PYTHONPATH": f"platform{os.pathsep}."},
    )
    data = json.loads(done.stdout)
    return Report(**data | {"seats": [Seat(**seat) for seat in data["seats"]]})


def measure(place: Place, server: servers.Server, cell: Cell, *, candidates: int, seconds: float) -> None:
    """One round."""
    is_laurel = server is place.laurel
    seats = place.filled.seats if is_laurel else [Seat(**asdict(seat)) for seat in place.filled.seats]
    web, database = servers.cpu_seconds(server.process), _database_cpu(place)
    report = ask(Load(port=server.port, candidates=candidates, seconds=seconds, answers=ANSWERS, seats=seats))
    cell.web_cpu += servers.cpu_seconds(server.process) - web
    cell.database_cpu += _database_cpu(place) - database
    cell.add(report)
    if is_laurel:
        place.filled.seats[:] = report.seats


def _database_cpu(place: Place) -> float:
    return 0.0 if place.cluster is None else servers.cpu_seconds(place.cluster.process)


@contextmanager
def places(backend: str, sizes: list[int], folder: Path) -> Iterator[list[Place]]:
    """The databases of one kind, filled and served."""
    with ExitStack() as stack:
        cluster = servers.Cluster(folder / "postgresql") if backend == "PostgreSQL" else None
        if cluster is not None:
            stack.callback(cluster.stop)
        found = []
        for size in sizes:
            url = f"sqlite:///{folder / f'bench-{size}.db'}" if cluster is None else cluster.create(f"bench_{size}")
            say(f"{backend}: storing {size:,} answers …")
            filled = fill(url, stored=size, seats=SEATS, secret_key=servers.SECRET_KEY)
            laurel = stack.enter_context(servers.serve_laurel(url, folder, f"laurel-{backend}-{size}"))
            floor = stack.enter_context(servers.serve_floor(url, folder, f"floor-{backend}-{size}"))
            found.append(Place(filled, laurel, floor, cluster))
        yield found


def run(backend: str, options: argparse.Namespace, folder: Path) -> list[str]:
    """Measure one kind of database; returns what was lost, which must be nothing."""
    with places(backend, options.stored, folder) as found:
        for place in found:  # connections, prepared statements, caches
            for server in (place.laurel, place.floor):
                measure(place, server, Cell(), candidates=16, seconds=options.warm_up)
        rows: dict[tuple[int, int], tuple[Cell, Cell]] = {}
        for candidates in options.candidates:
            say(f"{backend}: {candidates} candidates …")
            for _ in range(options.rounds):
                for size, place in zip(options.stored, found, strict=True):
                    laurel, floor = rows.setdefault((candidates, size), (Cell(), Cell()))
                    seconds = options.seconds / options.rounds
                    measure(place, place.laurel, laurel, candidates=candidates, seconds=seconds)
                    measure(place, place.floor, floor, candidates=candidates, seconds=seconds)
        say(f"{backend}: checking every acknowledged answer …")
        show(backend, rows, options)
        return [trouble for place in found for trouble in check(place.filled)]


HEAD = (
    "| database | candidates | stored | Laurel saves/s | floor saves/s | **of the floor** | p50 ms (floor) | p99 ms (floor) "
    "| CPU ms a save: web + database (floor) | client | errors |"
)


def show(backend: str, rows: dict[tuple[int, int], tuple[Cell, Cell]], options: argparse.Namespace) -> None:
    for (candidates, size), (laurel, floor) in rows.items():
        cpu = " + ".join(f"{laurel.per_save(used):.2f}" for used in (laurel.web_cpu, laurel.database_cpu))
        floor_cpu = " + ".join(f"{floor.per_save(used):.2f}" for used in (floor.web_cpu, floor.database_cpu))
        print(
            f"| {backend} | {candidates} | {size:,} | {laurel.rate:.0f} | {floor.rate:.0f} | **{laurel.rate / floor.rate:.0%}** "
            f"| {laurel.percentile(50):.1f} ({floor.percentile(50):.1f}) | {laurel.percentile(99):.1f} ({floor.percentile(99):.1f}) "
            f"| {cpu} ({floor_cpu}) | {laurel.per_save(laurel.client_cpu):.2f} | {len(laurel.errors) + len(floor.errors)} |"
        )
        for error in sorted({*laurel.errors, *floor.errors})[:3]:
            say(f"   {error}")
    if len(options.stored) == 2:
        few, many = options.stored
        for candidates in options.candidates:
            first, second = rows[candidates, few][0], rows[candidates, many][0]
            print(
                f"| {backend} | {candidates} | {many:,} against {few:,} | | | time of a save × {first.rate / second.rate:.2f} "
                f"| × {second.percentile(50) / first.percentile(50):.2f} | × {second.percentile(99) / first.percentile(99):.2f} | | | |"
            )
    sys.stdout.flush()


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-exam", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute: one size, two seconds a cell")
    parser.add_argument("--databases", nargs="+", choices=["PostgreSQL", "SQLite"], default=["PostgreSQL", "SQLite"])
    parser.add_argument("--candidates", nargs="+", type=int, default=[4, 16, 64])
    parser.add_argument("--stored", nargs="+", type=int, default=[1_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=8.0, help="for each cell")
    parser.add_argument("--rounds", type=int, default=4, help="into which the seconds are divided")
    parser.add_argument("--warm-up", type=float, default=2.0)
    parser.add_argument("--folder", type=Path, default=None, help="where the databases are made; a temporary one unless said")
    options = parser.parse_args(arguments)
    if options.quick:
        options.stored, options.seconds, options.rounds, options.warm_up = [1_000], 2.0, 1, 1.0
    return options


def main() -> int:
    options = read_options()
    folder = Path(tempfile.mkdtemp(prefix="laurel-bench-", dir=options.folder))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} processors, load before {load}, Python {platform.python_version()}, {servers.WORKERS} workers of 4 threads\n")
    print(HEAD)
    print("|" + "---|" * (HEAD.count("|") - 1), flush=True)
    try:
        lost = [trouble for backend in options.databases for trouble in run(backend, options, folder)]
    except BaseException:
        say(f"The logs are in {folder / 'logs'}. Remove {folder} when you have read them.")
        raise
    shutil.rmtree(folder, ignore_errors=True)
    print("\n" + ("\n".join(lost) or "Every acknowledged answer is stored, and every chain is whole."))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
