"""Is it on disk before it is acknowledged? Counted at the border of the kernel."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.clients import Client
from tests.faults.cluster import FORGETFUL
from tests.faults.journal import Journal, Kind
from tests.faults.lab import Lab, Scale, Site
from tests.faults.processes import ROOT, wait_until
from tests.faults.scenarios import scenario
from tests.faults.table import Row, control
from tests.faults.world import make_world

SAVES = 20


@contextmanager
def traced(pids: Sequence[int], out: Path) -> Iterator[None]:
    """Write down every fsync and fdatasync of these processes."""
    targets = [part for pid in pids for part in ("-p", str(pid))]
    command = ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(out), *targets]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as tracer:
        assert tracer.stderr is not None
        seen = 0
        while seen < len(pids):
            line = tracer.stderr.readline()
            if not line:
                raise RuntimeError("strace may not attach here.")
            seen += "attached" in line
        try:
            yield
        finally:
            tracer.terminate()
            tracer.wait(10)


def count_syncs(out: Path, pids: Sequence[int] | None = None) -> int:
    """The calls that succeeded, of these processes or of all."""
    lines = [line for line in out.read_text().splitlines() if re.search(r"\bf(data)?sync\(|<\.\.\. f(data)?sync resumed", line)]
    finished = [line for line in lines if line.rstrip().endswith("= 0")]
    return sum(pids is None or int(line.split()[0]) in pids for line in finished)


def save_one_by_one(site: Site) -> int:
    """Twenty saves, each after the other was acknowledged."""
    world = make_world(site.database, learners=1, each=2)
    client = Client(0, world.learners[0], site.web.port, Journal(), 0)
    for op, _ in zip(client.operations(), range(SAVES), strict=False):
        client.settle(op)
    client.line.close()
    return client.journal.count(Kind.OK)


def backends_of(site: Site) -> list[int]:
    """The processes of PostgreSQL that answer our web server."""
    assert site.cluster is not None
    wait_until(lambda: save_one_by_one(site) == SAVES, what="The first saves")
    rows = site.cluster.run("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'laurel-web%'")
    return [row[0] for row in rows]


def syncs_on(site: Site, name: str) -> tuple[int, int]:
    """How often it was synced during so many acknowledged saves."""
    save_one_by_one(site)
    pids = backends_of(site) if site.cluster is not None else [child.pid for child in site.web.running.children()]
    out = site.folder / f"{name}.strace"
    with traced(pids, out):
        acknowledged = save_one_by_one(site)
    return count_syncs(out), acknowledged


@scenario("F21", "every acknowledged answer is synced before it is acknowledged", needs=["strace"])
def synced_first(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases:
        syncs, acknowledged = syncs_on(lab.site(kind), "durable")
        problems = [] if syncs >= acknowledged == SAVES else [f"{syncs} syncs for {acknowledged} answers"]
        measured = {"acknowledged": acknowledged, "syncs": syncs}
        yield Row(code="F21", what="fsync and fdatasync during 20 saves", on=kind, measured=measured, problems=problems)


@scenario("F21c", "control: the same with synchronous_commit = off, and with synchronous = NORMAL", needs=["strace"])
def not_synced(lab: Lab, _scale: Scale) -> Iterator[Row]:
    cluster = lab.new_cluster(FORGETFUL)
    site = lab.new_site("postgresql", cluster=cluster)
    site.start()
    syncs, acknowledged = syncs_on(site, "forgetful")
    site.stop()
    cluster.close()
    yield control("F21c", "synchronous_commit=off", "postgresql", is_red=syncs < acknowledged, acknowledged=acknowledged, syncs=syncs)
    out = lab.folder / "normal.strace"
    syncs = count_syncs(out) if run_normal(lab.folder / "normal.db", out) else SAVES
    yield control("F21c", "synchronous=NORMAL", "sqlite", is_red=syncs < SAVES, acknowledged=SAVES, syncs=syncs)


NORMAL = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL"); connection.execute("PRAGMA synchronous=NORMAL")
connection.execute("CREATE TABLE answers (value)")
print("ready", flush=True); input()
for number in range(20): connection.execute("INSERT INTO answers VALUES (?)", (number,))
print("done", flush=True); input()
"""


def run_normal(file: Path, out: Path) -> bool:
    """Twenty commits with the setting that SQLite recommends for speed."""
    command = [sys.executable, "-c", NORMAL, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        with traced([process.pid], out):
            process.stdin.write("\n")
            process.stdin.flush()
            done = process.stdout.readline()
            time.sleep(0.1)
        process.stdin.write("\n")
        process.stdin.flush()
    return done.strip() == "done"
